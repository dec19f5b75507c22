/** Whether tenants are kept apart, in every table and by every way to the database. */
import { Migrations } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import * as Pg from "@effect/sql-pg/PgClient";
import { afterAll, assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Reactivity from "effect/reactivity/Reactivity";

// Thousands of attempts, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const reports: Array<Isolation.Report> = [];
const mutations: Array<Isolation.Mutation> = [];

afterAll(() => console.log(Isolation.report(reports, mutations[0])));

const administrator = Effect.gen(function* () {
  const { adminUrl } = yield* TestDatabase;
  return Isolation.administrator(yield* connect(adminUrl));
});

/** Runs the suite one way, and demands that every attack was refused and every right granted. */
const examined = Effect.fnUntraced(function* (options: Isolation.Options & Isolation.Way) {
  const report = yield* Isolation.examine(options);
  reports.push(report);
  yield* Isolation.assertIsolated(report);
  return report;
});

/** A pool without pipelining, as `IamDb` has it with. */
const unpipelined = Effect.gen(function* () {
  const { appUrl } = yield* TestDatabase;
  return yield* Pg.make({ url: appUrl, maxConnections: 4, multiplex: false });
}).pipe(Effect.provide(Reactivity.layer));

const few = IamTest.configured({ IAM_DATABASE_CONNECTIONS: "4" });

for (const major of TestDatabase.majors) {
  const name = `PostgreSQL ${major}`;
  layer(Layer.provideMerge(few, TestDatabase.layer({ major })), { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
      Effect.gen(function* () {
        const admin = yield* administrator;
        // The newest is asked about every pair of three, others whether they answer alike.
        const direct = { admin, way: name, tenants: major === 18 ? 3 : 2, concurrency: 4 };
        const report = yield* examined(direct).pipe(Effect.provideServiceEffect(Pg.PgClient, unpipelined));
        for (const { attacks, kind, rights } of report.lines) {
          assert.isAbove(attacks, 10);
          // The services have few functions, and everybody else none.
          assert.isAbove(rights, kind === "a function closed to tenants" ? 1 : 10);
        }

        const tables = (kind: string) => [...report.tables].flatMap(([table, of]) => (of === kind ? [table] : []));
        assert.includeMembers(tables("kept apart"), ["iam_members", "iam_teams", "iam_team_members"]);
        assert.includeMembers(tables("closed to tenants"), ["iam_sessions", "iam_accounts", "drizzle.iam_migrations"]);
        assert.deepStrictEqual(tables("a policy of its own"), ["iam_organizations", "iam_users"]);
      }),
    );
    if (major !== 18) return;

    it.effect("TEN-1, TEN-2: nor when statements of several tenants are on their way at once, on few connections", () =>
      Effect.gen(function* () {
        const admin = yield* administrator;
        yield* examined({ admin, way: `${name}, pipelined`, concurrency: 12 });
      }),
    );

    it.effect("TEN-3: taking away any single control is seen", () =>
      Effect.gen(function* () {
        const admin = yield* administrator;
        const mutation = yield* Isolation.mutate({ admin });
        mutations.push(mutation);
        yield* Isolation.assertIsolated(mutation);
        const byKind = Map.groupBy(mutation.mutants, ({ kind }) => kind);
        assert.deepStrictEqual(
          Object.fromEntries([...byKind].map(([kind, mutants]) => [kind, mutants.length])),
          Object.fromEntries(mutation.counted),
        );
        assert.deepStrictEqual(mutation.survivors, []);
      }),
    );
  });
}

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

/** One session for everybody, so that nobody waits for what was changed in its transaction, which is undone. */
const examinedAfter = Effect.fnUntraced(function* (
  change: ReadonlyArray<string>,
  options: Omit<Isolation.Options, "admin"> = {},
) {
  const { adminUrl } = yield* TestDatabase;
  const client = yield* connect(adminUrl);
  const login = client`set local session authorization iam_app`;
  const admin: Isolation.Administrator = {
    client,
    transaction: (effect) =>
      client.withTransaction(
        client`set local session authorization default`.pipe(
          Effect.andThen(effect),
          // What is not undone leaves its settings behind.
          Effect.tap(() => login),
        ),
      ),
  };
  const examining = Effect.gen(function* () {
    for (const statement of change) yield* client.unsafe(statement);
    yield* login;
    const report = yield* Isolation.examine({ admin, tenants: 2, ...options });
    return yield* Effect.fail(report);
  });
  const { findings, tables } = yield* examining.pipe(
    Effect.provideService(Pg.PgClient, client),
    client.withTransaction,
    Effect.catchTag("SqlError", Effect.die),
    Effect.flip,
  );
  return { tables, says: findings.map(({ says, table }) => `${table}: ${says}`) };
});

const key = "iam_team_members_organization_id_team_id_fk";
const unsaid = "iam_team_members: team_id refers to iam_teams, and no foreign key says so";
const sightless = "it has no policy iam_service_all, so that the services see nothing in it";
const unbound = (owner: string) => `tenants may run a function as ${owner}, whom row security does not bind`;

/** What no attack is derived from, because it is not there. */
const handMade = [
  `create table app_settings (
    team_id uuid primary key, organization_id uuid not null references iam_organizations,
    reviewer uuid not null, external_id uuid, member uuid references iam_members, active_team_member_id uuid,
    user_id uuid references iam_users
  )`,
  `with organization as (
      insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'kept', 'kept') returning id
    ), team as (
      insert into iam_teams (id, organization_id, name) select gen_random_uuid(), id, 'kept' from organization returning *
    ) insert into app_settings (team_id, organization_id, reviewer) select gen_random_uuid(), organization_id, id from team`,
];

