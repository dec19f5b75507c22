/** A running server process. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import type { Cluster } from "./Cluster.ts";
import { spawnOptions } from "./command.ts";
import { PostgresUnavailable } from "./PostgresUnavailable.ts";

/** A server that has begun to accept connections. */
export interface Postmaster {
  /** Ends all sessions and shuts down in order. */
  readonly stop: Effect.Effect<void>;
  /** Kills it and all its sessions, as a crash would. */
  readonly kill9: Effect.Effect<void>;
}

/** How a server is to run. */
export interface Options {
  readonly port: number;
  /** Whether it is set up as for use, so that a commit survives a crash, or as tests like it. */
  readonly durable: boolean;
}

const settings = ({ durable, port }: Options): ReadonlyArray<string> => [
  `port=${port}`,
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  // In files of the data directory, which are gone with it, and not in /dev/shm, where a killed server leaves them.
  "dynamic_shared_memory_type=mmap",
  ...(durable
    ? []
    : ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=256MB", "deadlock_timeout=100ms"]),
];

const childrenOf = (pid: number): ReadonlyArray<number> => {
  const list =
    process.platform === "linux"
      ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      : execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  return list.trim().split(/\s+/).filter(Boolean).map(Number);
};

const killWithChildren = (pid: number) => {
  // Stopped first, so that it neither starts a child that is not in the list nor sees one die.
  process.kill(pid, "SIGSTOP");
  const children = childrenOf(pid);
  process.kill(pid, "SIGKILL");
  for (const child of children) {
    try {
      process.kill(child, "SIGKILL");
    } catch {
      // It was on its way out.
    }
  }
};

/** Starts a server and waits until it accepts connections. */
export const start = (cluster: Cluster, options: Options): Effect.Effect<Postmaster, PostgresUnavailable> =>
  Effect.suspend(() => {
    const child: ChildProcess = spawn(
      cluster.postgres,
      ["-D", cluster.data, ...settings(options).flatMap((setting) => ["-c", setting])],
      {
        ...spawnOptions(cluster.surroundings),
        // Ctrl-C in a terminal goes to the whole group; the server must outlive the tests that use it.
        detached: true,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const ready = Deferred.makeUnsafe<Postmaster, PostgresUnavailable>();
    const closed = Deferred.makeUnsafe<void>();
    const postmaster: Postmaster = {
      stop: Effect.suspend(() => {
        child.kill("SIGINT");
        return Deferred.await(closed);
      }),
      kill9: Effect.suspend(() => {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
          killWithChildren(child.pid);
        }
        return Deferred.await(closed);
      }),
    };
    let log = "";
    const unavailable = (cause?: unknown) =>
      Effect.fail(new PostgresUnavailable({ reason: `PostgreSQL does not start: ${log.trim() || cause}`, cause }));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-8_192);
      if (log.includes("ready to accept connections")) Deferred.doneUnsafe(ready, Effect.succeed(postmaster));
    });
    child.once("error", (cause) => {
      Deferred.doneUnsafe(ready, unavailable(cause));
      Deferred.doneUnsafe(closed, Effect.void);
    });
    // Not "exit": the sessions hold the same pipe, so that when it closes they are gone too.
    child.once("close", () => {
      Deferred.doneUnsafe(ready, unavailable("it ended without a word"));
      Deferred.doneUnsafe(closed, Effect.void);
    });
    return Deferred.await(ready);
  });
