/** `iam migrate` */
import type { Errors } from "@beep/iam-domain";
import { Holder, Iam, IamDb, Progress } from "@beep/iam-server";
import type { ConfigError } from "effect/Config";
import * as Console from "effect/Console";
import type { Environment } from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { progress } from "../progress.ts";

/** Migrates the database, and says what was done. */
export const migrate: Effect.Effect<void, Errors.StartupError | ConfigError, Environment> = Effect.gen(function* () {
  const { step, end } = yield* progress;
  const applied = yield* Iam.migrate.pipe(
    Effect.provideService(Progress.Progress, step),
    Effect.provideService(Holder.Holder, { command: "iam migrate" }),
  );
  yield* end;
  yield* Console.log(
    applied.length === 0
      ? "Nothing to do: the database has every migration."
      : ["Applied:", ...applied.map((name) => `  ${name}`)].join("\n"),
  );
});

/** Prints the SQL that an administrator of the server runs, where the login that migrates may not make roles. */
export const printSetup: Effect.Effect<void, Errors.StartupError | ConfigError> = Effect.flatMap(
  IamDb.setup,
  Console.log,
);
