/** `iam serve` */
import type { Errors } from "@beep/iam-domain";
import { Auth, Holder, Iam, IamHttp, Progress, Telemetry } from "@beep/iam-server";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import type { ConfigError } from "effect/Config";
import type { Environment } from "effect/cli/Command";
import * as Effect from "effect/Effect";
import * as HttpMiddleware from "effect/http/HttpMiddleware";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Configuration from "../configuration.ts";
import * as installation from "../installation.ts";
import { Site } from "../pages/kit/Site.ts";
import * as pages from "../pages/pages.ts";
import * as Port from "../port.ts";
import { progress, type Progress as Shown } from "../progress.ts";
import * as Secret from "../secret.ts";
import { type Address, type Listening, listening } from "../settings.ts";
import { welcome } from "../welcome.ts";

/** What is measured, for Prometheus. Its own requests are not traced, and so not measured. */
const metricsAt = (address: Address) =>
  HttpRouter.serve(Telemetry.prometheus, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provide([Port.layer(address), NodeHttpServer.layerHttpServices]),
    Layer.provide(Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)),
  );

const run = Effect.fnUntraced(function* ({ main, metrics }: Listening, { step, end }: Shown) {
  // What can be found wrong is found before anything is opened or written.
  yield* Secret.demandStated;
  yield* Configuration.demandValid;
  yield* Port.demandFree([main, ...Option.toArray(metrics)]);

  const server = HttpRouter.serve(Layer.mergeAll(IamHttp.layer, pages.layer, IamHttp.answering), {
    disableListenLog: true,
    // Paths hold tokens, as that of a password's reset does.
    disableLogger: true,
  }).pipe(Layer.provide([Port.layer(main), NodeHttpServer.layerHttpServices]));
  const running = Layer.effectDiscard(Effect.andThen(end, welcome)).pipe(
    Layer.provide(server),
    Layer.provide(Layer.effectDiscard(step("Starting"))),
    Layer.provide(Iam.workers),
    Layer.provide(Site.layer),
    Layer.provide(Iam.services),
    Layer.provide(installation.layer),
  );
  const holder = { command: "iam serve", address: (yield* Auth.keys.baseUrl).origin };
  return yield* Layer.launch(Layer.mergeAll(running, ...Option.toArray(Option.map(metrics, metricsAt)))).pipe(
    Effect.provideService(Holder.Holder, holder),
  );
});

/** Serves until it is interrupted, and then finishes what runs. */
export const serve: Effect.Effect<never, Errors.StartupError | ConfigError, Environment> = Effect.gen(function* () {
  const addresses = yield* listening;
  const shown = yield* progress;
  return yield* run(addresses, shown).pipe(
    Effect.provide(
      Telemetry.layer({ measuring: Option.isSome(addresses.metrics) }).pipe(
        Layer.provideMerge(Configuration.withBaseUrl(addresses.main)),
      ),
    ),
    Effect.provideService(Progress.Progress, shown.step),
  );
});
