/** A pooler in transaction mode between the services and the server. */
import { Iam, IamDb } from "@beep/iam-server";
import { connect, IamTest, PgBouncer, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

const opened = (url: Redacted.Redacted, more: Readonly<Record<string, string>> = {}) =>
  Layer.build(
    Layer.provide(
      IamDb.layer,
      ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(url), ...more })),
    ),
  );

describe.runIf(IamTest.poolers.length > 0)("behind PgBouncer", () => {
  for (const { says, settings } of [
    { says: "that refuses what it does not know", settings: [] },
    { says: "that passes over what it does not know", settings: ["ignore_startup_parameters = iam.connection,role"] },
  ]) {
    it.live(`DB-1: without its setting a pooler ${says} is named before anything is done`, () =>
      Effect.gen(function* () {
        const { adminUrl, appUrl } = yield* TestDatabase.make({ template: "empty" });
        const error = yield* Effect.flip(opened(yield* PgBouncer.make(appUrl, { settings })));
        assert.deepInclude(error, { _tag: "StartupError", code: "POOLER_IN_BETWEEN" });
        const admin = yield* connect(adminUrl);
        assert.deepStrictEqual(yield* admin`select from pg_class where relname like 'iam_%'`, []);
      }).pipe(Effect.scoped),
    );
  }

  it.live("DB-1: migrations run through it, and with others of its transactions at once", () =>
    Effect.gen(function* () {
      const { ownerUrl } = yield* TestDatabase.make({ template: "empty" });
      const url = yield* PgBouncer.make(ownerUrl);
      const settings = { IAM_DATABASE_POOLER: "transaction" };
      const three = yield* Effect.all(
        Array.from({ length: 3 }, () => opened(url, settings)),
        { concurrency: "unbounded" },
      );
      assert.lengthOf(three, 3);
      const migrated = yield* Iam.migrate.pipe(
        Effect.provide(
          ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: Redacted.value(url), ...settings })),
        ),
      );
      assert.deepStrictEqual(migrated, []);
    }).pipe(Effect.scoped),
  );
});
