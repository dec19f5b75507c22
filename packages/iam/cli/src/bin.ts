#!/usr/bin/env node
/** The process: one line for what cannot start, and a way out on Ctrl-C. */
// Not from the index, which loads the services: help comes at once.
import { jsonLogger } from "@beep/iam-server/telemetry/jsonLogger";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Cause from "effect/Cause";
import * as Console from "effect/Console";
import * as CliError from "effect/cli/CliError";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Logger from "effect/Logger";
import * as References from "effect/References";
import * as Runtime from "effect/Runtime";
import { run } from "./command.ts";
import { explain } from "./explain.ts";
import { progress } from "./progress.ts";
import { logLevel, logsJson } from "./settings.ts";

// The doctor finds what is wrong with it, and goes on.
const level = process.argv[2] === "doctor" ? Effect.orElseSucceed(logLevel, () => "Warn" as const) : logLevel;

const main = Effect.gen(function* () {
  const logger = (yield* logsJson) ? jsonLogger : Logger.consolePretty();
  return yield* run.pipe(
    Effect.tapDefect((defect) => Effect.logFatal("iam failed unexpectedly.", defect)),
    Effect.provideService(References.MinimumLogLevel, yield* level),
    Effect.provide(Logger.layer([logger])),
  );
}).pipe(
  Effect.tapError((error) =>
    // What was called wrongly is shown already, with the help, and so is what the doctor found.
    CliError.isCliError(error) || error._tag === "ErrorsFound"
      ? Effect.void
      : Effect.andThen(progress.end, Console.error(explain(error))),
  ),
  Effect.provideService(Logger.LogToStderr, true),
  Effect.provide(NodeServices.layer),
);

/** A terminal and the program that runs this one may both pass one keypress on. */
const SAME_KEYPRESS = 500;
/** More than the server gives the requests that run, and telemetry what is left of it. */
const PATIENCE = 15_000;

let stoppingSince: number | undefined;
const onSignal = () => {
  if (stoppingSince === undefined) {
    stoppingSince = performance.now();
    process.stdout.write("\nStopping; what runs is finished first. Ctrl-C ends it at once.\n");
    setTimeout(() => process.exit(1), PATIENCE).unref();
  } else if (performance.now() - stoppingSince > SAME_KEYPRESS) process.exit(130);
};
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);

NodeRuntime.runMain(main, {
  disableErrorReporting: true,
  // To be stopped is how a server ends well, and how anything else does not come to its end.
  teardown: (exit, onExit) =>
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
      ? onExit(process.argv[2] === "serve" ? 0 : 130)
      : Runtime.defaultTeardown(exit, onExit),
});
