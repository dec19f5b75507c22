/** Races whose sides come to write at the same time. */
import { connect, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";

/** A connection that may do everything. */
export const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/**
 * Runs effects at once, all held up at their first write to the table until every one is there or at its end.
 *
 * @param looks after how many looks they may go on all the same
 */
export const atWrite = Effect.fnUntraced(function* <A, E, R>(
  sql: PgClient,
  table: string,
  sides: ReadonlyArray<Effect.Effect<A, E, R>>,
  looks: number,
) {
  const fibers = yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`lock table ${sql(table)} in share mode`;
      const started = yield* Effect.forEach(sides, (side) => Effect.forkChild(side));
      for (let look = 0; look < looks; look++) {
        const [waiting] = yield* sql<{ count: number }>`
          select count(*)::int as count from pg_sleep(0.002), pg_locks where relation = ${table}::regclass and not granted`;
        const ended = started.filter((fiber) => fiber.pollUnsafe() !== undefined).length;
        if ((waiting?.count ?? 0) + ended >= sides.length) break;
      }
      return started;
    }),
  );
  return yield* Fiber.joinAll(fibers);
});
