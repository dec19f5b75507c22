/** Starting on a database that somebody else's tool has changed. */
import { IamDbSchema } from "@beep/iam-tables";
import { connect, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, it } from "@effect/vitest";
import * as pg from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import * as Tracer from "effect/Tracer";
import { Migrations } from "../src/index.ts";
import { differencesBetween, migrate, stateOf } from "./support.ts";

/** What whoever does not migrate asks. */
const pending = (url: Redacted.Redacted) =>
  Migrations.pending().pipe(Effect.provideServiceEffect(PgClient, Effect.orDie(connect(url))), Effect.scoped);

/** Runs statements as the superuser. */
const asAdmin = Effect.fnUntraced(function* (url: Redacted.Redacted, statements: string) {
  const admin = yield* connect(url);
  for (const statement of statements.split(";\n")) yield* admin.unsafe(statement);
}, Effect.scoped);

/** Each with what is said of it, and whether migrating mends it. */
const deeds: ReadonlyArray<readonly [sql: string, said: string, mended?: "mended"]> = [
  ["drop table iam_rate_limits", "the table iam_rate_limits is missing"],
  ["alter table iam_members rename to members", "the table iam_members is missing"],
  ["alter table iam_sessions drop ip_address", "the column ip_address of iam_sessions is missing"],
  ["alter table iam_sessions rename ip_address to ip", "the column ip_address of iam_sessions is missing"],
  ["drop policy iam_tenant_isolation on iam_members", "the policy iam_tenant_isolation on iam_members is missing"],
  ["drop policy iam_service_all on iam_sessions", "the policy iam_service_all on iam_sessions is missing"],
  [
    "alter policy iam_tenant_isolation on iam_members using (true)",
    "the policy iam_tenant_isolation on iam_members is another",
  ],
  [
    "alter policy iam_tenant_isolation on iam_members with check (true)",
    "the policy iam_tenant_isolation on iam_members is another",
  ],
  ["alter policy iam_service_all on iam_members to public", "the policy iam_service_all on iam_members is another"],
  [
    `drop policy iam_tenant_reads on iam_users;
create policy iam_tenant_reads on iam_users for all to iam_tenant using (true)`,
    "the policy iam_tenant_reads on iam_users is another",
  ],
  ["create policy mine on iam_members using (true)", "the policy mine on iam_members shows further rows"],
  ["create policy mine on iam_members to iam_tenant using (true)", "the policy mine on iam_members shows further rows"],
  ["create policy mine on iam_members to iam_app using (true)", "the policy mine on iam_members shows further rows"],
  ["alter table iam_members disable row level security", "row security of iam_members is off", "mended"],
  ["alter table iam_members no force row level security", "row security of iam_members is off", "mended"],
];

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  it.effect.each(deeds.map(([sql, said, mended]) => ({ sql, said, mended })))(
    "TEN-1: nothing starts after: $sql",
    ({ mended, said, sql }) =>
      Effect.gen(function* () {
        const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ major });
        const healthy = yield* stateOf(adminUrl);
        yield* asAdmin(adminUrl, sql);
        const before = yield* stateOf(adminUrl);
        const refused = {
          code: "DATABASE_CHANGED" as const,
          message: `Something else has changed the database since it was migrated: ${said}.`,
          remedy: "Run `iam doctor`: it says what differs, and how to put it right.",
        };
        assert.deepInclude(yield* Effect.flip(pending(appUrl)), refused);
        if (mended) {
          assert.deepStrictEqual(yield* migrate(ownerUrl), []);
          assert.deepStrictEqual(differencesBetween(healthy.catalogue, (yield* stateOf(adminUrl)).catalogue), []);
        } else {
          assert.deepInclude(yield* Effect.flip(migrate(ownerUrl)), refused);
          assert.deepStrictEqual(yield* stateOf(adminUrl), before);
        }
      }),
  );

  it.effect("TEN-1: what somebody adds without showing a tenant more is no reason to refuse", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl, ownerUrl, name } = yield* TestDatabase.make({ major });
      const reader = `reader_${name}`;
      yield* Effect.acquireRelease(asAdmin(adminUrl, `create role ${reader}`), () =>
        Effect.orDie(asAdmin(adminUrl, `drop owned by ${reader};\ndrop role ${reader}`)),
      );
      yield* asAdmin(
        adminUrl,
        [
          "alter table iam_members add extra text",
          "create index extra on iam_members (extra)",
          "create table others (n int)",
          `create policy theirs on iam_members for select to ${reader} using (true)`,
          "create policy fewer on iam_members as restrictive using (extra is null)",
        ].join(";\n"),
      );
      assert.deepStrictEqual(yield* pending(appUrl), []);
      assert.deepStrictEqual(yield* migrate(ownerUrl), []);
    }),
  );
});

