/** The command `iam`: in this process, where what it says and does is to be seen, or in one of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { Console as NodeConsole } from "node:console";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
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

const bin = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** Waits for a text on standard output, and gives all that was printed until then. */
  readonly printed: (text: string) => Promise<string>;
  readonly ended: Promise<Ended>;
}

/** A port that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** A folder that is gone with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
);

const begin = (args: ReadonlyArray<string>, environment: Environment, input?: string): Running => {
  const child = spawn(process.execPath, ["--conditions=@beep/source", bin, ...args], {
    // Nothing of the machine's own configuration but what a process needs.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  const printed = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!stdout.includes(text)) return;
        child.stdout.off("data", look);
        resolve(stdout);
      };
      child.stdout.on("data", look);
      look();
      void ended.then(({ code }) => reject(new Error(`iam ended with ${code} before "${text}": ${stdout}${stderr}`)));
    });
  return { process: child, printed, ended };
};

/** A stream that keeps what is written to it. */
class Written extends Writable {
  text = "";

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: string | Uint8Array, _: string, done: () => void) {
    this.text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
    done();
  }
}

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

/**
 * Runs the command to its end, in this process: it starts many times as fast, and is the same program.
 *
 * @param input what it reads from standard input
 */
export const run = (args: ReadonlyArray<string>, environment: Environment, input = ""): Effect.Effect<Ended> =>
  // A run of its own, so that it has nothing of the test's services and layers.
  Effect.promise(async (signal) => {
    const written = { stdout: new Written(), stderr: new Written() };
    const program = Effect.provide(main, processOf(args, environment, input, written));
    const exit = await Effect.runPromiseExit(program, { signal });
    let code: number | null = null;
    teardown(args[0])(exit, (ended) => {
      code = ended;
    });
    return { code, stdout: written.stdout.text, stderr: written.stderr.text };
  });

/** Runs the command to its end, in a process of its own. */
export const spawned = (args: ReadonlyArray<string>, environment: Environment, input?: string): Effect.Effect<Ended> =>
  Effect.promise(() => begin(args, environment, input).ended);

/** Starts the command; it is gone with the scope. */
export const start = (
  args: ReadonlyArray<string>,
  environment: Environment,
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => begin(args, environment)),
    (running) =>
      Effect.promise(() => {
        running.process.kill("SIGKILL");
        return running.ended;
      }),
  );

/** A server that takes requests. */
export interface Server extends Running {
  readonly url: string;
  /** All that it printed until it was ready. */
  readonly output: string;
}

/** Starts the server and waits until it says that it is ready. */
export const serve = Effect.fnUntraced(function* (environment: Environment) {
  const port = yield* Effect.promise(freePort);
  const running = yield* start(["serve"], { PORT: String(port), ...environment });
  const output = yield* Effect.promise(() => running.printed("Ctrl-C stops."));
  return { ...running, url: `http://localhost:${port}`, output } satisfies Server;
});

/** Asks a process to end, and waits until it has. */
export const stop = ({ process, ended }: Running): Effect.Effect<Ended> =>
  Effect.promise(() => {
    process.kill("SIGTERM");
    return ended;
  });
