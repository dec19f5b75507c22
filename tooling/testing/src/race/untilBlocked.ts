/** Seeing in the database that a side waits there. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";

/** Nobody came to wait: the lock that a test counts on is not taken. */
export class NeverBlocked extends Schema.TaggedError<NeverBlocked>()("NeverBlocked", {
  who: Schema.String,
}) {
  override get message() {
    return `${this.who} never came to wait for a lock.`;
  }
}

/** How often to look before giving up: by default for some ten seconds. */
export interface Patience {
  readonly looks?: number | undefined;
}

// The time between two looks passes in the server, so that a test under the TestClock does not stand still. Each look is
// a transaction of its own, because within one PostgreSQL shows the same picture again.
const until = (
  who: string,
  { looks = 2_000 }: Patience,
  look: Effect.Effect<ReadonlyArray<number>, SqlError>,
): Effect.Effect<ReadonlyArray<number>, NeverBlocked | SqlError> =>
  Effect.gen(function* () {
    for (let i = 0; i < looks; i++) {
      // Whoever loses interest leaves between two looks, and nothing has to be cancelled in the server.
      const pids = yield* Effect.uninterruptible(look);
      if (pids.length > 0) return pids;
    }
    return yield* new NeverBlocked({ who });
  });

/** The process that serves a client's session; of a pool, ask inside a transaction. */
export const backendPid = (client: SqlClient): Effect.Effect<number, SqlError> =>
  Effect.flatMap(client<{ pid: number }>`SELECT pg_backend_pid() AS pid`, ([row]) =>
    row === undefined ? Effect.die("A SELECT without FROM has one row.") : Effect.succeed(row.pid),
  );

/**
 * Waits until a session waits for a lock of another one.
 *
 * @param admin a connection of its own
 * @param pid the session's process, as `backendPid` gives it
 * @returns the processes of the sessions that it waits for
 */
export const untilBlocked = (
  admin: SqlClient,
  pid: number,
  patience: Patience = {},
): Effect.Effect<ReadonlyArray<number>, NeverBlocked | SqlError> =>
  until(
    `The session ${pid}`,
    patience,
    Effect.map(
      admin<{ blockers: ReadonlyArray<number> }>`SELECT pg_blocking_pids(${pid}) AS blockers FROM pg_sleep(0.005)`,
      (rows) => rows.flatMap((row) => row.blockers),
    ),
  );

/**
 * Waits until any session in the database to which `admin` is connected waits for a lock of another one: enough where
 * only the race runs there.
 *
 * @returns the processes of the sessions that wait
 */
export const untilAnyBlocked = (
  admin: SqlClient,
  patience: Patience = {},
): Effect.Effect<ReadonlyArray<number>, NeverBlocked | SqlError> =>
  until(
    "A session",
    patience,
    Effect.map(
      // An outer join, because of an empty side PostgreSQL would not wait for the other.
      admin<{ pid: number | null }>`
        SELECT activity.pid FROM pg_sleep(0.005) LEFT JOIN pg_stat_activity activity
        ON activity.datname = current_database() AND cardinality(pg_blocking_pids(activity.pid)) > 0`,
      (rows) => rows.flatMap(({ pid }) => (pid === null ? [] : [pid])),
    ),
  );
