/**
 * Two changes of one organization at once, of which one must not be when the other is: they come one after the other, and
 * the later one is decided from what the earlier one left.
 */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { atWrite, heldBy, superuser } from "./atWrite.ts";
import { type Answer, Cast, database, type Person, signedUp } from "./browser.ts";
import { without } from "./control.ts";
import { assertOneWinner, patient, race } from "./race.ts";

const { OrganizationId, TeamId, UserId } = SharedEntityIds;
const { InvitationId, MemberId, OrganizationRoleId } = IamEntityIds;

type People = Readonly<Record<"ann" | "bob" | "cat", Person>>;

/** An organization that ann and bob own, and cat is a member of. */
const organization = Effect.fnUntraced(function* (sql: PgClient, { ann, bob, cat }: People) {
  const id = OrganizationId.create();
  const uuid = OrganizationId.toUuid(id);
  yield* sql`insert into iam_organizations (id, name, slug) values (${uuid}, 'One by one', ${id})`;
  const member = Effect.fnUntraced(function* ({ id: userId }: Person, role: string) {
    const memberId = MemberId.create();
    yield* sql`insert into iam_members (id, organization_id, user_id, role)
      values (${MemberId.toUuid(memberId)}, ${uuid}, ${UserId.toUuid(userId)}, ${role})`;
    return memberId;
  });
  const members = {
    ann: yield* member(ann, "owner"),
    bob: yield* member(bob, "owner"),
    cat: yield* member(cat, "member"),
  };
  return { organizationId: id, uuid, members };
});

type Organization = Effect.Success<ReturnType<typeof organization>>;

const team = Effect.fnUntraced(function* (sql: PgClient, { uuid }: Organization, name: string) {
  const id = TeamId.create();
  yield* sql`insert into iam_teams (id, organization_id, name) values (${TeamId.toUuid(id)}, ${uuid}, ${name})`;
  return id;
});

const owners = ({ uuid }: Organization, sql: PgClient) =>
  Effect.map(
    sql`select from iam_members where organization_id = ${uuid} and 'owner' = any (string_to_array(role, ','))`,
    ({ length }) => length,
  );

/** What two may not both do, and how many there must be of what is left when one did. */
interface Rule {
  readonly tables: string | ReadonlyArray<string>;
  readonly sides: (
    sql: PgClient,
    people: People,
    made: Organization,
  ) => Effect.Effect<ReadonlyArray<Effect.Effect<Answer>>, unknown>;
  readonly refusals: ReadonlyArray<string>;
  readonly left: (made: Organization, sql: PgClient) => Effect.Effect<number, unknown>;
  /** What there is when both did, which nothing but the lock prevents. */
  readonly lost: number;
  readonly kept: number;
}

const leave = (person: Person, { organizationId }: Organization) =>
  person.post("/organization/leave", { organizationId });

const setRole = (by: Person, { organizationId }: Organization, memberId: string, role: string) =>
  by.post("/organization/update-member-role", { organizationId, memberId, role });

const rules: Readonly<Record<string, Rule>> = {
  "AUTH-8: of two owners who leave one stays": {
    tables: "iam_members",
    sides: (_, { ann, bob }, made) => Effect.succeed([leave(ann, made), leave(bob, made)]),
    refusals: ["YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER"],
    left: owners,
    kept: 1,
    lost: 0,
  },
  "AUTH-8: of two owners one leaves or the other gives up the role": {
    tables: "iam_members",
    sides: (_, { ann, bob }, made) => Effect.succeed([leave(ann, made), setRole(bob, made, made.members.bob, "admin")]),
    refusals: [
      "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER",
      "YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER",
    ],
    left: owners,
    kept: 1,
    lost: 0,
  },
  "TEN-6: an owner who is removed is in no such organization, also where the change had begun": {
    tables: "iam_members",
    sides: (_, { ann, bob }, made) =>
      Effect.succeed([
        setRole(ann, made, made.members.bob, "member"),
        bob.post("/organization/remove-member", {
          organizationId: made.organizationId,
          memberIdOrEmail: made.members.ann,
        }),
      ]),
    refusals: ["ORGANIZATION_NOT_FOUND", "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER"],
    left: owners,
    kept: 1,
    lost: 0,
  },
  "AUTH-8: of two last teams one is removed": {
    tables: "iam_teams",
    sides: (sql, { ann, bob }, made) =>
      Effect.gen(function* () {
        const { organizationId } = made;
        const [day, night] = [yield* team(sql, made, "Day"), yield* team(sql, made, "Night")];
        return [
          ann.post("/organization/remove-team", { organizationId, teamId: day }),
          bob.post("/organization/remove-team", { organizationId, teamId: night }),
        ];
      }),
    refusals: ["UNABLE_TO_REMOVE_LAST_TEAM"],
    left: ({ uuid }, sql) =>
      Effect.map(sql`select from iam_teams where organization_id = ${uuid}`, ({ length }) => length),
    kept: 1,
    lost: 0,
  },
  "AUTH-8: a role is given or deleted": {
    tables: ["iam_members", "iam_organization_roles"],
    sides: (sql, { ann, bob }, made) =>
      Effect.gen(function* () {
        const { organizationId, uuid } = made;
        const id = OrganizationRoleId.toUuid(OrganizationRoleId.create());
        yield* sql`insert into iam_organization_roles (id, organization_id, role, permission)
          values (${id}, ${uuid}, 'editor', '{"team":["create"]}')`;
        return [
          ann.post("/organization/delete-role", { organizationId, roleName: "editor" }),
          setRole(bob, made, made.members.cat, "editor"),
        ];
      }),
    refusals: ["ROLE_IS_ASSIGNED_TO_MEMBERS", "ROLE_NOT_FOUND"],
    // Those who have a role that there is not.
    left: ({ uuid }, sql) =>
      Effect.map(
        sql`select from iam_members m where organization_id = ${uuid} and role = 'editor'
          and not exists (select from iam_organization_roles r where r.organization_id = ${uuid} and r.role = 'editor')`,
        ({ length }) => length,
      ),
    kept: 0,
    lost: 1,
  },
  "AUTH-8: the last place is taken by one": {
    tables: "iam_members",
    sides: (sql, { ann, bob, cat }, { uuid }) =>
      Effect.gen(function* () {
        const invited = Effect.fnUntraced(function* (person: Person) {
          const id = InvitationId.create();
          yield* sql`delete from iam_members where organization_id = ${uuid} and user_id = ${UserId.toUuid(person.id)}`;
          yield* sql`insert into iam_invitations (id, organization_id, email, role, inviter_id, expires_at)
            values (${InvitationId.toUuid(id)}, ${uuid}, ${person.email}, 'member', ${UserId.toUuid(ann.id)},
              now() + interval '1 hour')`;
          return { accept: person.post("/organization/accept-invitation", { invitationId: id }) };
        });
        return [(yield* invited(bob)).accept, (yield* invited(cat)).accept];
      }),
    refusals: ["ORGANIZATION_MEMBERSHIP_LIMIT_REACHED"],
    left: ({ uuid }, sql) =>
      Effect.map(sql`select from iam_members where organization_id = ${uuid}`, ({ length }) => length),
    kept: 2,
    lost: 3,
  },
};

