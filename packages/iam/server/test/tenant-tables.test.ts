/** By which rule a table is kept from other tenants, and what tenants see of users, organizations and their own rows. */
import { SqlState } from "@beep/db-admin";
import { Auth, IamDb } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { asService } from "../src/tenancy/asService.ts";

/** What the rule finds wrong after a change, which is undone afterwards. */
const wrongAfter = (client: PgClient, change: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const statement of change) yield* client.unsafe(statement);
    return yield* Effect.fail(yield* Isolation.classify({ admin: Isolation.administrator(client) }));
  }).pipe(
    client.withTransaction,
    Effect.flip,
    Effect.map((tables) =>
      tables instanceof Map
        ? [...tables].flatMap(([table, judged]) => (judged._tag === "Wrong" ? [[table, judged.says]] : []))
        : [["nothing was judged", SqlState.message(tables)]],
    ),
  );

/** What a tenant may read of the users. */
const publicColumns = ["id", "name", "email", "image"];

const noRowSecurity = "tenants have privileges, and there is no row security";
const ownersView = "tenants may read a view, which reads under its owner's rights";
const noOrganization = "tenants have privileges, and it has no organization_id";
const notApart = "the policies for tenants are not the one that keeps them apart";

/** Changes after which the rule must not hold: the statements, the table that is wrong, and what is said of it. */
const holes: ReadonlyArray<readonly [ReadonlyArray<string>, string, string]> = [
  // Tables that nobody made with the factories
  [["create table hole (organization_id uuid not null)", "grant select on hole to iam_tenant"], "hole", noRowSecurity],
  [
    [
      "create table hole (organization_id uuid not null)",
      "alter table hole enable row level security",
      "alter table hole force row level security",
      "grant select on hole to iam_tenant",
    ],
    "hole",
    notApart,
  ],
  [
    [
      "create table hole (n int)",
      "alter table hole enable row level security",
      "alter table hole force row level security",
      "grant select on hole to iam_tenant",
    ],
    "hole",
    noOrganization,
  ],
  [["create table hole (n int)", "grant select on hole to iam_tenant"], "hole", noRowSecurity],
  [["create table hole (n int)", "grant select (n) on hole to iam_tenant"], "hole", noRowSecurity],
  [["create table hole (n int)", "grant insert (n) on hole to iam_tenant"], "hole", noRowSecurity],
  [["create table hole (n int)", "grant truncate on hole to iam_tenant"], "hole", noRowSecurity],
  [["create table hole (n int)", "grant select on hole to public"], "hole", noRowSecurity],
  [
    ["create schema other", "create table other.hole (n int)", "grant select on other.hole to iam_tenant"],
    "other.hole",
    noRowSecurity,
  ],
  [["create view hole as select * from iam_sessions", "grant select on hole to iam_tenant"], "hole", ownersView],
  [
    [
      "create view hole with (security_invoker = off) as select * from iam_members",
      "create view whole with (security_invoker = on) as select * from iam_members",
      "grant select on hole, whole to iam_tenant",
    ],
    "hole",
    ownersView,
  ],
  [
    ["create materialized view hole as select * from iam_members", "grant select (id) on hole to public"],
    "hole",
    ownersView,
  ],

  [
    [
      "create table hole (n int)",
      "alter table hole enable row level security",
      "alter table hole force row level security",
      "create policy iam_tenant_reads on hole for select to iam_tenant using (true)",
      "grant select (n) on hole to iam_tenant",
    ],
    "hole",
    "it states a policy of its own, of which nothing is expected",
  ],

  // Tables of organizations
  [["drop policy iam_tenant_isolation on iam_members"], "iam_members", notApart],
  [["alter table iam_members disable row level security"], "iam_members", noRowSecurity],
  [
    ["alter table iam_members no force row level security"],
    "iam_members",
    "tenants have privileges, and row security is not forced",
  ],
  [["alter policy iam_tenant_isolation on iam_members using (true)"], "iam_members", notApart],
  [["alter policy iam_tenant_isolation on iam_members with check (true)"], "iam_members", notApart],
  [["create policy hole on iam_members using (true)"], "iam_members", notApart],
  [["create policy hole on iam_members for insert to iam_tenant with check (true)"], "iam_members", notApart],
  [["alter policy iam_service_all on iam_members to iam_service, iam_tenant"], "iam_members", notApart],
  [["alter table iam_members alter organization_id drop not null"], "iam_members", noOrganization],

  // Tables of no organization
  [["grant select on iam_rate_limits to iam_tenant"], "iam_rate_limits", noOrganization],
  [["grant select (token) on iam_sessions to iam_tenant"], "iam_sessions", noOrganization],
  [["grant select on iam_users to iam_tenant"], "iam_users", "tenants may do more than read columns"],
  [["grant update (name) on iam_users to iam_tenant"], "iam_users", "tenants may do more than read columns"],
  [["grant select (role) on iam_users to iam_tenant"], "iam_users", "tenants may read email, id, image, name, role"],
  [["create policy hole on iam_users using (true)"], "iam_users", "there is not one policy for tenants"],
  [["drop policy iam_tenant_reads on iam_organizations"], "iam_organizations", "there is not one policy for tenants"],
];

