/** The command `iam` as a process of its own, as its users start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

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
