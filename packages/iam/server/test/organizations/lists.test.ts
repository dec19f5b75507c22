/** Lists by cursor while rows come and go, and what the services send to the database. */
import { Auth, IamDb, Teams, Tenancy } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { team } from "@beep/shared-tables";
import { IamTest, Statements, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { asService } from "../../src/tenancy/asService.ts";
import { all, as, inSession, organizationOf, person, services } from "./people.ts";

/** What was sent to the database. */
class Sent extends Context.Service<Sent, Statements.Statements>()("test/organizations/Sent") {}

const watched = Layer.effectContext(
  Effect.gen(function* () {
    const database = yield* TestDatabase.make();
    const statements = yield* Statements.watch(database.appUrl);
    return Context.make(Sent, statements).pipe(Context.add(TestDatabase, { ...database, appUrl: statements.url }));
  }),
);

const Script = Schema.Struct({
  order: Schema.Literals(["oldest", "newest"]),
  limit: Schema.Literals([1, 2, 3]),
  /** What happens before each page: an id that sorts anywhere comes, or one of those that are there goes. */
  between: Schema.Array(
    Schema.Struct({ comes: Schema.Boolean, where: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })) }),
  ).check(Schema.isMaxLength(8)),
});

/** An id that sorts by its first byte. */
const idAt = (where: number): SharedEntityIds.TeamId => {
  const [, ...rest] = crypto.randomUUID().split("-");
  return SharedEntityIds.TeamId.fromUuid([`${where.toString(16).padStart(2, "0")}000000`, ...rest].join("-"));
};

