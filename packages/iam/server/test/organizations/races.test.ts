/**
 * Two changes at once, each on a connection of its own and in both orders. The first has made its change and stands before
 * its commit when the second comes, which waits for the organization, and then decides by what is there.
 */
import { Invitations, Members, Organizations, Roles, Teams } from "@beep/iam-server";
import { connect, IamTest, Proxy, Race, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { all, as, counts, invited, joined, organizationOf, person, trusted } from "./people.ts";

/** Ann's organization, of which bob is an owner too and cat an administrator; dan is invited. It has room for one more. */
const preparing = Effect.fnUntraced(function* (name: string) {
  const teams = yield* Teams.Teams;
  const roles = yield* Roles.Roles;
  const named = (who: string) => person(`${who}-${name}`);
  const people = yield* Effect.all({ ann: named("ann"), bob: named("bob"), cat: named("cat"), dan: named("dan") });
  const { id, teamId } = yield* organizationOf(people.ann, name);
  const bobs = yield* joined(id, people.bob, "owner");
  const cats = yield* joined(id, people.cat, "admin");
  const night = yield* as(people.ann, id)(teams.create({ name: "Night" }));
  const editor = yield* as(people.ann, id)(roles.create({ role: "editor", permissions: { team: ["create"] } }));
  const { invitation } = yield* invited(people.ann, id, people.dan, { teamIds: [teamId] });
  const ids = {
    teamId,
    nightId: night.id,
    editorId: editor.id,
    invitationId: invitation.id,
    bobId: bobs.id,
    catId: cats.id,
  };
  return { id, name, ...people, ...ids };
});

type Prepared = Effect.Success<ReturnType<typeof preparing>>;

/** The roles of the members, and what each team counts and has. */
const outcome = Effect.fnUntraced(function* ({ id }: Prepared) {
  const members = yield* Members.Members;
  const listed = yield* as(trusted, id)(all(members.list({})));
  return {
    members: listed.map(({ roles, user }) => `${user.name.slice(0, 3)} ${roles}`).toSorted(),
    teams: (yield* counts(id)).map(({ counted, members }) => `${counted} ${members}`),
  };
});

type Outcome = Effect.Success<ReturnType<typeof outcome>>;

/** One side of a race. */
type Change = (prepared: Prepared) => Effect.Effect<unknown, unknown, IamTest.Provided>;

/** For each side the code with which it was refused, or that it was not. */
const endings = (...exits: ReadonlyArray<Exit.Exit<unknown, unknown>>): ReadonlyArray<string> =>
  exits.map((exit) => {
    if (Exit.isSuccess(exit)) return "done";
    const error = Cause.squash(exit.cause);
    return error instanceof Object && "code" in error ? `${error.code}` : Cause.pretty(exit.cause);
  });

/** Runs both orders, each with an organization of its own. */
const both = Effect.fnUntraced(function* (name: string, left: Change, right: Change) {
  const client = yield* PgClient;
  const { adminUrl } = yield* TestDatabase;
  const admin = yield* connect(adminUrl);
  const made: Array<Prepared> = [];
  const side = (change: Change) => (pause: Effect.Effect<void>) =>
    client.withTransaction(
      Effect.gen(function* () {
        const prepared = made.at(-1) ?? assert.fail("Nothing was prepared.");
        yield* change(prepared);
        yield* pause;
      }),
    );
  const { leftFirst, rightFirst } = yield* Race.bothOrders(side(left), side(right), {
    prepare: Effect.orDie(
      Effect.map(
        Effect.suspend(() => preparing(`${name}-${made.length}`)),
        (prepared) => made.push(prepared),
      ),
    ),
    blocked: Effect.orDie(Race.untilAnyBlocked(admin)),
  });
  const [first, second] = yield* Effect.forEach(made, outcome);
  return {
    leftFirst: { ends: endings(leftFirst.left, leftFirst.right), left: first },
    rightFirst: { ends: endings(rightFirst.left, rightFirst.right), left: second },
    waited: [leftFirst.waited, rightFirst.waited],
  };
});

const leave: (who: "ann" | "bob") => Change = (who) => (prepared) =>
  Effect.flatMap(Members.Members, ({ leave }) => as(prepared[who], prepared.id)(leave));
const remove: Change = ({ ann, id, catId }) =>
  Effect.flatMap(Members.Members, ({ remove }) => as(ann, id)(remove(catId)));
const give: (who: "bobId" | "catId", ...roles: ReadonlyArray<string>) => Change =
  (who, ...roles) =>
  (prepared) =>
    Effect.flatMap(Members.Members, ({ setRoles }) => as(prepared.ann, prepared.id)(setRoles(prepared[who], roles)));
const add: (slug: string) => Change =
  (slug) =>
  ({ ann, id, name }) =>
    Effect.flatMap(Members.Members, ({ add }) =>
      Effect.flatMap(person(`${slug}-${name}`), (one) => as(ann, id)(add({ userId: one.id, roles: ["member"] }))),
    );
const createTeam: Change = ({ cat, id }) =>
  Effect.flatMap(Teams.Teams, ({ create }) => as(cat, id)(create({ name: "Late" })));
const removeTeam: (which: "teamId" | "nightId") => Change = (which) => (prepared) =>
  Effect.flatMap(Teams.Teams, ({ remove }) => as(prepared.bob, prepared.id)(remove(prepared[which])));
const seat: Change = ({ cat, bob, id, nightId }) =>
  Effect.flatMap(Teams.Teams, ({ addMember }) => as(bob, id)(addMember(nightId, cat.id)));
const removeRole: Change = ({ ann, id, editorId }) =>
  Effect.flatMap(Roles.Roles, ({ remove }) => as(ann, id)(remove(editorId)));
const accept: Change = ({ dan, invitationId }) =>
  Effect.flatMap(Invitations.Invitations, ({ accept }) => accept(dan.principal, invitationId));
const cancel: Change = ({ ann, id, invitationId }) =>
  Effect.flatMap(Invitations.Invitations, ({ cancel }) => as(ann, id)(cancel(invitationId)));
const invite: (who: "ann" | "bob") => Change = (who) => (prepared) =>
  Effect.flatMap(Invitations.Invitations, ({ create }) =>
    as(prepared[who], prepared.id)(create({ email: `eve-${prepared.name}@example.com`, roles: ["member"] })),
  );
const found: (who: "ann" | "bob") => Change = (who) => (prepared) =>
  Effect.flatMap(Organizations.Organizations, ({ create }) =>
    create(prepared[who].principal, { name: "New", slug: `new-${prepared.name}` }),
  );

/** The members and teams that there are from the beginning. */
const members = ["ann owner", "bob owner", "cat admin"];
const teams = ["1 1", "0 0"];

/** A race, what comes of it in each order, and what would come of it if nobody waited. */
interface Case {
  readonly id: string;
  readonly says: string;
  readonly left: Change;
  readonly right: Change;
  readonly leftFirst: Ended;
  readonly rightFirst: Ended;
  readonly unlocked?: Partial<Outcome>;
}

/** How both sides end, and what is then otherwise than before. */
interface Ended extends Partial<Outcome> {
  readonly ends: readonly [left: string, right: string];
}

const cases: ReadonlyArray<Case> = [
  {
    id: "TEN-6",
    says: "a removed administrator's change that has waited is refused, as if the organization did not exist",
    left: remove,
    right: createTeam,
    leftFirst: { ends: ["done", "ORGANIZATION_NOT_FOUND"], members: ["ann owner", "bob owner"] },
    rightFirst: { ends: ["done", "done"], members: ["ann owner", "bob owner"], teams: [...teams, "0 0"] },
    unlocked: { members: ["ann owner", "bob owner"], teams: [...teams, "0 0"] },
  },
  {
    id: "AZ-3",
    says: "a change by who has lost the role for it meanwhile is refused",
    left: give("catId", "member"),
    right: createTeam,
    leftFirst: { ends: ["done", "PERMISSION_MISSING"], members: ["ann owner", "bob owner", "cat member"] },
    rightFirst: { ends: ["done", "done"], members: ["ann owner", "bob owner", "cat member"], teams: [...teams, "0 0"] },
  },
  {
    id: "AUTH-8",
    says: "of two owners who leave one stays",
    left: leave("ann"),
    right: leave("bob"),
    leftFirst: { ends: ["done", "LAST_OWNER"], members: ["bob owner", "cat admin"], teams: ["0 0", "0 0"] },
    rightFirst: { ends: ["LAST_OWNER", "done"], members: ["ann owner", "cat admin"] },
    unlocked: { members: ["cat admin"], teams: ["0 0", "0 0"] },
  },
  {
    id: "AUTH-8",
    says: "an owner does not leave while the other one's role is taken away",
    left: give("bobId", "member"),
    right: leave("ann"),
    leftFirst: { ends: ["done", "LAST_OWNER"], members: ["ann owner", "bob member", "cat admin"] },
    rightFirst: {
      ends: ["ORGANIZATION_NOT_FOUND", "done"],
      members: ["bob owner", "cat admin"],
      teams: ["0 0", "0 0"],
    },
    unlocked: { members: ["bob member", "cat admin"], teams: ["0 0", "0 0"] },
  },
  {
    id: "AUTH-8",
    says: "two acceptances of one invitation make one member",
    left: accept,
    right: accept,
    leftFirst: { ends: ["done", "INVITATION_NOT_FOUND"], members: [...members, "dan member"], teams: ["2 2", "0 0"] },
    rightFirst: { ends: ["INVITATION_NOT_FOUND", "done"], members: [...members, "dan member"], teams: ["2 2", "0 0"] },
  },
  {
    id: "AUTH-8",
    says: "an invitation is accepted or cancelled",
    left: accept,
    right: cancel,
    leftFirst: { ends: ["done", "INVITATION_NOT_FOUND"], members: [...members, "dan member"], teams: ["2 2", "0 0"] },
    rightFirst: { ends: ["INVITATION_NOT_FOUND", "done"] },
  },
  {
    id: "AUTH-8",
    says: "a slug is one organization's",
    left: found("ann"),
    right: found("bob"),
    leftFirst: { ends: ["done", "SLUG_TAKEN"] },
    rightFirst: { ends: ["SLUG_TAKEN", "done"] },
  },
  {
    id: "AUTH-8",
    says: "an address is invited once",
    left: invite("ann"),
    right: invite("bob"),
    leftFirst: { ends: ["done", "ALREADY_INVITED"] },
    rightFirst: { ends: ["ALREADY_INVITED", "done"] },
  },
  {
    id: "AUTH-8",
    says: "of the last two teams one stays",
    left: removeTeam("teamId"),
    right: removeTeam("nightId"),
    leftFirst: { ends: ["done", "LAST_TEAM"], teams: ["0 0"] },
    rightFirst: { ends: ["LAST_TEAM", "done"], teams: ["1 1"] },
    unlocked: { teams: [] },
  },
  {
    id: "AUTH-8",
    says: "a role is given or removed",
    left: give("catId", "editor"),
    right: removeRole,
    leftFirst: { ends: ["done", "ROLE_IN_USE"], members: ["ann owner", "bob owner", "cat editor"] },
    rightFirst: { ends: ["ROLE_NOT_FOUND", "done"] },
    unlocked: { members: ["ann owner", "bob owner", "cat editor"] },
  },
  {
    id: "AUTH-8",
    says: "nobody joins a team that is removed",
    left: seat,
    right: removeTeam("nightId"),
    leftFirst: { ends: ["done", "done"], teams: ["1 1"] },
    rightFirst: { ends: ["TEAM_NOT_FOUND", "done"], teams: ["1 1"] },
  },
  {
    id: "AUTH-8",
    says: "a member who is removed is in no team",
    left: seat,
    right: remove,
    leftFirst: { ends: ["done", "done"], members: ["ann owner", "bob owner"] },
    rightFirst: { ends: ["MEMBER_NOT_FOUND", "done"], members: ["ann owner", "bob owner"] },
    // Who is in it no more is not shown, and is counted.
    unlocked: { members: ["ann owner", "bob owner"], teams: ["1 1", "1 0"] },
  },
  {
    id: "AUTH-8",
    says: "of two who are added to the last place one is",
    left: add("eve"),
    right: add("fay"),
    leftFirst: { ends: ["done", "MEMBER_LIMIT_REACHED"], members: [...members, "eve member"] },
    rightFirst: { ends: ["MEMBER_LIMIT_REACHED", "done"], members: [...members, "fay member"] },
    unlocked: { members: [...members, "eve member", "fay member"] },
  },
  {
    id: "AUTH-8",
    says: "who accepts the invitation into the last place has it, or who is added",
    left: accept,
    right: add("eve"),
    leftFirst: { ends: ["done", "MEMBER_LIMIT_REACHED"], members: [...members, "dan member"], teams: ["2 2", "0 0"] },
    rightFirst: { ends: ["MEMBER_LIMIT_REACHED", "done"], members: [...members, "eve member"] },
    unlocked: { members: [...members, "dan member", "eve member"], teams: ["2 2", "0 0"] },
  },
];

const services = IamTest.configured({ IAM_ORGANIZATION_MEMBERS: `${members.length + 1}` });

layer(Layer.provideMerge(services, TestDatabase.layer()), { excludeTestServices: true })("at once", (it) => {
  for (const [index, { id, says, left, right, leftFirst, rightFirst }] of cases.entries()) {
    it.effect(`${id}: ${says}`, () =>
      Effect.gen(function* () {
        const expected = ({ ends, ...changed }: Ended) => ({ ends, left: { members, teams, ...changed } });
        assert.deepStrictEqual(yield* both(`race-${index}`, left, right), {
          leftFirst: expected(leftFirst),
          rightFirst: expected(rightFirst),
          waited: [true, true],
        });
      }),
    );
  }
});

/** A database whose clients' locks on organizations are struck out on the way to it. */
const unlocked = Layer.effect(
  TestDatabase,
  Effect.gen(function* () {
    const database = yield* TestDatabase.make();
    const url = new URL(Redacted.value(database.appUrl));
    const port = yield* Proxy.make(Proxy.upstreamOf(url), (client, server) => {
      client.on("data", (bytes) => {
        const struck = bytes
          .toString("latin1")
          .replaceAll(/for no key update( of "?\w+"?)?/g, (lock) => " ".repeat(lock.length));
        server.write(Buffer.from(struck, "latin1"));
      });
      server.pipe(client);
    });
    url.hostname = "127.0.0.1";
    url.port = String(port);
    return { ...database, appUrl: Redacted.make(url.href) };
  }),
);

layer(Layer.provideMerge(services, unlocked), { excludeTestServices: true })("without the lock", (it) => {
  for (const [index, { id, says, left, right, unlocked: without }] of cases.entries()) {
    if (without === undefined) continue;
    it.effect(`${id}: it would not be so that ${says}`, () =>
      Effect.gen(function* () {
        const { leftFirst, rightFirst } = yield* both(`race-${index}`, left, right);
        const expected = { ends: ["done", "done"], left: { members, teams, ...without } };
        assert.deepStrictEqual({ leftFirst, rightFirst }, { leftFirst: expected, rightFirst: expected });
      }),
    );
  }
});