const uuidOf = SharedEntityIds.OrganizationId.toUuid;

/** Statements inside an organization by SQL, as its tenant. */
const inside = Effect.fnUntraced(function* (organizationId: SharedEntityIds.OrganizationId | undefined) {
  const { appUrl } = yield* TestDatabase;
  const client = yield* connect(appUrl);
  const setting = organizationId === undefined ? "" : uuidOf(organizationId);
  yield* client`select set_config('role', 'iam_tenant', false), set_config('iam.organization_id', ${setting}, false)`;
  return client;
});

const refusal = (effect: Effect.Effect<unknown, SqlError>) => Effect.map(Effect.flip(effect), SqlState.of);

/** Ann's organization, of which carol is a member too, and bob's. */
const prepared = Effect.fnUntraced(function* (prefix: string) {
  const { api } = yield* Auth.Auth;
  const [ann, bob, carol] = yield* Effect.forEach(["ann", "bob", "carol"], (name) =>
    IamTest.signedUp(`${prefix}-${name}`),
  );
  if (ann === undefined || bob === undefined || carol === undefined) return yield* Effect.die("Three users were made.");
  const acme = yield* IamTest.organizationOf(ann, `${prefix}-acme`);
  const other = yield* IamTest.organizationOf(bob, `${prefix}-other`);
  yield* api.addMember({ body: { userId: carol.id, role: "member", organizationId: acme.id } });
  return { ann, bob, carol, acme, other };
});

