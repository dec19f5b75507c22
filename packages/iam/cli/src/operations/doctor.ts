/** `iam doctor` */
import { Findings } from "@beep/iam-domain";
import { Doctor, Progress } from "@beep/iam-server";
import * as Console from "effect/Console";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Terminal from "effect/Terminal";
import * as Configuration from "../configuration.ts";
import { progress } from "../progress.ts";
import { report } from "../report.ts";
import * as Secret from "../secret.ts";
import { keys } from "../settings.ts";

/** There are errors: they have been shown, and the process ends with 1. */
export class ErrorsFound extends Data.TaggedError("ErrorsFound") {}

const toJson = Schema.encodeEffect(Schema.fromJsonString(Findings.Report));

/** A terminal that says how wide it is, and what is read well elsewhere. */
const width = Effect.flatMap(Terminal.Terminal, ({ columns }) =>
  Effect.map(columns, (number) => Math.min(number || 80, 100)),
);

/** Examines the installation, and shows what it found. */
export const doctor = Effect.fn("doctor")(function* ({ json }: { readonly json: boolean }) {
  // Where the port is not valid, browsers reach nothing; the port is found, and the address is not missing.
  const port = yield* Effect.orElseSucceed(keys.port, () => 3000);
  const examined = Effect.provide(
    Doctor.examine({ keys }),
    Layer.provideMerge(Secret.keptKeyring, Configuration.withBaseUrl({ port })),
  );
  const { step, end } = yield* progress;
  const findings = yield* json ? examined : Effect.provideService(examined, Progress.Progress, step);
  if (json) yield* Console.log(yield* Effect.orDie(toJson({ findings })));
  else {
    yield* end;
    yield* Console.log(report(findings, yield* width));
  }
  if (findings.some(({ severity }) => severity === "error")) return yield* new ErrorsFound();
});
