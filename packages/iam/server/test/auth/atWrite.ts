/** Races whose sides come to write at the same time. */
import { connect, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";

/** A connection that may do everything. */
export const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/**
 * Runs effects at once, all held up by what a transaction holds until every one waits, for it or for another that does, or
 * is at its end.
 *
 * @param hold is run in that transaction before they begin
 * @param looks after how many looks they may go on all the same
 */
export const heldBy = Effect.fnUntraced(function* <A, E, R, E2>(
  sql: PgClient,
  hold: Effect.Effect<unknown, E2>,
  sides: ReadonlyArray<Effect.Effect<A, E, R>>,
  looks: number,
) {
  const fibers = yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* hold;
      const started = yield* Effect.forEach(sides, (side) => Effect.forkChild(side));
      for (let look = 0; look < looks; look++) {
        const [found] = yield* sql<{ count: number }>`
          select count(distinct waiting.pid)::int as count from pg_sleep(0.002), pg_locks waiting
          where not waiting.granted and exists (
            select from pg_locks held join pg_database d on d.oid = held.database
            where held.pid = waiting.pid and d.datname = current_database())`;
        const ended = started.filter((fiber) => fiber.pollUnsafe() !== undefined).length;
        if ((found?.count ?? 0) + ended >= sides.length) break;
      }
      return started;
    }),
  );
  return yield* Fiber.joinAll(fibers);
});

/** Runs effects at once, all held up at their first write to one of the tables, or behind one that is. */
export const atWrite = <A, E, R>(
  sql: PgClient,
  tables: string | ReadonlyArray<string>,
  sides: ReadonlyArray<Effect.Effect<A, E, R>>,
  looks: number,
) =>
  heldBy(
    sql,
    Effect.forEach([tables].flat(), (table) => sql`lock table ${sql(table)} in share mode`),
    sides,
    looks,
  );
