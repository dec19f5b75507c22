/**
 * What keeping tenants apart costs: row security, by the same transactions on two databases that are equal but for it;
 * and the scope in which a tenant's statements run, beside a bare statement. Then a page of a large organization's
 * members, by a session's cookie, beside plain Better Auth. All among 100,000 users, 10,000 of them in the organization.
 */
import { Cursor } from "@beep/iam-domain";
import { Auth, Members, Tenancy, Transaction } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Plans from "@beep/testing/Plans";
import * as Population from "@beep/testing/Population";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Benchmark, Case, Subject } from "../Benchmark.ts";
import * as betterAuth from "../betterAuth.ts";
import * as Database from "../Database.ts";
import { exactly, scattered } from "../rows.ts";

const PAGE = 50;

export const tenancy: Benchmark = {
  name: "tenancy",
  description: "Row security, a tenant's scope, and a page of members: what they cost.",
  setUp: Effect.gen(function* () {
    const { filled: population, one: guarded, other: open } = yield* Database.makeTwins(({ admin }) => fill(admin));
    yield* withoutRowSecurity(open.admin);
    const without = statements(open, population, "stated");
    const withIt = statements(guarded, population, "left to the policy");
    const withBoth = statements(guarded, population, "stated");
    return {
      subjects: [
        ...Object.entries(operations).map(
          ([name, operation]): Subject => ({
            name,
            cases: [
              { name: "without row security", operation: operation(without) },
              { name: "with row security", operation: operation(withIt) },
              { name: "with it, the organization stated, too", operation: operation(withBoth) },
            ],
          }),
        ),
        scopes(guarded, population),
        ...(yield* pages(guarded, population)),
      ],
      notes: yield* plans(guarded, population),
    };
  }),
};

/** Preferences of the organization, for those that are to be deleted: more than a run comes to delete. */
const preferenceCount = 200_000;

const fill = Effect.fnUntraced(function* (admin: PgClient) {
  const population = yield* Population.make(admin);
  const { toUuid } = SharedEntityIds.OrganizationId;
  yield* admin.unsafe(
    `insert into iam_notification_preferences (id, organization_id, channel)
     select ${Population.sqlUuid("n")}, $1, 'channel ' || n from generate_series(1, ${preferenceCount}) n`,
    [toUuid(population.organizationId)],
  );
  yield* admin`vacuum analyze iam_notification_preferences`;
  return population;
});

/** The services refuse such a database when they start: to be called once they have. */
const withoutRowSecurity = Effect.fnUntraced(function* (admin: PgClient) {
  const tables = yield* admin<{ name: string }>`
    select quote_ident(relname) as name from pg_class
    where relrowsecurity and relnamespace = 'public'::regnamespace`;
  yield* Effect.forEach(tables, ({ name }) => admin.unsafe(`alter table ${name} disable row level security`));
});

/** A tenant's statements on a database, and whether they say whose rows they mean, as without row security they must. */
const statements = (
  { services }: Database.Database,
  population: Population.Population,
  organization: "stated" | "left to the policy",
) => {
  const client = Context.get(services, PgClient);
  const uuid = SharedEntityIds.OrganizationId.toUuid(population.organizationId);
  const isStated = organization === "stated";
  const memberUuid = (row: number) => memberUuidOf(population, row);
  let deleted = 0;
  return {
    client,
    isOwn: isStated ? client`organization_id = ${uuid}` : client`true`,
    own: isStated ? client`${uuid}` : client`default`,
    member: scattered(population.members.length, memberUuid),
    cursor: scattered(population.members.length - PAGE, memberUuid),
    // From either end, so that both ways of saying it find their own in one database.
    preference: () => Population.uuidOf(isStated ? ++deleted : preferenceCount - deleted++),
    asTenant: <A, E>(rows: number, statement: Effect.Effect<ReadonlyArray<A>, E>) =>
      statement.pipe(
        Tenancy.within(population.organizationId),
        Effect.provideService(PgClient, client),
        Effect.map(exactly(rows)),
      ),
  };
};

type Statements = ReturnType<typeof statements>;

/** What a tenant does. */
const operations: Readonly<Record<string, (by: Statements) => Case["operation"]>> = {
  "a member is read by key":
    ({ asTenant, client, isOwn, member }) =>
    (index) =>
      asTenant(1, client`select * from iam_members where ${isOwn} and id = ${member(index)}`),
  "a page of 50 members is read in key order":
    ({ asTenant, client, cursor, isOwn }) =>
    (index) =>
      asTenant(
        PAGE,
        client`select * from iam_members where ${isOwn} and id > ${cursor(index)} order by id limit ${PAGE}`,
      ),
  "the members with a role are counted":
    ({ asTenant, client, isOwn }) =>
    () =>
      asTenant(1, client`select count(*) from iam_members where ${isOwn} and role = 'member'`),
  "a preference is inserted":
    ({ asTenant, client, own }) =>
    () => {
      const id = IamEntityIds.NotificationPreferenceId.create();
      return asTenant(
        1,
        client`
          insert into iam_notification_preferences (id, organization_id, channel)
          values (${IamEntityIds.NotificationPreferenceId.toUuid(id)}, ${own}, ${id}) returning id`,
      );
    },
  "a member is updated by key":
    ({ asTenant, client, isOwn, member }) =>
    (index) =>
      asTenant(1, client`update iam_members set role = 'member' where ${isOwn} and id = ${member(index)} returning id`),
  "a preference is deleted by key":
    ({ asTenant, client, isOwn, preference }) =>
    () =>
      asTenant(
        1,
        client`delete from iam_notification_preferences where ${isOwn} and id = ${preference()} returning id`,
      ),
};