layer(IamTest.postgres(), { excludeTestServices: true })("what is not there", (it) => {
  it.effect("TEN-1: a foreign key of ours that is gone is found by name, and one service that sees nothing", () =>
    Effect.gen(function* () {
      const { says } = yield* examinedAfter([
        `alter table iam_team_members drop constraint ${key}`,
        "drop policy iam_service_all on iam_organization_roles",
      ]);
      assert.sameMembers(says, [unsaid, `iam_organization_roles: ${sightless}`]);
    }),
  );

  it.effect("TEN-1: so is one over the id alone", () =>
    Effect.gen(function* () {
      const { says } = yield* examinedAfter([
        `alter table iam_team_members drop constraint ${key},
          add constraint ${key} foreign key (team_id) references iam_teams (id)`,
      ]);
      assert.include(says, `iam_team_members: the foreign key ${key} refers to iam_teams without the organization`);
    }),
  );

  it.effect(
    "TEN-1: in tables made by hand too, by a column's name and by what it holds, unless the team says why",
    () =>
      Effect.gen(function* () {
        const team = "team_id refers to iam_teams, and no foreign key says so";
        const found = [
          sightless,
          "the foreign key app_settings_member_fkey refers to iam_members without the organization",
          team,
          "reviewer refers to iam_teams, and no foreign key says so",
          "active_team_member_id refers to iam_team_members, and no foreign key says so",
        ];
        const ofSettings = ({ says }: { readonly says: ReadonlyArray<string> }) =>
          says.flatMap((text) => (text.startsWith("app_settings: ") ? [text.slice("app_settings: ".length)] : []));
        assert.sameMembers(ofSettings(yield* examinedAfter(handMade)), found);
        const unreferenced = { "app_settings.team_id": "outlives its team", "app_settings.gone": "was there" };
        const stated = yield* examinedAfter(handMade, { unreferenced });
        assert.sameMembers(
          ofSettings(stated),
          found.filter((says) => says !== team),
        );
        assert.include(stated.says, "app_settings.gone: unreferenced names it, and it is not there");
      }),
  );

  it.effect(
    "TEN-1: a function that a tenant may run as somebody who is not bound is found, unless the team says why",
    () =>
      Effect.gen(function* () {
        const definer = (name: string, rest = "returns bigint language sql as 'select count(*) from iam_members'") =>
          `create function ${name} ${rest} security definer`;
        const change = [
          "create role app_bound",
          "grant create on schema public to iam_owner_of_test, app_bound",
          definer("app_count()"),
          definer("app_count(organization uuid)"),
          definer("app_by_owner()"),
          "alter function app_by_owner() owner to iam_owner_of_test",
          definer("app_by_services()"),
          "alter function app_by_services() owner to iam_service",
          definer("app_bound()"),
          "alter function app_bound() owner to app_bound",
          definer("app_revoked()"),
          "revoke execute on function app_revoked() from public",
          definer("app_row()", "returns trigger language plpgsql as 'begin return new; end'"),
          "create function app_invoker() returns bigint language sql as 'select count(*) from iam_members'",
        ];
        const [owner] = yield* (yield* administrator).client<{ name: string }>`
        select tableowner as name from pg_tables where tablename = 'iam_members'`;
        const name = owner?.name ?? "";
        const { says } = yield* examinedAfter(
          ["grant create on schema public to iam_service", ...change].map((statement) =>
            statement.replaceAll("iam_owner_of_test", name),
          ),
          { functions: { "app_count(uuid)": "a number, for a page of prices", "app_gone()": "was there" } },
        );
        const [superuser] = yield* (yield* administrator).client<{ name: string }>`select current_user as name`;
        assert.sameMembers(says, [
          `app_count(): ${unbound(superuser?.name ?? "")}`,
          `app_by_owner(): ${unbound(name)}`,
          `app_by_services(): ${unbound("iam_service")}`,
          "app_gone(): functions names it, and it is not there",
        ]);
      }),
  );

  it.effect("TEN-1: a view is judged by whose rights it reads under", () =>
    Effect.gen(function* () {
      const { says, tables } = yield* examinedAfter([
        "create view app_mine with (security_invoker) as select * from iam_members",
        "create view app_all as select * from iam_members",
        "grant select on app_mine, app_all to iam_tenant",
      ]);
      assert.strictEqual(tables.get("app_mine"), "a view of what its reader may see");
      assert.include(says, "app_all: tenants may read a view, which reads under its owner's rights");
      assert.deepStrictEqual(
        says.filter((text) => !text.startsWith("app_all: ")),
        [],
      );
    }),
  );
});

for (const { name, layer: pooled } of IamTest.poolers) {
  layer(pooled, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
      Effect.gen(function* () {
        yield* examined({ admin: yield* administrator, way: name, tenants: 2, concurrency: 8 });
      }),
    );
  });
}

layer(IamTest.embedded, { excludeTestServices: true })("on the embedded database", (it) => {
  it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
    Effect.gen(function* () {
      const admin = Isolation.administratorOfEmbedded(yield* Pg.PgClient);
      yield* examined({ admin, way: "embedded", tenants: 2 });
    }),
  );
});
