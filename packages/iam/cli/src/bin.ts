#!/usr/bin/env node
/** The process: one line for what cannot start, and a way out on Ctrl-C. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Cause from "effect/Cause";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Logger from "effect/Logger";
import * as References from "effect/References";
import * as Runtime from "effect/Runtime";
import { run } from "./command.ts";
import { explain } from "./explain.ts";
import { progress } from "./progress.ts";
import { logLevel } from "./settings.ts";

// The doctor finds what is wrong with it, and goes on.
const level = process.argv[2] === "doctor" ? Effect.orElseSucceed(logLevel, () => "Warn" as const) : logLevel;

const main = Effect.gen(function* () {
  return yield* Effect.provideService(run, References.MinimumLogLevel, yield* level);
}).pipe(
  Effect.tapError((error) =>
    error._tag === "StartupError" || error._tag === "ConfigError"
      ? Effect.andThen(progress.end, Console.error(explain(error)))
      : Effect.void,
  ),
  Effect.tapDefect((defect) => Effect.logFatal("iam failed unexpectedly.", defect)),
  Effect.provideService(Logger.LogToStderr, true),
  Effect.provide(NodeServices.layer),
);

/** A terminal and the program that runs this one may both pass one keypress on. */
const SAME_KEYPRESS = 500;
/** More than the server gives the requests that run. */
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
  // To be stopped is how a server ends well.
  teardown: (exit, onExit) =>
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit),
});
