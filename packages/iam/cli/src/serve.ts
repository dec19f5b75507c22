/** `iam serve` */
import type { Errors } from "@beep/iam-domain";
import { Auth, Holder, Iam, IamHttp, Progress } from "@beep/iam-server";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import type { ConfigError } from "effect/Config";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import * as Configuration from "./configuration.ts";
import * as installation from "./installation.ts";
import * as pages from "./pages.ts";
import * as Port from "./port.ts";
import { progress } from "./progress.ts";
import * as Secret from "./secret.ts";
import { type Listening, listening } from "./settings.ts";
import { welcome } from "./welcome.ts";

const run = Effect.fnUntraced(function* (address: Listening) {
  // What can be found wrong is found before anything is opened or written.
  yield* Secret.demandStated;
  yield* Configuration.demandValid;
  yield* Port.demandFree(address);

  const server = HttpRouter.serve(Layer.mergeAll(IamHttp.layer, pages.layer, IamHttp.answering), {
    disableListenLog: true,
    // Paths hold tokens, as that of a password's reset does.
    disableLogger: true,
  }).pipe(Layer.provide([Port.layer(address), NodeHttpServer.layerHttpServices]));
  const running = Layer.effectDiscard(Effect.andThen(progress.end, welcome)).pipe(
    Layer.provide(server),
    Layer.provide(Layer.effectDiscard(progress.step("Starting"))),
    Layer.provide(Iam.services),
    Layer.provide(installation.layer),
  );
  const holder = { command: "iam serve", address: (yield* Auth.keys.baseUrl).origin };
  return yield* Effect.provideService(Layer.launch(running), Holder.Holder, holder);
});

/** Serves until it is interrupted, and then finishes what runs. */
export const serve: Effect.Effect<never, Errors.StartupError | ConfigError> = Effect.gen(function* () {
  const address = yield* listening;
  return yield* run(address).pipe(
    Effect.provide(Configuration.withBaseUrl(address)),
    Effect.provideService(Progress.Progress, progress.step),
  );
});
