#!/usr/bin/env node
/** The process: its arguments, streams and signals, and a way out on Ctrl-C. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Effect from "effect/Effect";
import { main, teardown } from "./main.ts";

/** A terminal and the program that runs this one may both pass one keypress on. */
const SAME_KEYPRESS = 500;
/** More than the server gives the requests that run, and telemetry what is left of it. */
const PATIENCE = 15_000;

let stoppingSince: number | undefined;
const onSignal = () => {
  if (stoppingSince === undefined) {
    stoppingSince = performance.now();
    // Standard output may be a file that takes the result.
    process.stderr.write("\nStopping; what runs is finished first. Ctrl-C ends it at once.\n");
    setTimeout(() => process.exit(1), PATIENCE).unref();
  } else if (performance.now() - stoppingSince > SAME_KEYPRESS) process.exit(130);
};
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer), {
  disableErrorReporting: true,
  teardown: teardown(process.argv[2]),
});
