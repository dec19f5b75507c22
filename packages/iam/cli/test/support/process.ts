/** The command `iam` as a process of its own, as its users start it: for what only a process shows. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { type Environment, type Running, type Server, serving } from "./iam.ts";
import { type Ended, Written } from "./Written.ts";

const bin = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));

interface Begun extends Running {
  readonly process: ChildProcess;
  /** Waits for a text on standard error, and gives all that was written there until then. */
  readonly told: (text: string) => Promise<string>;
}

/** A server that takes requests. */
export type Serving = Server & Begun;

const begin = (args: ReadonlyArray<string>, environment: Environment, input?: string): Begun => {
  const child = spawn(process.execPath, ["--conditions=@beep/source", bin, ...args], {
    // Nothing of the machine's own configuration but what a process needs.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const stdout = child.stdout.setEncoding("utf8").pipe(new Written());
  const stderr = child.stderr.setEncoding("utf8").pipe(new Written());
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout: stdout.text, stderr: stderr.text }));
  });
  return {
    process: child,
    printed: stdout.printed(ended),
    told: stderr.printed(ended),
    ended,
    interrupt: () => child.kill("SIGTERM"),
  };
};

/**
 * Runs the command to its end.
 *
 * @param input what it reads from standard input
 */
export const run = (args: ReadonlyArray<string>, environment: Environment, input?: string): Effect.Effect<Ended> =>
  Effect.promise(() => begin(args, environment, input).ended);

/** Starts the command; it is gone with the scope. */
export const start = (
  args: ReadonlyArray<string>,
  environment: Environment,
): Effect.Effect<Begun, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => begin(args, environment)),
    (running) =>
      Effect.promise(() => {
        running.process.kill("SIGKILL");
        return running.ended;
      }),
  );

/** Starts the server and waits until it says that it is ready. */
export const serve = serving(start);