layer(Layer.provideMerge(IamTest.onDatabase, watched), { excludeTestServices: true })("on PostgreSQL", (it) => {
  let runs = 0;

  it.effect.prop(
    "API-2: a list shows nothing twice, and misses nothing that was there all the time",
    [Script],
    ([{ between, limit, order }]) =>
      Effect.gen(function* () {
        const teams = yield* Teams.Teams;
        const { db } = yield* IamDb.IamDb;
        const owner = yield* person(`owner-${runs}`);
        const { id: organizationId, teamId } = yield* organizationOf(owner, `acme-${runs++}`);
        const insert = (id: SharedEntityIds.TeamId) =>
          asService(db.insert(team).values({ id, organizationId, name: "Some" }));
        const there = new Set([teamId, ...[16, 80, 144, 208, 240].map(idAt)]);
        for (const id of there) if (id !== teamId) yield* insert(id);
        const always = new Set(there);

        const shown: Array<SharedEntityIds.TeamId> = [];
        let cursor: string | undefined;
        for (let page = 0; ; page++) {
          const { items, next } = yield* as(owner, organizationId)(teams.list({ limit, order, cursor }));
          shown.push(...items.map(({ id }) => id));
          if (next === null) break;
          cursor = next;
          const event = between[page];
          if (event === undefined) continue;
          const { comes, where } = event;
          const gone = [...there][where % there.size];
          if (comes) {
            const id = idAt(where);
            yield* insert(id);
            there.add(id);
          } else if (gone !== undefined) {
            yield* asService(db.delete(team).where(eq(team.id, gone)));
            there.delete(gone);
            always.delete(gone);
          }
        }
        assert.lengthOf(new Set(shown), shown.length);
        assert.includeMembers(shown, [...always]);
        const ids = shown.map(SharedEntityIds.TeamId.toUuid);
        const sorted = ids.toSorted();
        assert.deepStrictEqual(ids, order === "oldest" ? sorted : sorted.toReversed());
      }),
    { arbitrary: { runs: 15 } },
  );

  it.effect("API-2: the pages of a whole organization go on in the lists, and in no other's", () =>
    Effect.gen(function* () {
      const { organizations, teams } = yield* services;
      const { db } = yield* IamDb.IamDb;
      const [ann, bob] = yield* Effect.all([person("ann-pages"), person("bob-pages")]);
      const { id: organizationId } = yield* organizationOf(ann, "ann-pages");
      const other = yield* organizationOf(bob, "bob-pages");
      const made = Array.from({ length: 60 }, () => ({
        id: SharedEntityIds.TeamId.create(),
        organizationId,
        name: "Some",
      }));
      yield* asService(db.insert(team).values(made));
      const inIt = as(ann, organizationId);
      const { teams: first } = yield* inIt(organizations.full);
      const cursor = first.next ?? assert.fail("There is no second page.");
      const rest = yield* inIt(all(teams.list({ cursor })));
      assert.deepStrictEqual([...first.items, ...rest], yield* inIt(all(teams.list({ limit: 100 }))));
      assert.lengthOf(rest, 11);
      for (const refused of [
        Effect.asVoid(as(bob, other.id)(teams.list({ cursor }))),
        Effect.asVoid(inIt(teams.list({ cursor, order: "newest" }))),
        Effect.asVoid(organizations.ofUser(ann.principal, { cursor })),
      ]) {
        assert.deepInclude(yield* Effect.flip(refused), { code: "INVALID_CURSOR" });
      }
    }),
  );

  it.effect("AUTH-8: each change is one transaction, of no more statements than Better Auth needs", () =>
    Effect.gen(function* () {
      const { api, session } = yield* Auth.Auth;
      const { during } = yield* Sent;
      const { organizations, members, invitations, teams, roles } = yield* services;
      const mailbox = yield* IamTest.Mailbox;
      const found = Effect.fnUntraced(function* (name: string) {
        const user = yield* IamTest.signedUp(name);
        const { session: row } = yield* Effect.flatMap(session(user.headers), Effect.fromOption);
        return { ...user, sessionId: row.id, principal: inSession(user.id, row.id) };
      });
      const ann = yield* found("ann");
      const bob = yield* found("bob");
      const { headers } = ann;

      /** Statements, and besides them those that begin, end and scope a transaction. */
      const count = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
        const { result, statements } = yield* during(effect);
        const control = statements.filter((text) => /^\s*(begin|commit|rollback|savepoint|release)\b/i.test(text));
        const scope = statements.filter((text) => /^\s*select set_config/i.test(text));
        const counts = {
          statements: statements.length - control.length - scope.length,
          all: statements.length,
          transactions: control.filter((text) => /^\s*begin\b/i.test(text)).length,
        };
        return { result, counts };
      });
      const table: Array<Record<string, string | number>> = [];
      /** Counts ours, and what Better Auth's endpoint needs for the same. */
      const compare = Effect.fnUntraced(function* <A, E, R, B, E2, R2>(
        name: string,
        ours: Effect.Effect<A, E, R>,
        theirs: Effect.Effect<B, E2, R2>,
      ) {
        const one = yield* count(ours);
        const other = yield* count(theirs);
        assert.isAtMost(one.counts.transactions, 1, name);
        table.push({
          service: name,
          statements: one.counts.statements,
          "with control and scope": one.counts.all,
          "Better Auth": other.counts.statements,
          "Better Auth with control and scope": other.counts.all,
        });
        return { ours: one.result, theirs: other.result, statements: one.counts.statements };
      });

      const created = yield* compare(
        "Organizations.create",
        organizations.create(ann.principal, { name: "Acme", slug: "acme" }),
        api.createOrganization({ headers, body: { name: "Beta", slug: "beta" } }),
      );
      const { id } = created.ours;
      const organizationId = created.theirs.id;
      const membership = yield* Tenancy.admit(ann.principal, id);
      const inAcme = Tenancy.asMember(membership);
      const admitted = yield* compare(
        "Tenancy.admit",
        Tenancy.admit(ann.principal, id),
        api.getActiveMemberRole({ headers }),
      );
      const query = { organizationId };
      const full = yield* compare(
        "Organizations.full",
        inAcme(organizations.full),
        api.getFullOrganization({ headers, query }),
      );
      const listed = yield* compare("Members.list", inAcme(members.list({})), api.listMembers({ headers, query }));
      yield* compare(
        "Organizations.ofUser",
        organizations.ofUser(ann.principal, {}),
        api.listOrganizations({ headers }),
      );
      yield* compare("Teams.list", inAcme(teams.list({})), api.listOrganizationTeams({ headers, query }));
      yield* compare("Invitations.list", inAcme(invitations.list({})), api.listInvitations({ headers, query }));
      yield* compare("Roles.list", inAcme(roles.list({})), api.listOrgRoles({ headers, query }));
      yield* compare(
        "Organizations.update",
        inAcme(organizations.update({ name: "Acme 2" })),
        api.updateOrganization({ headers, body: { organizationId, data: { name: "Beta 2" } } }),
      );
      const night = yield* compare(
        "Teams.create",
        inAcme(teams.create({ name: "Night" })),
        api.createTeam({ headers, body: { name: "Night", organizationId } }),
      );
      yield* compare(
        "Roles.create",
        inAcme(roles.create({ role: "editor", permissions: { team: ["create"] } })),
        api.createOrgRole({ headers, body: { role: "editor", permission: { team: ["create"] }, organizationId } }),
      );
      const toBob = { email: bob.email, role: "member", organizationId, teamId: [night.theirs.id] };
      const invitation = yield* compare(
        "Invitations.create",
        inAcme(invitations.create({ email: bob.email, roles: ["member"], teamIds: [night.ours.id] })),
        api.createInvitation({ headers, body: toBob }),
      );
      yield* Effect.all([mailbox.next, mailbox.next]);
      const accepted = yield* compare(
        "Invitations.accept",
        invitations.accept(bob.principal, invitation.ours.id),
        api.acceptInvitation({ headers: bob.headers, body: { invitationId: invitation.theirs.id } }),
      );
      const { memberId } = accepted.ours;
      const theirs = accepted.theirs.member.id;
      yield* compare(
        "Members.setRoles",
        inAcme(members.setRoles(memberId, ["editor"])),
        api.updateMemberRole({ headers, body: { memberId: theirs, role: "editor", organizationId } }),
      );
      const seat = { teamId: night.theirs.id, userId: bob.id, organizationId };
      yield* compare(
        "Teams.removeMember",
        inAcme(teams.removeMember(night.ours.id, bob.id)),
        api.removeTeamMember({ headers, body: seat }),
      );
      yield* compare(
        "Teams.addMember",
        inAcme(teams.addMember(night.ours.id, bob.id)),
        api.addTeamMember({ headers, body: seat }),
      );
      yield* compare(
        "Members.remove",
        inAcme(members.remove(memberId)),
        api.removeMember({ headers, body: { memberIdOrEmail: theirs, organizationId } }),
      );
      yield* compare(
        "Organizations.remove",
        inAcme(organizations.remove),
        api.deleteOrganization({ headers, body: { organizationId } }),
      );
      console.table(table);

      assert.strictEqual(listed.statements, 1);
      assert.strictEqual(admitted.statements, 1);
      assert.isAtMost(full.statements, 3);
      assert.isAtMost(created.statements, 5);
      for (const row of table) assert.isAtMost(Number(row.statements), Number(row["Better Auth"]), `${row.service}`);
    }),
  );
});
