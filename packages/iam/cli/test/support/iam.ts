/** The command `iam` in this process: the same program as in one of its own, and many times as fast. */

import { Console as NodeConsole } from "node:console";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@beep/testing";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import * as Sink from "effect/Sink";
import * as Stdio from "effect/Stdio";
import * as Stream from "effect/Stream";
import * as Terminal from "effect/Terminal";
import { main, teardown } from "../../src/main.ts";
import { type Ended, Written } from "./Written.ts";

export type Environment = Readonly<Record<string, string>>;

export interface Running {
  /** Waits for a text on standard output, and gives all that was printed until then. */
  readonly printed: (text: string) => Promise<string>;
  readonly ended: Promise<Ended>;
  /** Asks it to end. */
  readonly interrupt: () => void;
}

/** A server that takes requests. */
export interface Server extends Running {
  readonly url: string;
  /** All that it printed until it was ready. */
  readonly output: string;
}

/** A folder that is gone with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
);

const notATerminal = Effect.die("There is no terminal.");

/** All that the command has of its process. */
const processOf = (
  args: ReadonlyArray<string>,
  environment: Environment,
  input: string,
  { stdout, stderr }: { readonly stdout: Written; readonly stderr: Written },
) => {
  const into = (stream: Written) => () =>
    Sink.forEachArray((chunks: ReadonlyArray<string | Uint8Array>) =>
      Effect.sync(() => {
        for (const chunk of chunks) stream.write(chunk);
      }),
    );
  return Layer.mergeAll(
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment })),
    Layer.succeed(Console.Console, new NodeConsole(stdout, stderr)),
    Layer.succeed(
      Stdio.Stdio,
      Stdio.make({
        args: Effect.succeed(args),
        stdin: Stream.encodeText(Stream.succeed(input)),
        stdout: into(stdout),
        stderr: into(stderr),
      }),
    ),
    Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(0),
        rows: Effect.succeed(0),
        size: notATerminal,
        readInput: notATerminal,
        readLine: notATerminal,
        display: (text) => Effect.sync(() => void stdout.write(text)),
      }),
    ),
  ).pipe(Layer.provideMerge(NodeServices.layer));
};

const begin = (args: ReadonlyArray<string>, environment: Environment, input = ""): Running => {
  const [stdout, stderr] = [new Written(), new Written()];
  // A run of its own, so that it has nothing of the test's services and layers.
  const fiber = Effect.runFork(Effect.provide(main, processOf(args, environment, input, { stdout, stderr })));
  const ended = new Promise<Ended>((resolve) => {
    fiber.addObserver((exit) =>
      teardown(args[0])(exit, (code) => resolve({ code, stdout: stdout.text, stderr: stderr.text })),
    );
  });
  return { printed: stdout.printed(ended), ended, interrupt: () => fiber.interruptUnsafe() };
};

/** Asks what runs to end, and waits until it has. */
export const stop = ({ interrupt, ended }: Running): Effect.Effect<Ended> =>
  Effect.promise(() => {
    interrupt();
    return ended;
  });

/**
 * Runs the command to its end.
 *
 * @param input what it reads from standard input
 */
export const run = (args: ReadonlyArray<string>, environment: Environment, input?: string): Effect.Effect<Ended> =>
  Effect.acquireUseRelease(
    Effect.sync(() => begin(args, environment, input)),
    ({ ended }) => Effect.promise(() => ended),
    stop,
  );

/** Starts a server by a way to start the command, and waits until it says that it is ready. */
export const serving = <Begun extends Running>(
  start: (args: ReadonlyArray<string>, environment: Environment) => Effect.Effect<Begun, never, Scope.Scope>,
) =>
  Effect.fnUntraced(function* (environment: Environment) {
    const port = yield* freePort;
    const running = yield* start(["serve"], { PORT: String(port), ...environment });
    const output = yield* Effect.promise(() => running.printed("Ctrl-C stops."));
    return { ...running, url: `http://localhost:${port}`, output };
  });

/** Starts the server; it has ended with the scope. */
export const serve = serving((args, environment) =>
  Effect.acquireRelease(
    Effect.sync(() => begin(args, environment)),
    stop,
  ),
);
