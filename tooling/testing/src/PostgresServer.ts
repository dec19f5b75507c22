/** A real PostgreSQL of its own, which is gone with the scope. */
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as SynchronizedRef from "effect/SynchronizedRef";
import * as Binaries from "./postgres/binaries.ts";
import * as Cluster from "./postgres/Cluster.ts";
import type { Major } from "./postgres/Major.ts";
import { PostgresUnavailable } from "./postgres/PostgresUnavailable.ts";
import * as Postmaster from "./postgres/Postmaster.ts";
import * as Port from "./postgres/port.ts";

export type { Major } from "./postgres/Major.ts";
export { PostgresUnavailable } from "./postgres/PostgresUnavailable.ts";

/** A running server. */
export interface PostgresServer {
  readonly major: Major;
  /** On 127.0.0.1; it stays the same when the server is restarted. */
  readonly port: number;
  /** The superuser `postgres` in the database `postgres`. */
  readonly adminUrl: Redacted.Redacted;
  /** The directory of its data. */
  readonly data: string;
  /** Kills the server and its sessions as a crash would; `restart` then recovers. */
  readonly kill9: Effect.Effect<void>;
  /** Ends all sessions and shuts the server down. */
  readonly stop: Effect.Effect<void>;
  /** Starts the server again on the same data, after stopping it if it runs. */
  readonly restart: Effect.Effect<void, PostgresUnavailable>;
}

/** Which server is wanted. */
export interface Options {
  readonly major: Major;
  /**
   * Whether what was committed survives a crash. By default it need not, and the data may be in memory, which makes
   * tests and their set-up faster; a server that is to be killed or measured wants it.
   */
  readonly durable?: boolean | undefined;
}

/** Whether a server of that major version can be started on this machine. */
export const isAvailable = (major: Major): Effect.Effect<boolean> =>
  Effect.map(Binaries.find(major), (binaries) => binaries !== undefined);

/** What to do where a major version is missing. */
export const remedy: (major: Major) => string = Binaries.remedy;

/**
 * Starts a server with an empty data directory; both are gone when the scope closes, and also when this process is
 * killed.
 */
export const make = Effect.fnUntraced(function* ({
  durable = false,
  major,
}: Options): Effect.fn.Return<PostgresServer, PostgresUnavailable, Scope.Scope> {
  const binaries = yield* Binaries.find(major);
  if (binaries === undefined) {
    return yield* new PostgresUnavailable({
      reason: `PostgreSQL ${major} is not installed (${Binaries.remedy(major)}).`,
    });
  }
  const cluster = yield* Cluster.make(binaries, !durable);
  const { port, running } = yield* Effect.acquireRelease(
    Port.free.pipe(
      Effect.bindTo("port"),
      Effect.bind("postmaster", ({ port }) => Postmaster.start(cluster, { port, durable })),
      // Between asking for a free port and taking it, somebody else may have taken it.
      Effect.retry({ times: 3, while: (error) => error.reason.includes("Address already in use") }),
      Effect.flatMap(({ port, postmaster }) =>
        Effect.map(SynchronizedRef.make<Postmaster.Postmaster | undefined>(postmaster), (running) => ({
          port,
          running,
        })),
      ),
    ),
    ({ running }) => end(running, (postmaster) => postmaster.stop),
  );
  return {
    major,
    port,
    adminUrl: Redacted.make(`postgres://postgres:${Redacted.value(cluster.password)}@127.0.0.1:${port}/postgres`),
    data: cluster.data,
    kill9: end(running, (postmaster) => postmaster.kill9),
    stop: end(running, (postmaster) => postmaster.stop),
    restart: SynchronizedRef.updateEffect(running, (postmaster) =>
      Effect.andThen(postmaster?.stop ?? Effect.void, Postmaster.start(cluster, { port, durable })),
    ).pipe(Effect.uninterruptible),
  };
});

const end = (
  running: SynchronizedRef.SynchronizedRef<Postmaster.Postmaster | undefined>,
  how: (postmaster: Postmaster.Postmaster) => Effect.Effect<void>,
): Effect.Effect<void> =>
  SynchronizedRef.updateEffect(running, (postmaster) =>
    Effect.as(postmaster === undefined ? Effect.void : how(postmaster), undefined),
  ).pipe(Effect.uninterruptible);