for (const major of TestDatabase.majors) {
  layer(IamTest.postgres({ major }))(`on PostgreSQL ${major}`, (it) => {
    const changes = holes.map(([change, table, judgement]) => ({ change, sql: change.join("; "), table, judgement }));
    it.effect.each(changes)("TEN-1: the rule does not hold after $sql", ({ change, judgement, table }) =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const client = yield* connect(adminUrl);
        assert.deepStrictEqual(yield* wrongAfter(client, change), [[table, judgement]]);
      }),
    );

    it.effect("TEN-1: a tenant sees its members among the users, their public columns only, and changes none", () =>
      Effect.gen(function* () {
        const { acme, ann, bob, carol, other } = yield* prepared("users");
        const { adminUrl } = yield* TestDatabase;
        const admin = yield* connect(adminUrl);
        const [acmeClient, otherClient, nowhere] = yield* Effect.all([
          inside(acme.id),
          inside(other.id),
          inside(undefined),
        ]);
        const emails = (client: PgClient) =>
          Effect.map(client<{ email: string }>`select email from iam_users order by email`, (rows) =>
            rows.map((row) => row.email),
          );
        assert.deepStrictEqual(yield* emails(acmeClient), [ann.email, carol.email]);
        assert.deepStrictEqual(yield* emails(otherClient), [bob.email]);
        assert.deepStrictEqual(yield* emails(nowhere), []);
        assert.deepStrictEqual(yield* acmeClient`select id from iam_users where email = ${bob.email}`, []);

        const columns = yield* admin<{ name: string }>`
          select attname as name from pg_attribute where attrelid = 'iam_users'::regclass and attnum > 0`;
        for (const { name } of columns) {
          const read = acmeClient`select ${acmeClient(name)} from iam_users`;
          if (publicColumns.includes(name)) assert.lengthOf(yield* read, 2);
          else assert.strictEqual(yield* refusal(read), SqlState.insufficientPrivilege, name);
        }
        for (const statement of [
          "select * from iam_users",
          "select from iam_users where role = 'admin'",
          "update iam_users set name = 'x'",
          "delete from iam_users",
          "insert into iam_users (id, name, email) values (gen_random_uuid(), 'x', 'x')",
          "truncate iam_users cascade",
        ]) {
          assert.strictEqual(yield* refusal(acmeClient.unsafe(statement)), SqlState.insufficientPrivilege, statement);
        }

        // Who leaves is not seen any more.
        yield* admin`delete from iam_members where user_id = ${SharedEntityIds.UserId.toUuid(carol.id)}`;
        assert.deepStrictEqual(yield* emails(acmeClient), [ann.email]);

        // It is the policy that does it, and with it the policy of the memberships that it asks.
        for (const table of ["iam_users", "iam_members"]) {
          yield* admin.unsafe(`alter table ${table} disable row level security`);
          assert.include(yield* emails(acmeClient), bob.email, table);
          yield* admin.unsafe(`alter table ${table} enable row level security`);
        }
      }),
    );

    it.effect("TEN-1: a tenant sees its own organization, and changes none", () =>
      Effect.gen(function* () {
        const { acme, other } = yield* prepared("own");
        const { adminUrl } = yield* TestDatabase;
        const admin = yield* connect(adminUrl);
        const [acmeClient, otherClient, nowhere] = yield* Effect.all([
          inside(acme.id),
          inside(other.id),
          inside(undefined),
        ]);
        const slugs = (client: PgClient) =>
          Effect.map(client<{ slug: string }>`select slug from iam_organizations`, (rows) =>
            rows.map((row) => row.slug),
          );
        assert.deepStrictEqual(yield* slugs(acmeClient), ["own-acme"]);
        assert.deepStrictEqual(yield* slugs(otherClient), ["own-other"]);
        assert.deepStrictEqual(yield* slugs(nowhere), []);
        assert.lengthOf(yield* acmeClient`select * from iam_organizations`, 1);
        assert.deepStrictEqual(yield* acmeClient`select id from iam_organizations where id = ${uuidOf(other.id)}`, []);
        for (const statement of [
          "update iam_organizations set name = 'x'",
          "delete from iam_organizations",
          "insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'x', 'x')",
          "truncate iam_organizations cascade",
        ]) {
          assert.strictEqual(yield* refusal(acmeClient.unsafe(statement)), SqlState.insufficientPrivilege, statement);
        }
        yield* admin.unsafe("alter table iam_organizations disable row level security");
        assert.include(yield* slugs(acmeClient), "own-other");
        yield* admin.unsafe("alter table iam_organizations enable row level security");
      }),
    );

    it.effect("TEN-1: a row whose organization is not stated, and follows from nothing, is refused", () =>
      Effect.gen(function* () {
        const { ann } = yield* prepared("placed");
        const { db } = yield* IamDb.IamDb;
        const { notificationPreference, teamMember } = IamDbSchema;
        const state = (effect: Effect.Effect<unknown, unknown, IamDb.Provided>) =>
          Effect.map(Effect.flip(asService(effect)), SqlState.of);
        const inNoTeam = { teamId: SharedEntityIds.TeamId.create(), userId: ann.id };
        assert.strictEqual(yield* state(db.insert(notificationPreference).values({ channel: "mail" })), "23502");
        assert.strictEqual(yield* state(db.insert(teamMember).values(inNoTeam)), "23502");
      }),
    );
  });
}
