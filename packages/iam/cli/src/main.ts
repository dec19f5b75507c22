/** The program: what runs, what it logs, and one line for what is not done. What only a process has is in `bin.ts`. */
// Not from the index, which loads the services: help comes at once.
import { jsonLogger } from "@beep/iam-server/telemetry/jsonLogger";
import * as Cause from "effect/Cause";
import * as Console from "effect/Console";
import * as CliError from "effect/cli/CliError";
import type { Environment } from "effect/cli/Command";
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Logger from "effect/Logger";
import * as References from "effect/References";
import * as Runtime from "effect/Runtime";
import * as Stdio from "effect/Stdio";
import { run } from "./command.ts";
import { explain, type Failure } from "./explain.ts";
import type { ErrorsFound } from "./operations/doctor.ts";
import { progress } from "./progress.ts";
import { logLevel, logsJson } from "./settings.ts";

/** Runs the command that the arguments name, and tells what it fails with. */
export const main: Effect.Effect<void, Failure | ErrorsFound | CliError.CliError, Environment> = Effect.gen(
  function* () {
    const stdio = yield* Stdio.Stdio;
    const [command] = yield* stdio.args;
    const logger = (yield* logsJson) ? jsonLogger : Logger.consolePretty();
    // The doctor finds what is wrong with it, and goes on.
    const level = yield* command === "doctor" ? Effect.orElseSucceed(logLevel, () => "Warn" as const) : logLevel;
    return yield* run.pipe(
      Effect.tapDefect((defect) => Effect.logFatal("iam failed unexpectedly.", defect)),
      Effect.provideService(References.MinimumLogLevel, level),
      Effect.provide([Logger.layer([logger]), TerminalCapabilities.layer]),
    );
  },
).pipe(
  Effect.tapError((error) =>
    // What was called wrongly is shown already, with the help, and so is what the doctor found.
    CliError.isCliError(error) || error._tag === "ErrorsFound"
      ? Effect.void
      : Effect.andThen(
          Effect.flatMap(progress, ({ end }) => end),
          Console.error(explain(error)),
        ),
  ),
  Effect.provideService(Logger.LogToStderr, true),
);

/** The code with which a command ends. */
export const teardown =
  (command: string | undefined): Runtime.Teardown =>
  (exit, onExit) =>
    // To be stopped is how a server ends well, and how anything else does not come to its end.
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
      ? onExit(command === "serve" ? 0 : 130)
      : Runtime.defaultTeardown(exit, onExit);