const memberUuidOf = ({ members, owner }: Population.Population, row: number): string =>
  IamEntityIds.MemberId.toUuid(members[row - 1]?.id ?? owner.memberId);

/** One statement, bare and in ever more of what a scope is. */
const scopes = ({ services }: Database.Database, population: Population.Population): Subject => {
  const application = Context.get(services, PgClient);
  const { client, statement } = Database.serviceConnection(services);
  const memberUuid = scattered(population.members.length, (row) => memberUuidOf(population, row));
  const member = (through: PgClient, index: number) =>
    through`select id, role, version from iam_members where id = ${memberUuid(index)}`;
  return {
    name: "a scope around one statement",
    cases: [
      {
        name: "bare, by the connection that holds a role",
        operation: (index) => Effect.map(statement(member(client, index)), exactly(1)),
      },
      {
        name: "in a transaction",
        operation: (index) => Effect.map(Transaction.runOn(client)(member(client, index)), exactly(1)),
      },
      {
        name: "in Tenancy.within",
        operation: (index) =>
          member(application, index).pipe(
            Tenancy.within(population.organizationId),
            Effect.provideService(PgClient, application),
            Effect.map(exactly(1)),
          ),
      },
    ],
  };
};

/** A page of members, at the beginning and near the end, as a request with a cookie asks for it. */
const pages = Effect.fnUntraced(function* (database: Database.Database, population: Population.Population) {
  const { organizationId } = population;
  const headers = new Headers({ cookie: Population.cookieOf(population.sessionToken, betterAuth.secret) });
  const plain = betterAuth.plain(yield* Database.openPool(database.appUrl));
  const services = yield* betterAuth.ours(database.services);
  const auth = Context.get(services, Auth.Auth);
  const { list } = Context.get(services, Members.Members);
  const principal = Effect.map(auth.principal(headers), (identified) => Option.getOrThrow(identified.principal));
  const membership = yield* Effect.flatMap(principal, (owner) => Tenancy.admit(owner, organizationId)).pipe(
    Effect.provide(services),
  );
  const plainId = SharedEntityIds.OrganizationId.toUuid(organizationId);
  const last = population.members.length - PAGE;
  return yield* Effect.forEach([0, last], (offset) =>
    Effect.gen(function* () {
      const from = population.members[offset - 1]?.id;
      const of = { list: "members", owner: organizationId, order: "oldest" } as const;
      const page = { limit: PAGE, cursor: from === undefined ? undefined : Cursor.make(of, from) };
      const subject: Subject = {
        name: offset === 0 ? "the first page of members" : `the page of members after ${offset} others`,
        cases: [
          {
            name: "Better Auth's listMembers",
            operation: () =>
              Effect.map(
                Effect.promise(() =>
                  plain.api.listMembers({ headers, query: { organizationId: plainId, limit: PAGE, offset } }),
                ),
                ({ members }) => exactly(PAGE)(members),
              ),
          },
          {
            name: "principal, admission, Members.list",
            operation: () =>
              Effect.flatMap(principal, (caller) => Tenancy.as(caller, organizationId)(list(page))).pipe(
                Effect.map(({ items }) => exactly(PAGE)(items)),
                Effect.provide(services),
              ),
          },
          {
            name: "Members.list, for who was let in",
            operation: () => Effect.map(Tenancy.asMember(membership)(list(page)), ({ items }) => exactly(PAGE)(items)),
          },
        ],
      };
      return subject;
    }),
  );
});

/** How PostgreSQL runs what is read here once it plans for any parameters; fails where the setting is read for each row. */
const plans = Effect.fnUntraced(function* ({ admin }: Database.Database, population: Population.Population) {
  const middle = memberUuidOf(population, population.members.length / 2);
  const statements = {
    "a member by key": "select * from iam_members where id = $1",
    "a page of members": `select * from iam_members where id > $1 order by id limit ${PAGE}`,
    "a page of members with their users": `
      select m.*, u.name from iam_members m join iam_users u on u.id = m.user_id
      where m.id > $1 order by m.id limit ${PAGE}`,
  };
  const lines = yield* Effect.forEach(Object.entries(statements), ([name, sql]) =>
    Effect.map(Plans.explain(admin, population.organizationId, { sql, params: [middle] }, "generic"), (plan) => {
      Plans.readsSettingOnce(plan);
      return [`${name}: ${Plans.rowsLookedAt(plan)} rows looked at`, Plans.render(plan)];
    }),
  );
  return ["plans in a tenant's scope, where the setting is read once", ...lines.flat()];
});
