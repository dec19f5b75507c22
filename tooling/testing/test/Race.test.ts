import type * as PgClient from "@effect/sql-pg/PgClient";
import { expect, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { connect, Race, TestDatabase } from "../src/index.ts";

const prepared = Effect.gen(function* () {
  const { ownerUrl } = yield* TestDatabase;
  const [admin, left, right] = yield* Effect.all([connect(ownerUrl), connect(ownerUrl), connect(ownerUrl)]);
  yield* admin`CREATE TABLE IF NOT EXISTS counter (n int NOT NULL)`;
  const reset = Effect.andThen(admin`DELETE FROM counter`, admin`INSERT INTO counter VALUES (0)`);
  yield* reset;
  const count = Effect.map(admin<{ n: number }>`SELECT n FROM counter`, ([row]) => row?.n);
  return { admin, left, right, reset, count };
});

/** Reads, is overtaken or not, and writes what it made of what it read. */
const increment =
  (sql: PgClient.PgClient, lock: "FOR UPDATE" | ""): Race.Side<number, unknown, never> =>
  (pause) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const [row] = yield* sql<{ n: number }>`SELECT n FROM counter ${sql.literal(lock)}`;
        const next = (row?.n ?? Number.NaN) + 1;
        yield* pause;
        yield* sql`UPDATE counter SET n = ${next}`;
        return next;
      }),
    );

layer(TestDatabase.layer({ template: "empty" }))("on one database", (it) => {
  it.effect("sees the second side wait for a row that the first has locked, in both orders", () =>
    Effect.gen(function* () {
      const { admin, left, reset, right } = yield* prepared;
      const ends = yield* Race.bothOrders(increment(left, "FOR UPDATE"), increment(right, "FOR UPDATE"), {
        prepare: reset,
        blocked: Race.untilAnyBlocked(admin),
      });
      expect(ends).toEqual({
        leftFirst: { left: Exit.succeed(1), right: Exit.succeed(2), waited: true },
        rightFirst: { left: Exit.succeed(2), right: Exit.succeed(1), waited: true },
      });
    }),
  );

  it.effect("loses an update when the lock is taken away, which is what it is for", () =>
    Effect.gen(function* () {
      const { admin, count, left, reset, right } = yield* prepared;
      const ends = yield* Race.bothOrders(increment(left, ""), increment(right, ""), {
        prepare: reset,
        blocked: Race.untilAnyBlocked(admin),
      });
      const lost = { left: Exit.succeed(1), right: Exit.succeed(1), waited: false };
      expect(ends).toEqual({ leftFirst: lost, rightFirst: lost });
      expect(yield* count).toBe(1);
    }),
  );

  it.effect("gives both ends when the two lock each other out", () =>
    Effect.gen(function* () {
      const { admin, left, right } = yield* prepared;
      const lockBoth =
        (sql: PgClient.PgClient, one: number, other: number): Race.Side<void, unknown, never> =>
        (pause) =>
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`SELECT pg_advisory_xact_lock(${one})`;
              yield* pause;
              yield* sql`SELECT pg_advisory_xact_lock(${other})`;
            }),
          );
      const { leftFirst, rightFirst } = yield* Race.bothOrders(lockBoth(left, 1, 2), lockBoth(right, 2, 1), {
        blocked: Race.untilAnyBlocked(admin),
      });
      for (const { left, right } of [leftFirst, rightFirst]) {
        expect([Exit.isFailure(left), Exit.isFailure(right)].sort()).toEqual([false, true]);
      }
    }),
  );

  it.effect("stops a side at a named point until the script lets it go on", () =>
    Effect.gen(function* () {
      const { admin, count, left, right } = yield* prepared;
      const [leftPid, rightPid] = yield* Effect.all([Race.backendPid(left), Race.backendPid(right)]);
      const race = yield* Race.points<"locked" | "began">();
      const first = yield* Effect.forkChild(increment(left, "FOR UPDATE")(race.reach("locked")));
      yield* race.reached("locked");
      const second = yield* Effect.forkChild(Effect.andThen(race.reach("began"), right`UPDATE counter SET n = n + 1`));
      yield* race.reached("began");
      const unmoved = yield* Effect.flip(Race.untilBlocked(admin, rightPid, { looks: 2 }));
      expect(unmoved._tag).toBe("NeverBlocked");
      yield* race.release("began");
      expect(yield* Race.untilBlocked(admin, rightPid)).toEqual([leftPid]);
      yield* race.release("locked");
      expect(yield* Fiber.join(first)).toBe(1);
      yield* Fiber.join(second);
      expect(yield* count).toBe(2);
    }),
  );
});