/** How many members an organization may have here. */
const MEMBERS = 2;

const small = IamTest.configured({ IAM_ORGANIZATION_MEMBERS: String(MEMBERS) }).pipe(
  Layer.provideMerge(TestDatabase.layer()),
  Layer.provideMerge(Logger.layer([])),
);

layer(Cast.on(small), { excludeTestServices: true })("one by one", (it) => {
  for (const [title, { tables, sides, refusals, left, kept }] of Object.entries(rules)) {
    it.effect(
      title,
      () =>
        Effect.gen(function* () {
          const people = yield* Cast;
          yield* race(
            tables,
            () =>
              Effect.gen(function* () {
                const sql = yield* superuser;
                const made = yield* organization(sql, people);
                return { sides: yield* sides(sql, people, made), prepared: made };
              }),
            ({ answers, prepared }, sql) =>
              Effect.gen(function* () {
                assertOneWinner(answers, refusals);
                assert.strictEqual(yield* left(prepared, sql), kept);
              }),
          );
        }),
      60_000,
    );
  }

  it.effect("AUTH-8: of two invitations of one address there is one, and the other is told so", () =>
    Effect.gen(function* () {
      const people = yield* Cast;
      yield* race(
        "iam_invitations",
        (round) =>
          Effect.gen(function* () {
            const made = yield* organization(yield* superuser, people);
            const body = { organizationId: made.organizationId, email: `eve-${round}@example.com`, role: "member" };
            const invite = (by: Person) => by.post("/organization/invite-member", body);
            return { sides: [invite(people.ann), invite(people.bob)], prepared: made };
          }),
        ({ answers, prepared: { uuid } }, sql) =>
          Effect.gen(function* () {
            assertOneWinner(answers, ["USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION"]);
            assert.lengthOf(yield* sql`select from iam_invitations where organization_id = ${uuid}`, 1);
          }),
      );
    }),
  );

  it.effect("TEN-6: an organization that is suspended meanwhile is not found by whoever waited for it", () =>
    Effect.gen(function* () {
      const people = yield* Cast;
      const sql = yield* superuser;
      const made = yield* organization(sql, people);
      const suspend = sql`update iam_organizations set suspended_at = now() where id = ${made.uuid}`;
      const [answer] = yield* heldBy(sql, suspend, [leave(people.ann, made)], patient);
      assert.deepStrictEqual(
        { status: answer?.status, code: answer?.code },
        { status: 404, code: "ORGANIZATION_NOT_FOUND" },
      );
      assert.strictEqual(yield* owners(made, sql), 2);
    }),
  );
});

layer(database, { excludeTestServices: true })("without the lock", (it) => {
  it.effect("AUTH-8: both do what only one may", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const people = { ann: yield* signedUp("ann"), bob: yield* signedUp("bob"), cat: yield* signedUp("cat") };
      for (const [title, { tables, sides, left, lost }] of Object.entries(rules)) {
        const made = yield* organization(sql, people);
        const answers = yield* atWrite(sql, tables, yield* sides(sql, people, made), patient);
        assert.deepStrictEqual(
          { title, statuses: answers.map(({ status }) => status), left: yield* left(made, sql) },
          { title, statuses: [200, 200], left: lost },
        );
      }
    }).pipe(Effect.provideServiceEffect(Auth.Auth, without("locks", { organizationMembers: MEMBERS }))),
  );
});
