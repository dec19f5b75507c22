/** What migrating does for tables of an application, which are made like ours. */
import { IamDbSchema } from "@beep/iam-tables";
import { EntityId } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { connect, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import { Catalogue, SqlState } from "../src/index.ts";
import { differencesBetween, folderWith, migrate } from "./support.ts";

const NoticeId = EntityId.make("NoticeId", { prefix: "notice", table: "app_notices" });

const notice = pg.pgTable.withRLS(
  "app_notices",
  { text: pg.text("text").notNull(), author: pg.text("author").notNull(), place: pg.text("a 'place'") },
  (t) => [...Table.common(NoticeId, t, {}), new Table.TenantMayRead({ rows: sql`true`, columns: [t.text, t.place] })],
);

const entity = `id uuid primary key default gen_random_uuid(), created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(), version integer not null default 1`;
const ofScope = "organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))";

const migrations = {
  "20990101000000_application": [
    `create table app_notices (${entity}, number serial, text text not null, author text not null, "a 'place'" text)`,
    "alter table app_notices enable row level security",
    "create policy iam_service_all on app_notices to iam_service using (true) with check (true)",
    "create policy iam_tenant_reads on app_notices for select to iam_tenant using (true)",
    `create table app_invoices (${entity}, number serial, other integer generated always as identity,
       organization_id uuid not null references iam_organizations)`,
    "alter table app_invoices enable row level security",
    "create policy iam_service_all on app_invoices to iam_service using (true) with check (true)",
    `create policy iam_tenant_isolation on app_invoices to iam_tenant using (${ofScope}) with check (${ofScope})`,
  ],
};

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  const made = Effect.gen(function* () {
    const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ major });
    const folder = yield* folderWith(migrations);
    yield* migrate(ownerUrl, { folder, schema: { ...IamDbSchema, notice } });
    const login = yield* connect(appUrl);
    const as = (role: "iam_service" | "iam_tenant", organization: string, statement: string) =>
      login.withTransaction(
        Effect.gen(function* () {
          yield* login.unsafe(`set local role ${role}`);
          yield* login`select set_config('iam.organization_id', ${organization}, true)`;
          return yield* login.unsafe(statement);
        }),
      );
    return { admin: yield* connect(adminUrl), as, folder, ownerUrl };
  });

  it.effect(
    "ALN-5: the columns that a table lets tenants read stay granted when one migrates who does not know it",
    () =>
      Effect.gen(function* () {
        const { admin, as, folder, ownerUrl } = yield* made;
        const before = yield* Catalogue.read(admin);
        assert.strictEqual(before.get("privileges of iam_tenant on app_notices.a 'place'")?.definition, "SELECT");
        yield* migrate(ownerUrl, { folder });
        assert.deepStrictEqual(differencesBetween(before, yield* Catalogue.read(admin)), []);

        // Also when a column has gone since.
        yield* admin`alter table app_notices drop "a 'place'"`;
        yield* migrate(ownerUrl, { folder });
        yield* as("iam_service", "", "insert into app_notices (text, author) values ('Hello', 'nobody')");
        assert.deepStrictEqual(yield* as("iam_tenant", "", "select text from app_notices"), [{ text: "Hello" }]);
        const hidden = yield* Effect.flip(as("iam_tenant", "", "select author from app_notices"));
        assert.strictEqual(SqlState.of(hidden), SqlState.insufficientPrivilege);
      }),
  );

  it.effect("ALN-5: who may write to a table with a serial column may draw its numbers, and do no more with them", () =>
    Effect.gen(function* () {
      const { admin, as, folder, ownerUrl } = yield* made;
      const [organization = { id: "" }] = yield* admin<{ id: string }>`
        insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'o', 'o') returning id`;
      const insert = `insert into app_invoices (organization_id) values ('${organization.id}') returning number, other`;
      yield* admin`grant all on sequence app_invoices_number_seq to public, iam_tenant`;
      yield* migrate(ownerUrl, { folder });
      assert.deepStrictEqual(yield* as("iam_tenant", organization.id, insert), [{ number: 1, other: 1 }]);
      assert.deepStrictEqual(yield* as("iam_service", "", insert), [{ number: 2, other: 2 }]);
      for (const statement of [
        "select last_value from app_invoices_number_seq",
        "select setval('app_invoices_number_seq', 1)",
        "select nextval('app_notices_number_seq')",
      ]) {
        const refused = yield* Effect.flip(as("iam_tenant", organization.id, statement));
        assert.strictEqual(SqlState.of(refused), SqlState.insufficientPrivilege, statement);
      }
    }),
  );
});
