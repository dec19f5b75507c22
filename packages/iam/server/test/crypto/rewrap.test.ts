/** Key-encryption keys that are rotated while everybody goes on. */
import { Keys } from "@beep/iam-server";
import { connect, Race, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Latch from "effect/Latch";
import type { SqlError } from "effect/sql/SqlError";
import * as drawers from "./drawers.ts";
import * as keyring from "./keyring.ts";

layer(drawers.postgres(), { excludeTestServices: true })("on PostgreSQL beside somebody who has a row locked", (it) => {
  /** Begins to rewrap while a row is locked, and gives what was done until it had to wait, and in the end. */
  const beside = Effect.fnUntraced(function* (lock: (admin: PgClient) => Effect.Effect<unknown, SqlError>) {
    const { adminUrl } = yield* TestDatabase;
    const [admin, watching] = [yield* connect(adminUrl), yield* connect(adminUrl)];
    const both = yield* drawers.another(keyring.ring(keyring.first, keyring.version(2)));
    const { rewrap } = Context.get(both, Keys.Keys);
    const done = { keys: 0, values: 0 };
    const told = (step: Keys.Step) =>
      Effect.sync(() => {
        if (step._tag === "Rewrapped") done.keys += step.keys;
        if (step._tag === "Resealed") done.values += step.values;
      });
    const enough = yield* Latch.make();
    const running = yield* admin.withTransaction(
      Effect.gen(function* () {
        yield* lock(admin);
        // The minute for who reads is not what this is about.
        const fiber = yield* Effect.forkDetach(
          rewrap((step) => (step._tag === "Waiting" ? Effect.andThen(enough.open, Effect.never) : told(step))),
        );
        yield* Race.untilAnyBlocked(watching);
        return { fiber, before: { ...done } };
      }),
    );
    yield* Effect.raceFirst(enough.await, Effect.asVoid(Fiber.await(running.fiber)));
    yield* Fiber.interrupt(running.fiber);
    return { before: running.before, after: done };
  });

  it.effect("CRY-2: a key that is locked is passed over, and waited for in the end", () =>
    Effect.gen(function* () {
      const owners = Array.from({ length: 5 }, () => drawers.owners.user());
      for (const owner of owners) yield* drawers.put(owner, "secret");
      const { after, before } = yield* beside(
        (admin) => admin`select from iam_data_keys where owner_id = ${owners[0]?.id ?? ""} for update`,
      );
      assert.deepStrictEqual([before.keys, after.keys], [4, 5]);
    }),
  );

  it.effect("CRY-2: so is a row with something under a retired key", () =>
    Effect.gen(function* () {
      const owner = drawers.owners.user();
      const both = yield* drawers.another(keyring.ring(keyring.first, keyring.version(2)));
      const [first] = yield* Effect.gen(function* () {
        const ids = yield* drawers.put(owner, "1", "2", "3", "4", "5");
        yield* Effect.flatMap(Keys.Keys, ({ rotate }) => rotate(owner));
        return ids;
      }).pipe(Effect.provideContext(both));
      assert.isDefined(first);
      const { after, before } = yield* beside(
        (admin) => admin`select from app_drawers where id = ${drawers.DrawerId.toUuid(first)} for update`,
      );
      assert.deepStrictEqual([before.values, after.values], [4, 5]);
    }),
  );
});

layer(drawers.postgres())("on PostgreSQL with keys that do not open", (it) => {
  it.effect("CRY-2: a key that was altered is named and left, and a missing version ends it at once", () =>
    Effect.gen(function* () {
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const [good, bad] = [drawers.owners.user(), drawers.owners.user()];
      const [id] = yield* drawers.put(good, "secret");
      yield* drawers.put(bad, "secret");
      assert.isDefined(id);
      yield* admin`update iam_data_keys set wrapped_key = 'altered' where owner_id = ${bad.id}`;
      const both = yield* drawers.another(keyring.ring(keyring.first, keyring.version(2)));
      const { keys } = yield* (yield* Keys.Keys).list({ owner: bad, limit: 1, offset: 0 });
      const done = yield* Effect.flatMap(Keys.Keys, ({ rewrap }) => rewrap()).pipe(Effect.provideContext(both));
      assert.deepStrictEqual(done, {
        keyVersion: "2",
        rewrapped: 1,
        failed: keys.map((key) => key.id),
        resealed: 0,
        destroyed: 0,
        left: 0,
      });
      assert.strictEqual(yield* drawers.get(good, id).pipe(Effect.provideContext(both)), "secret");

      const error = yield* Effect.flatMap(Keys.Keys, ({ rewrap }) => rewrap()).pipe(Effect.flip);
      assert.strictEqual(error._tag, "KeyVersionMissing");
    }),
  );
});
