/** What the examiner finds although no attack is derived from it, because it is not there. */
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
