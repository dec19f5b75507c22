/** The plans of what is asked of a tenant all the time, among as many rows as a large installation has. */
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { organizationSetting } from "@beep/shared-tables";
import { connect, Plans, Population, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { and, asc, eq, gt } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/pg-core";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const { invitation, member, teamMember, user } = IamDbSchema;

/** Carries a plan out of a transaction, and makes that roll back. */
class Changed extends Data.TaggedError("Changed")<{ readonly plan: Plans.Plan }> {}

/** The database with its rows, the application's login in it, and its superuser. */
class Filled extends Context.Service<
  Filled,
  { readonly population: Population.Population; readonly client: PgClient; readonly admin: PgClient }
>()("test/Filled") {}

const filled = Layer.effect(
  Filled,
  Effect.gen(function* () {
    const { adminUrl, appUrl } = yield* TestDatabase;
    const admin = yield* connect(adminUrl);
    return { population: yield* Population.make(admin), client: yield* connect(appUrl), admin };
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
    by: { iam_team_members: "iam_team_members_organization_id_team_id_idx" },
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

for (const major of TestDatabase.majors) {
  const database = filled.pipe(Layer.provideMerge(TestDatabase.layer({ major })));
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
