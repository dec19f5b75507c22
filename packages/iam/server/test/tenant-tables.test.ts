/** Whether every table is kept from other tenants: by the rule, found in the catalogue, and by what tenants then see. */
import { SqlState } from "@beep/db-admin";
import { Auth, IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { asService } from "../src/tenancy/asService.ts";

/** Tables outside organizations that state a policy of their own, with what a tenant may read of them. Tested below. */
const ownPolicies: Readonly<Record<string, ReadonlyArray<string>>> = {
  iam_organizations: ["id", "name", "slug", "logo", "metadata", "created_at", "updated_at", "version"],
  iam_users: ["id", "name", "email", "image"],
};

interface Relation {
  readonly name: string;
  readonly has_organization: boolean;
  readonly secured: boolean;
  readonly forced: boolean;
  /** What the tenant role may do with the whole of it, be it as a member of everybody. */
  readonly privileges: ReadonlyArray<string>;
  /** The columns that it may read, and those that it may write. */
  readonly readable: ReadonlyArray<string>;
  readonly writable: ReadonlyArray<string>;
  /** The policies that hold for it. */
  readonly policies: ReadonlyArray<string>;
}

const tenantSetting = "(SELECT cast(nullif(current_setting('iam.organization_id', true), '') as uuid))";

/** Everything with columns outside PostgreSQL's own schemas. */
const relationsOf = (client: PgClient) =>
  client<Relation>`
    select case when n.nspname = 'public' then '' else n.nspname || '.' end || t.relname as name,
      exists (
        select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organization_id' and a.attnotnull
          and a.atttypid = 'uuid'::regtype and not a.attisdropped
      ) as has_organization,
      t.relrowsecurity as secured, t.relforcerowsecurity as forced,
      array(
        select privilege from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
          privilege where has_table_privilege('iam_tenant', t.oid, privilege)
      ) as privileges,
      array(
        select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
          and has_column_privilege('iam_tenant', t.oid, a.attnum, 'SELECT') order by a.attname
      ) as readable,
      array(
        select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
          and has_column_privilege('iam_tenant', t.oid, a.attnum, 'INSERT, UPDATE, REFERENCES') order by a.attname
      ) as writable,
      array(
        select concat_ws(' ', p.polname, case when not p.polpermissive then 'restrictive' end, p.polcmd::text,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        from pg_policy p where p.polrelid = t.oid
          and (0 = any(p.polroles) or exists (
            select from unnest(p.polroles) role (oid) where role.oid <> 0 and pg_has_role('iam_tenant', role.oid, 'usage')
          )) order by p.polname
      ) as policies
    from pg_class t join pg_namespace n on n.oid = t.relnamespace
    where t.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname !~ '^pg_(toast|temp)' order by 1`;

/** How PostgreSQL writes the policy that keeps tenants apart; it is written alike for every table. */
const isolation = Effect.fnUntraced(function* (client: PgClient) {
  yield* client`create table rule (organization_id uuid)`;
  yield* client.unsafe(`create policy iam_tenant_isolation on rule to iam_tenant
    using (organization_id = ${tenantSetting}) with check (organization_id = ${tenantSetting})`);
  const rule = (yield* relationsOf(client)).find(({ name }) => name === "rule");
  yield* client`drop table rule`;
  return rule?.policies ?? [];
});

/** What is wrong with a table, and of which kind it is when nothing is. */
const judge = (relation: Relation, isolated: ReadonlyArray<string>): string => {
  const { forced, has_organization, name, policies, privileges, readable, secured, writable } = relation;
  if (privileges.length === 0 && readable.length === 0 && writable.length === 0) return "closed to tenants";
  const own = ownPolicies[name];
  if (!secured) return "tenants have privileges, and there is no row security";
  if (!forced) return "tenants have privileges, and row security is not forced";
  if (own !== undefined) {
    if (privileges.length > 0 || writable.length > 0) return "tenants may do more than read columns";
    if (readable.join() !== own.toSorted().join()) return `tenants may read ${readable.join(", ")}`;
    return policies.length === 1 ? "a policy of its own" : "there is not one policy for tenants";
  }
  if (!has_organization) return "tenants have privileges, and it has no organization_id";
  if (policies.join() !== isolated.join()) return "the policies for tenants are not the one that keeps them apart";
  return "kept apart";
};

const kinds = ["kept apart", "a policy of its own", "closed to tenants"];

/** The tables by what is to be said of them. */
const judgements = Effect.fnUntraced(function* (client: PgClient) {
  const isolated = yield* isolation(client);
  const relations = yield* relationsOf(client);
  return Object.fromEntries(relations.map((relation) => [relation.name, judge(relation, isolated)]));
});

/** What is wrong after a change, which is undone afterwards. */
const wrongAfter = (client: PgClient, ...change: ReadonlyArray<string>) => {
  let judged: Readonly<Record<string, string>> = {};
  return Effect.gen(function* () {
    for (const statement of change) yield* client.unsafe(statement);
    judged = yield* judgements(client);
    return yield* Effect.fail("undo" as const);
  }).pipe(
    client.withTransaction,
    Effect.catchIf(
      (error) => error === "undo",
      () => Effect.void,
    ),
    Effect.map(() => Object.entries(judged).filter(([, judgement]) => !kinds.includes(judgement))),
  );
};

const noRowSecurity = "tenants have privileges, and there is no row security";
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
  [["create view hole as select * from iam_sessions", "grant select on hole to iam_tenant"], "hole", noRowSecurity],

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
    it.effect("TEN-1: every table is kept apart, or closed to tenants, or has a policy of its own that is tested", () =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const judged = yield* judgements(yield* connect(adminUrl));
        const tables = (kind: string) => Object.keys(judged).filter((name) => judged[name] === kind);
        console.log(kinds.map((kind) => `${tables(kind).length} ${kind}`).join(", "));
        assert.deepStrictEqual(
          Object.entries(judged).filter(([, judgement]) => !kinds.includes(judgement)),
          [],
        );
        assert.sameMembers(tables("a policy of its own"), Object.keys(ownPolicies));
        assert.includeMembers(tables("kept apart"), ["iam_members", "iam_teams", "iam_team_members"]);
        assert.includeMembers(tables("closed to tenants"), ["iam_sessions", "iam_accounts", "drizzle.iam_migrations"]);
      }),
    );

    const changes = holes.map(([change, table, judgement]) => ({ change, sql: change.join("; "), table, judgement }));
    it.effect.each(changes)("TEN-1: the rule does not hold after $sql", ({ change, judgement, table }) =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const client = yield* connect(adminUrl);
        assert.deepStrictEqual(yield* wrongAfter(client, ...change), [[table, judgement]]);
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
          if (ownPolicies.iam_users?.includes(name)) assert.lengthOf(yield* read, 2);
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

    it.effect("TEN-1: a row's organization is the scope's, or follows from its parent; another one is refused", () =>
      Effect.gen(function* () {
        const { acme, ann, other } = yield* prepared("placed");
        const { adminUrl } = yield* TestDatabase;
        const { db } = yield* IamDb.IamDb;
        const { notificationPreference, team, teamMember } = IamDbSchema;
        const placed = { organizationId: teamMember.organizationId };
        const state = (effect: Effect.Effect<unknown, unknown, IamDb.Provided>) =>
          Effect.map(Effect.flip(effect), SqlState.of);

        // Inside an organization
        const within = Tenancy.within(acme.id);
        const [acmeTeam] = yield* within(db.insert(team).values({ name: "t" }).returning());
        assert.strictEqual(acmeTeam?.organizationId, acme.id);
        const foreign = db.insert(notificationPreference).values({ channel: "mail", organizationId: other.id });
        assert.strictEqual(yield* state(within(foreign)), SqlState.insufficientPrivilege);

        // As service
        const [otherTeam] = yield* asService(
          db.insert(team).values({ name: "t", organizationId: other.id }).returning({ id: team.id }),
        );
        if (acmeTeam === undefined || otherTeam === undefined) return yield* Effect.die("A team was not made.");
        const unplaced = db.insert(notificationPreference).values({ channel: "mail" });
        assert.strictEqual(yield* state(asService(unplaced)), "23502");

        const inTeam = (teamId: SharedEntityIds.TeamId, organizationId?: SharedEntityIds.OrganizationId) =>
          db.insert(teamMember).values({ teamId, userId: ann.id, ...(organizationId && { organizationId }) });
        const derived = yield* asService(inTeam(acmeTeam.id).returning({ ...placed, id: teamMember.id }));
        assert.strictEqual(derived[0]?.organizationId, acme.id);
        assert.isTrue(IamEntityIds.TeamMemberId.is(derived[0]?.id));
        const stated = yield* asService(inTeam(otherTeam.id, other.id).returning(placed));
        assert.strictEqual(stated[0]?.organizationId, other.id);
        yield* asService(db.delete(teamMember));

        // A contradiction, stated or by the scope, and a team that is not there
        assert.strictEqual(yield* state(asService(inTeam(acmeTeam.id, other.id))), SqlState.foreignKeyViolation);
        assert.strictEqual(yield* state(within(inTeam(otherTeam.id))), SqlState.foreignKeyViolation);
        assert.strictEqual(yield* state(asService(inTeam(SharedEntityIds.TeamId.create()))), "23502");

        // It is the trigger that derives it, and the foreign key that refuses.
        const admin = yield* connect(adminUrl);
        yield* admin`alter table iam_team_members disable trigger iam_place_in_organization`;
        assert.strictEqual(yield* state(asService(inTeam(acmeTeam.id))), "23502");
        yield* admin`alter table iam_team_members enable trigger iam_place_in_organization`;
        yield* admin`alter table iam_team_members drop constraint iam_team_members_organization_id_team_id_fk`;
        assert.lengthOf(yield* within(inTeam(otherTeam.id).returning(placed)), 1);
      }),
    );
  });
}
