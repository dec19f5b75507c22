/** The plans of what is asked of a tenant all the time, among as many rows as a large installation has. */
import { Cursor } from "@beep/iam-domain";
import { type Iam, Invitations, Members, Organizations, Roles, Teams, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { organizationSetting } from "@beep/shared-tables";
import { connect, IamTest, Plans, Population, type Statements, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { and, asc, eq, gt } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/pg-core";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { inSession } from "./organizations/people.ts";
import { Sent } from "./support/Sent.ts";

const { invitation, member, teamMember, user } = IamDbSchema;

/** Carries a plan out of a transaction, and makes that roll back. */
class Changed extends Data.TaggedError("Changed")<{ readonly plan: Plans.Plan }> {}

/** The database with its rows, the application's login in it, and its superuser. */
class Filled extends Context.Service<
  Filled,
  { readonly population: Population.Population; readonly client: PgClient; readonly admin: PgClient }
>()("test/Filled") {}

/** A user in more organizations than a page shows, and invited into as many others. */
const guest = 200_001;

const addGuest = Effect.fnUntraced(function* (admin: PgClient) {
  yield* admin.unsafe(`
    insert into iam_users (id, name, email, email_verified)
    values (${Population.sqlUuid(`${guest}`)}, 'Guest', 'guest@example.com', true)`);
  yield* admin.unsafe(`
    insert into iam_members (id, organization_id, user_id)
    select ${Population.sqlUuid(`${guest} + n`)}, ${Population.sqlUuid("n")}, ${Population.sqlUuid(`${guest}`)}
    from generate_series(101, 200) n`);
  yield* admin.unsafe(`
    insert into iam_invitations (id, organization_id, email, role, status, expires_at, inviter_id)
    select ${Population.sqlUuid(`${guest} + n`)}, organization_id, 'guest@example.com', 'member', 'pending',
      now() + interval '2 days', user_id
    from generate_series(201, 300) n
    join iam_members on organization_id = ${Population.sqlUuid("n")} and role = 'owner'`);
});

/** Roles, as every organization may define some: in the big one more than a page shows. */
const addRoles = (admin: PgClient) =>
  admin.unsafe(`
    insert into iam_organization_roles (id, organization_id, role, permission)
    select ${Population.sqlUuid("n")}, ${Population.sqlUuid("case when n % 10 = 0 then 1 else 1 + n % 1000 end")},
      'role-' || n, '{}'
    from generate_series(1, 1000) n`);

const filled = Layer.effect(
  Filled,
  Effect.gen(function* () {
    const { adminUrl, appUrl } = yield* TestDatabase;
    const admin = yield* connect(adminUrl);
    const population = yield* Population.make(admin);
    yield* addGuest(admin);
    yield* addRoles(admin);
    yield* admin`vacuum analyze iam_users, iam_members, iam_invitations, iam_organization_roles`;
    return { population, client: yield* connect(appUrl), admin };
  }),
);

const PAGE = 50;

/** From the middle of the organization's members on: the first page is the easiest. */
const middleOf = ({ members }: Population.Population) => members[members.length / 2] ?? assert.fail("There is none.");

const query = new QueryBuilder();

const pageAfter = (population: Population.Population) =>
  query
    .select()
    .from(member)
    .where(gt(member.id, middleOf(population).id))
    .orderBy(asc(member.id))
    .limit(PAGE);

/** What is asked, and what is looked at for it. */
interface Hot {
  readonly statement: (population: Population.Population) => Plans.Statement;
  /** The index by which each table is reached. */
  readonly by: Readonly<Record<string, string>>;
  readonly rows: number;
}

const hot: Readonly<Record<string, Hot>> = {
  "a page of members": {
    statement: (population) => pageAfter(population).toSQL(),
    by: { iam_members: "iam_members_organization_id_id_unique" },
    rows: PAGE,
  },
  "a page of members with their users": {
    statement: (population) =>
      query
        .select({ id: member.id, role: member.role, name: user.name, email: user.email })
        .from(member)
        .innerJoin(user, eq(user.id, member.userId))
        .where(gt(member.id, middleOf(population).id))
        .orderBy(asc(member.id))
        .limit(PAGE)
        .toSQL(),
    by: { iam_members: "iam_members_organization_id_id_unique", iam_users: "iam_users_pkey" },
    // The member, the user, and by the policy of users the member again.
    rows: 3 * PAGE,
  },
  "the membership of a user": {
    statement: (population) =>
      query
        .select()
        .from(member)
        .where(eq(member.userId, middleOf(population).userId))
        .toSQL(),
    by: { iam_members: "iam_members_user_id_idx" },
    rows: 1,
  },
  "the members of a team": {
    statement: ({ teamId }) => query.select().from(teamMember).where(eq(teamMember.teamId, teamId)).toSQL(),
    by: { iam_team_members: "iam_team_members_organization_id_team_id_id_idx" },
    rows: 500,
  },
  "pending invitations": {
    statement: () =>
      query
        .select()
        .from(invitation)
        .where(eq(invitation.status, "pending"))
        .orderBy(asc(invitation.id))
        .limit(PAGE)
        .toSQL(),
    by: { iam_invitations: "iam_invitations_organization_id_status_id_idx" },
    rows: PAGE,
  },
  "a user who is visible": {
    statement: (population) =>
      query
        .select({ id: user.id, name: user.name })
        .from(user)
        .where(eq(user.id, middleOf(population).userId))
        .toSQL(),
    by: { iam_users: "iam_users_pkey" },
    rows: 2,
  },
  "visible users, by their keys, in SQL": {
    statement: ({ members }) => ({
      sql: "select id, name, email from iam_users where id in ($1, $2, $3)",
      params: members.slice(0, 3).map(({ userId }) => SharedEntityIds.UserId.toUuid(userId)),
    }),
    by: { iam_users: "iam_users_pkey" },
    rows: 6,
  },
};

/** The same, where it names its organization itself, as it has to without row security. */
const named: Readonly<Record<string, { readonly table: string; readonly statement: Hot["statement"] }>> = {
  "a page of members": {
    table: "iam_members",
    statement: (population) =>
      query
        .select()
        .from(member)
        .where(and(eq(member.organizationId, population.organizationId), gt(member.id, middleOf(population).id)))
        .orderBy(asc(member.id))
        .limit(PAGE)
        .toSQL(),
  },
  "the members of a team": {
    table: "iam_team_members",
    statement: ({ organizationId, teamId }) =>
      query
        .select()
        .from(teamMember)
        .where(and(eq(teamMember.organizationId, organizationId), eq(teamMember.teamId, teamId)))
        .toSQL(),
  },
  "pending invitations": {
    table: "iam_invitations",
    statement: ({ organizationId }) =>
      query
        .select()
        .from(invitation)
        .where(and(eq(invitation.organizationId, organizationId), eq(invitation.status, "pending")))
        .orderBy(asc(invitation.id))
        .limit(PAGE)
        .toSQL(),
  },
};

/** What a service does, and what is looked at for it. */
interface Operation {
  readonly run: (population: Population.Population) => Effect.Effect<unknown, unknown, Iam.Provided>;
  /** Which of its statements is meant, where it sends several. */
  readonly statement: RegExp;
  readonly by: Readonly<Record<string, string>>;
  readonly rows: number;
}

const asOwner = ({ organizationId, owner }: Population.Population) =>
  Tenancy.as(inSession(owner.userId, IamEntityIds.SessionId.create()), organizationId);

const guestUser = inSession(SharedEntityIds.UserId.fromUuid(Population.uuidOf(guest)), IamEntityIds.SessionId.create());

const membersPage = (position: (population: Population.Population) => string | undefined): Operation["run"] =>
  Effect.fnUntraced(function* (population) {
    const members = yield* Members.Members;
    const after = position(population);
    const of = { list: "members", owner: population.organizationId, order: "oldest" } as const;
    const cursor = after === undefined ? undefined : Cursor.make(of, after);
    return yield* asOwner(population)(members.list({ limit: PAGE, cursor }));
  });

const ofMembers = {
  statement: /from "iam_members" inner join "iam_users"/,
  by: { iam_members: "iam_members_organization_id_id_unique", iam_users: "iam_users_pkey" },
  // A row more than is shown tells whether there is a next page.
  rows: 3 * (PAGE + 1),
};

const admitting = {
  by: { iam_organizations: "iam_organizations_pkey" },
  // The organization, the member, and the roles that the organization defined.
  rows: 2 + 100,
};

const operations: Readonly<Record<string, Operation>> = {
  "Members.list, the first page": { ...ofMembers, run: membersPage(() => undefined) },
  "Members.list, from the middle on": { ...ofMembers, run: membersPage((population) => middleOf(population).id) },
  "Teams.list": {
    run: (population) => Effect.flatMap(Teams.Teams, ({ list }) => asOwner(population)(list({ limit: PAGE }))),
    statement: /from "iam_teams"/,
    by: { iam_teams: "iam_teams_organization_id_id_unique" },
    rows: 20,
  },
  "Teams.members": {
    run: (population) =>
      Effect.flatMap(Teams.Teams, ({ members }) => asOwner(population)(members(population.teamId, { limit: PAGE }))),
    statement: /from "iam_team_members" inner join "iam_users"/,
    by: { iam_team_members: "iam_team_members_organization_id_team_id_id_idx", iam_users: "iam_users_pkey" },
    rows: 3 * (PAGE + 1),
  },
  "Roles.list": {
    run: (population) => Effect.flatMap(Roles.Roles, ({ list }) => asOwner(population)(list({ limit: PAGE }))),
    statement: /from "iam_organization_roles"/,
    by: { iam_organization_roles: "iam_organization_roles_organization_id_id_unique" },
    rows: PAGE + 1,
  },
  "Invitations.list": {
    run: (population) =>
      Effect.flatMap(Invitations.Invitations, ({ list }) => asOwner(population)(list({ limit: PAGE }))),
    statement: /from "iam_invitations"/,
    by: { iam_invitations: "iam_invitations_organization_id_id_unique" },
    rows: PAGE + 1,
  },
  "Invitations.received": {
    run: () => Effect.flatMap(Invitations.Invitations, ({ received }) => received(guestUser, { limit: PAGE })),
    statement: /from "iam_invitations"/,
    by: { iam_invitations: "iam_invitations_email_idx", iam_users: "iam_users_pkey" },
    // All that the address was ever invited to, and of those each organization, inviter, and the inviter's membership.
    rows: 1 + 4 * 100,
  },
  "Organizations.ofUser": {
    run: () => Effect.flatMap(Organizations.Organizations, ({ ofUser }) => ofUser(guestUser, { limit: PAGE })),
    statement: /from "iam_organizations"/,
    by: { iam_organizations: "iam_organizations_pkey", iam_members: "iam_members_user_id_idx" },
    // All memberships, to find those that come first; among few organizations, those of others in between.
    rows: 100 + 151,
  },
  "Tenancy.admit": {
    ...admitting,
    run: (population) => asOwner(population)(Effect.void),
    statement: /from iam_organizations o/,
  },
  "Tenancy.admit, with a lock": {
    ...admitting,
    run: (population) => asOwner(population)(Tenancy.changing({})(Effect.void)),
    statement: /for no key update of o/,
  },
};

/** What is read in the organization's name, and so by the setting; the others are the services' own. */
const isTenants = (sent: ReadonlyArray<Statements.Sent>) =>
  sent.findLast(({ purpose }) => purpose === "scope")?.params.some(({ value }) => value === "iam_tenant") ?? false;

for (const major of TestDatabase.majors) {
  const database = IamTest.onDatabase.pipe(
    Layer.provideMerge(filled),
    Layer.provideMerge(Sent.watched),
    Layer.provide(TestDatabase.layer({ major })),
  );
  layer(database, { excludeTestServices: true })(`on PostgreSQL ${major}`, (it) => {
    for (const [name, { by, rows, statement }] of Object.entries(hot)) {
      it.effect(`TEN-5: ${name} reads the setting once, and the index`, () =>
        Effect.gen(function* () {
          const { client, population } = yield* Filled;
          for (const way of Plans.ways) {
            const plan = yield* Plans.explain(client, population.organizationId, statement(population), way);
            Plans.readsSettingOnce(plan);
            Plans.looksAtMost(plan, rows);
            for (const [table, index] of Object.entries(by)) {
              Plans.usesIndex(plan, table, index);
              Plans.scansNoWhole(plan, table);
            }
          }
        }),
      );
    }

    for (const [name, { by, rows, run, statement }] of Object.entries(operations)) {
      it.effect(`TEN-5: ${name} reads the index, and no more than it shows`, () =>
        Effect.gen(function* () {
          const { client, population } = yield* Filled;
          const { during } = yield* Sent;
          const { sent } = yield* during(run(population));
          const at = sent.findIndex(({ text }) => statement.test(text));
          const meant =
            sent[at] ?? assert.fail(`It sends no such statement, but\n${sent.map(({ text }) => text).join("\n")}`);
          const before = sent.slice(0, at);
          for (const way of Plans.ways) {
            const plan = yield* Plans.explainSent(client, before, meant, way);
            if (isTenants(before)) Plans.readsSettingOnce(plan);
            Plans.looksAtMost(plan, rows);
            for (const [table, index] of Object.entries(by)) Plans.usesIndex(plan, table, index);
            for (const table of ["iam_members", "iam_users", "iam_invitations", "iam_organizations"]) {
              Plans.scansNoWhole(plan, table);
            }
          }
        }),
      );
    }

    /** The plan of a statement once the superuser has changed something, which is undone. */
    const planOf = (asked: Hot["statement"], ...changes: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const { admin, population } = yield* Filled;
        return yield* Effect.forEach(changes, (change) => admin.unsafe(change)).pipe(
          Effect.andThen(Plans.explain(admin, population.organizationId, asked(population))),
          Effect.flatMap((plan) => Effect.fail(new Changed({ plan }))),
          admin.withTransaction,
          Effect.catchTag("Changed", ({ plan }) => Effect.succeed(plan)),
        );
      });

    /** The same of what is asked all the time. */
    const planAfter = (name: string, ...changes: ReadonlyArray<string>) =>
      planOf(hot[name]?.statement ?? assert.fail(`${name} is not asked.`), ...changes);

    it.effect.each(Object.entries(named))(
      "TEN-7: for %s row security looks at no more rows than who names the organization",
      ([name, { table, statement }]) =>
        Effect.gen(function* () {
          const secured = Plans.rowsLookedAt(yield* planAfter(name));
          const open = Plans.rowsLookedAt(yield* planOf(statement, `alter table ${table} disable row level security`));
          assert.isAbove(open, 0);
          assert.isAtMost(secured, open);
        }),
    );

    it.effect("TEN-5: a policy that reads the setting for each row, or no policy, would be found", () =>
      Effect.gen(function* () {
        Plans.readsSettingOnce(yield* planAfter("a page of members"));
        const perRow = yield* planAfter(
          "a page of members",
          `alter policy iam_tenant_isolation on iam_members
           using (organization_id = cast(nullif(current_setting('${organizationSetting}', true), '') as uuid))`,
        );
        assert.throws(() => Plans.readsSettingOnce(perRow), /reads the setting otherwise than once/);
        const none = yield* planAfter("a page of members", "alter table iam_members disable row level security");
        assert.throws(() => Plans.readsSettingOnce(none), /reads the setting otherwise than once/);
      }),
    );

    it.effect("TEN-5: a policy that reads all members to find some would be found", () =>
      Effect.gen(function* () {
        const few = "visible users, by their keys, in SQL";
        // As vacuum leaves the table once nobody writes to it: all members are then found in the index alone.
        const settled = "update pg_class set relallvisible = relpages where oid = 'iam_members'::regclass";
        Plans.looksAtMost(yield* planAfter(few, settled), 6);
        const all = yield* planAfter(
          few,
          settled,
          `alter policy iam_tenant_reads on iam_users
           using (exists (select from iam_members where iam_members.user_id = iam_users.id))`,
        );
        assert.throws(() => Plans.looksAtMost(all, 6), /looks at 10003 rows, which are more than 6/);
      }),
    );

    it.effect("TEN-5: an index that is dropped would be found", () =>
      Effect.gen(function* () {
        const index = "iam_members_organization_id_id_unique";
        Plans.usesIndex(yield* planAfter("a page of members"), "iam_members", index);
        const dropped = yield* planAfter(
          "a page of members",
          `alter table iam_members drop constraint ${index} cascade`,
        );
        Plans.readsSettingOnce(dropped);
        assert.throws(() => Plans.usesIndex(dropped, "iam_members", index), /does not reach iam_members by/);
        assert.throws(() => Plans.looksAtMost(dropped, PAGE), /rows, which are more than 50/);
      }),
    );

    it.effect("TEN-5: a table that is read as a whole would be found", () =>
      Effect.gen(function* () {
        const { client, population } = yield* Filled;
        const whole = yield* Plans.explain(
          client,
          population.organizationId,
          query.select({ id: user.id }).from(user).toSQL(),
        );
        assert.throws(() => Plans.scansNoWhole(whole, "iam_users"), /reads the whole of iam_users/);
        Plans.scansNoWhole(whole, "iam_members");
      }),
    );
  });
}
