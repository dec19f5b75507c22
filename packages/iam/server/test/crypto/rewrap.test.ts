/** Key-encryption keys that are rotated while everybody goes on. */
import { Keys } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as drawers from "./drawers.ts";
import * as keyring from "./keyring.ts";
import { rewrapped } from "./rewrapping.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "CRY-2: 2,000 keys are wrapped anew under load, by processes of which one is killed, without an error",
    () => rewrapped(2_000),
    120_000,
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
