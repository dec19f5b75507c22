/** Whether tables that a team makes, or alters, by hand are found out where they do not keep tenants apart. */
import { Migrations } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import * as Pg from "@effect/sql-pg/PgClient";
import { assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";

// Thousands of attempts, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const administrator = Effect.gen(function* () {
  const { adminUrl } = yield* TestDatabase;
  return Isolation.administrator(yield* connect(adminUrl));
});

/** Tables as a team has them, with what makes it hard to give them rows. */
const invoices = `
create domain app_amount as integer check (value > 0);
create type app_state as enum ('open', 'paid');
create table app_invoices (
  id uuid primary key, created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  organization_id uuid not null default cast(nullif(current_setting('iam.organization_id', true), '') as uuid)
    references iam_organizations on delete cascade,
  number integer generated always as identity, serial_number serial, currency char(3) not null,
  kind varchar(8) not null check (kind in ('it''s', 'other')), priority smallint not null check (priority = 7),
  state app_state not null, amount app_amount not null, "The E-Mail" text not null, tags text[] not null, due date not null,
  corrects uuid, gross integer generated always as (amount::int * 2) stored,
  unique (organization_id, id), unique (number),
  foreign key (organization_id, corrects) references app_invoices (organization_id, id)
);
create unique index on app_invoices (lower("The E-Mail"), (amount + 1)) where state = 'open';
create unique index on app_invoices (organization_id, corrects) where corrects is not null;
alter table app_invoices enable row level security;
create policy iam_service_all on app_invoices to iam_service using (true) with check (true);
create policy iam_tenant_isolation on app_invoices to iam_tenant
  using (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)))
  with check (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));
create table app_secrets (
  id uuid primary key, created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
  version integer not null default 1, organization_id uuid not null references iam_organizations on delete cascade
);
alter table app_secrets enable row level security;
create policy iam_service_all on app_secrets to iam_service using (true) with check (true);
create table app_notices (
  id uuid primary key, created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
  version integer not null default 1, organization_id uuid not null references iam_organizations on delete cascade,
  text text not null
);
alter table app_notices enable row level security;
create policy iam_service_all on app_notices to iam_service using (true) with check (true);
create policy iam_tenant_reads on app_notices for select to iam_tenant
  using (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));
comment on policy iam_tenant_reads on app_notices is '["id", "text"]'`;

/** What a tenant may see of the one that states a policy of its own. */
const app_notices = {
  columns: ["id", "text"],
  rows: (organization: string) => `organization_id = ${organization}`,
};

/** Tables that somebody made by hand, each with what is wrong with it. */
const byHand = `
create table app_unsecured (id uuid primary key, organization_id uuid not null, name text not null unique);
grant select, insert, update, delete on app_unsecured to iam_tenant;
create table app_shared (n integer not null);
grant select on app_shared to iam_tenant;
create table app_shapes (shape point not null);
create table app_circle (id uuid primary key, next uuid not null references app_circle);
create table app_news (id uuid primary key, text text not null, author text not null);
alter table app_news enable row level security;
alter table app_news force row level security;
create policy iam_tenant_reads on app_news for select to iam_tenant using (true);
grant select (id, text) on app_news to iam_tenant;`;

layer(IamTest.postgres(), { excludeTestServices: true })("tables of a team", (it) => {
  const tables = Effect.fnUntraced(function* (sql: string) {
    const { ownerUrl } = yield* TestDatabase;
    const owner = yield* connect(ownerUrl);
    for (const statement of sql.split(";\n")) yield* owner.unsafe(statement);
    return owner;
  });

  it.effect("TEN-1: are covered by nothing more than that they are there, and those made by hand are found", () =>
    Effect.gen(function* () {
      const owner = yield* tables(invoices);
      yield* Migrations.run({ login: "iam_app", schema: IamDbSchema }).pipe(Effect.provideService(Pg.PgClient, owner));
      const admin = yield* administrator;
      const options = { admin, tenants: 2, concurrency: 8, ownPolicies: { app_notices } };
      const ours = yield* Isolation.examine(options);
      yield* Isolation.assertIsolated(ours);
      assert.strictEqual(ours.tables.get("app_invoices"), "kept apart");
      assert.strictEqual(ours.tables.get("app_secrets"), "closed to tenants");
      assert.strictEqual(ours.tables.get("app_notices"), "a policy of its own");

      yield* tables(byHand);
      const { findings } = yield* Isolation.examine(options);
      const saying = Map.groupBy(findings, ({ table }) => table);
      assert.sameMembers([...saying.keys()], ["app_circle", "app_news", "app_shapes", "app_shared", "app_unsecured"]);
      const says = (table: string) => saying.get(table)?.map((finding) => finding.says) ?? [];
      assert.includeMembers(says("app_unsecured"), [
        "tenants have privileges, and there is no row security",
        "not refused: tenant 1 sees by id: it touched 1 row",
        "not refused: tenant 2 deletes by key: it touched 1 row",
        "not refused: tenant 1 inserts: it touched 1 row",
        "not refused: tenant 1 upserts over name: it touched 1 row",
      ]);
      assert.includeMembers(says("app_shared"), [
        "tenants have privileges, and there is no row security",
        "not refused: tenant 1 sees: it touched 1 row",
      ]);
      assert.deepStrictEqual(says("app_shapes"), ["no row can be made: no value is known of shape, which is point"]);
      assert.deepStrictEqual(says("app_circle"), ["no row can be made: it refers in a circle to public.app_circle"]);
      assert.include(says("app_news"), "it states a policy of its own, of which nothing is expected");

      const failure = yield* Effect.flip(Isolation.assertIsolated({ findings }));
      assert.include(failure.message, "app_unsecured: not refused: tenant 1 sees by id");
    }),
  );

  it.effect("TEN-1: pass with the values and the expectations that only the team knows, and not with wrong ones", () =>
    Effect.gen(function* () {
      const admin = yield* administrator;
      yield* admin.client`drop table app_unsecured, app_shared, app_circle`;
      const options = { admin, tenants: 2, concurrency: 8, expressions: { "app_shapes.shape": "point(1, 2)" } };
      const said = (columns: ReadonlyArray<string>, rows: string, withoutTenant: boolean) =>
        Effect.map(
          Isolation.examine({
            ...options,
            ownPolicies: { app_notices, app_news: { columns, rows: () => rows, withoutTenant } },
          }),
          (report) => report.findings.map(({ says, table }) => `${table}: ${says}`),
        );
      assert.deepStrictEqual(yield* said(["id", "text"], "true", true), []);
      assert.sameMembers(yield* said(["id"], "false", false), [
        "app_news: tenants may read id, text",
        "app_news: not refused: tenant 1 sees rows that it may not: it touched 1 row",
        "app_news: not refused: tenant 1 sees text: it touched 1 row",
        "app_news: not refused: tenant 2 sees rows that it may not: it touched 1 row",
        "app_news: not refused: tenant 2 sees text: it touched 1 row",
        "app_news: not refused: the tenant role without a tenant sees: it touched 1 row",
        "app_news: not refused: the tenant role with an empty tenant sees: it touched 1 row",
      ]);
    }),
  );
});
