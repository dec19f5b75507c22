import { IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { cutAtCommit } from "./support/cutAtCommit.ts";

layer(TestDatabase.layer(), { excludeTestServices: true })("a connection lost during COMMIT", (it) => {
  for (const { when, stored, pooler } of [
    { when: "before", stored: 0, pooler: "none" },
    { when: "after", stored: 1, pooler: "none" },
    // As behind a pooler the client takes another way to its connections.
    { when: "after", stored: 1, pooler: "transaction" },
  ] as const) {
    it.effect(`DB-3: is reported as unknown, lost ${when} the server committed, with pooler ${pooler}`, () =>
      Effect.gen(function* () {
        const { adminUrl, appUrl } = yield* TestDatabase;
        const admin = yield* connect(adminUrl);
        const id = SharedEntityIds.OrganizationId.create();
        yield* admin`insert into iam_organizations (id, name, slug)
          values (${SharedEntityIds.OrganizationId.toUuid(id)}, ${when}, ${`${when} ${pooler}`})`;

        const address = new URL(Redacted.value(appUrl));
        const proxy = yield* cutAtCommit(new URL(address), when);
        address.port = String(proxy.port);
        const write = Effect.gen(function* () {
          const { db } = yield* IamDb.IamDb;
          // Not the start's own transactions.
          yield* proxy.arm;
          yield* Tenancy.within(id)(db.insert(IamDbSchema.notificationPreference).values({ channel: "mail" }));
        });
        const error = yield* write.pipe(
          Effect.provide(
            IamDb.layer.pipe(
              Layer.provide(
                ConfigProvider.layer(
                  ConfigProvider.fromUnknown({
                    DATABASE_URL: address.href,
                    IAM_RUN_MIGRATIONS: "false",
                    IAM_DATABASE_POOLER: pooler,
                  }),
                ),
              ),
            ),
          ),
          Effect.flip,
        );
        assert.strictEqual(error._tag, "CommitUnknown");

        // The server may still be ending the session that was cut off.
        const [row] = yield* admin<{ count: number }>`
          select count(*)::int as count from iam_notification_preferences
          where organization_id = ${SharedEntityIds.OrganizationId.toUuid(id)}`;
        assert.strictEqual(row?.count, stored);
      }),
    );
  }
});