it.effect("TEN-1: nothing starts where a group of the login's is shown further rows", () =>
  Effect.gen(function* () {
    const { adminUrl, appUrl, name } = yield* TestDatabase.make();
    const group = `group_${name}`;
    yield* Effect.acquireRelease(asAdmin(adminUrl, `create role ${group};\ngrant ${group} to iam_app`), () =>
      Effect.orDie(asAdmin(adminUrl, `drop owned by ${group};\ndrop role ${group}`)),
    );
    yield* asAdmin(adminUrl, `create policy hole on iam_members to ${group} using (true)`);
    const error = yield* Effect.flip(pending(appUrl));
    assert.include(error.message, "the policy hole on iam_members shows further rows");
  }),
);

it.effect("TEN-1: an application's own table with some row security is its own affair", () =>
  Effect.gen(function* () {
    const { adminUrl, appUrl } = yield* TestDatabase.make();
    const plain = pg.pgTable.withRLS("plain", { id: pg.integer("id"), later: pg.text("later") });
    const migrated = { ...Migrations.own, schema: { ...IamDbSchema, plain } };
    const asked = Migrations.pending([migrated]).pipe(
      Effect.provideServiceEffect(PgClient, Effect.orDie(connect(appUrl))),
      Effect.scoped,
    );
    yield* asAdmin(adminUrl, "create table plain (id int, later text);\nalter table plain enable row level security");
    yield* asAdmin(adminUrl, "create policy readable on plain using (true)");
    assert.deepStrictEqual(yield* asked, []);
    yield* asAdmin(adminUrl, "alter table plain disable row level security");
    assert.include((yield* Effect.flip(asked)).message, "row security of plain is off");
  }),
);

it.live("ALN-5: whoever has a table locked does not hold up a start without a word", () =>
  Effect.gen(function* () {
    const { adminUrl, appUrl } = yield* TestDatabase.make();
    const admin = yield* connect(adminUrl);
    yield* admin`begin`;
    yield* admin`lock table iam_users in access exclusive mode`;
    assert.propertyVal(yield* Effect.flip(pending(appUrl)), "code", "DATABASE_LOCKED");
    yield* admin`rollback`;
    assert.deepStrictEqual(yield* pending(appUrl), []);
  }).pipe(Effect.scoped),
);

it.effect("ALN-5: to see that nothing was changed takes one statement, however many tables there are", () =>
  Effect.gen(function* () {
    const { appUrl } = yield* TestDatabase.make();
    const client = yield* connect(appUrl);
    const statements: Array<unknown> = [];
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options);
        if (options.kind === "client") statements.push(span);
        return span;
      },
    });
    yield* Migrations.pending().pipe(Effect.provideService(PgClient, client), Effect.withTracer(tracer));
    // The others: what the login may, whether there is a journal, what it says, and how long to wait for a lock.
    assert.lengthOf(statements, 4 + 1);
    assert.isAbove(Object.keys(IamDbSchema).length, 4);
  }),
);
