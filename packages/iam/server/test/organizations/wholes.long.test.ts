/** Changes that are there as a whole, or not at all, and mail that leaves only with them; and rows that two sides write. */
import { createHash } from "node:crypto";
import { Auth, IamDb, Invitations } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Array from "effect/Array";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { asService } from "../../src/tenancy/asService.ts";
import { superuser } from "../auth/atWrite.ts";
import * as Faults from "../auth/faults.ts";
import { active, all, as, counts, inSession, invited, organizationOf, person, services, trusted } from "./people.ts";

const database = Layer.provideMerge(IamTest.postgres(), Logger.layer([]));

layer(database, { excludeTestServices: true })("a change that fails", (it) => {
  it.effect("AUTH-8: leaves nothing, whichever of its writes it fails at, and sends no mail", () =>
    Effect.gen(function* () {
      const { organizations, members, invitations, teams, roles } = yield* services;
      const mailbox = yield* IamTest.Mailbox;
      const { db } = yield* IamDb.IamDb;
      const sql = yield* superuser;
      const [ann, bob, cat] = yield* Effect.all([person("ann"), person("bob"), person("cat")]);
      yield* Faults.set(sql);

      /** What the operation gives once nothing fails. It writes as many rows. */
      const fail = Effect.fnUntraced(function* <A, E, R>(writes: number, operation: Effect.Effect<A, E, R>) {
        const given: Array<A> = [];
        const answer = (status: number) => ({ status, headers: new Headers(), body: undefined, code: undefined });
        const outcome = yield* Faults.atEachWrite(
          sql,
          Effect.matchCause(operation, {
            onFailure: () => answer(500),
            onSuccess: (result) => {
              given.push(result);
              return answer(200);
            },
          }),
        );
        assert.deepStrictEqual(outcome, { status: 200, writes, left: [] });
        assert.lengthOf(given, 1);
        return yield* Effect.fromOption(Array.head(given));
      });

      // The organization, its owner, its team, the owner's seat there, and what is active in the session.
      const { id } = yield* fail(5, organizations.create(ann.principal, { name: "Acme", slug: "acme" }));
      const byAnn = as(ann, id);
      yield* fail(1, byAnn(organizations.update({ name: "Acme 2" })));
      yield* fail(1, organizations.suspend(id));
      yield* fail(1, organizations.resume(id));
      const night = yield* fail(1, byAnn(teams.create({ name: "Night" })));
      const late = yield* fail(1, byAnn(teams.create({ name: "Late" })));
      yield* fail(1, byAnn(teams.update(night.id, { name: "Nights" })));
      const editor = yield* fail(1, byAnn(roles.create({ role: "editor", permissions: {} })));
      yield* fail(1, byAnn(roles.update(editor.id, { team: ["create"] })));
      yield* fail(1, byAnn(roles.remove(editor.id)));

      // With each invitation its mail is put, and with the first one the key that it is sealed under.
      const toBob = { email: bob.email, roles: ["member"], teamIds: [night.id, late.id] };
      const invitation = yield* fail(3, byAnn(invitations.create(toBob)));
      yield* fail(2, byAnn(invitations.create({ ...toBob, resend: true })));
      // The member, two seats, two counts, what is active, and the invitation.
      const { memberId } = yield* fail(7, invitations.accept(bob.principal, invitation.id));
      yield* fail(1, byAnn(members.setRoles(memberId, ["admin"])));
      // Two seats, two counts, the member, and what is active.
      yield* fail(6, byAnn(members.remove(memberId)));

      const toCat = { email: cat.email, roles: ["member"], teamIds: [night.id] };
      const first = yield* fail(2, byAnn(invitations.create(toCat)));
      yield* asService(db.update(IamDbSchema.invitation).set({ expiresAt: new Date(0) }));
      // Which has expired, and the one in its place with its mail.
      const second = yield* fail(3, byAnn(invitations.create(toCat)));
      yield* fail(1, byAnn(invitations.cancel(second.id)));
      const third = yield* fail(2, byAnn(invitations.create(toCat)));
      yield* fail(1, invitations.reject(cat.principal, third.id));
      const fourth = yield* fail(2, byAnn(invitations.create(toCat)));
      yield* fail(1, byAnn(members.add({ userId: bob.id, roles: ["owner"] })));
      yield* fail(2, byAnn(teams.addMember(night.id, bob.id)));
      yield* fail(2, byAnn(teams.removeMember(night.id, bob.id)));
      yield* fail(2, byAnn(teams.addMember(night.id, bob.id)));
      // The team, its seat, and the invitation into it.
      yield* fail(3, byAnn(teams.remove(night.id)));
      // The membership, the seats, and the invitation that she had made.
      yield* fail(5, byAnn(members.leave));
      yield* fail(1, as(bob, id)(organizations.update({ name: "Bobs" })));
      const key = IamEntityIds.ApiKeyId.create();
      yield* asService(db.insert(IamDbSchema.apiKey).values({ id: key, key, referenceId: id }));
      const [before] = yield* sql<{ rows: number }>`
        select ((select count(*) from iam_members) + (select count(*) from iam_teams)
          + (select count(*) from iam_team_members) + (select count(*) from iam_invitations))::int as rows`;
      // With the key and the organization itself.
      yield* fail((before?.rows ?? 0) + 2, as(bob, id)(organizations.remove));

      // One for each that was made, and for the one that was sent again.
      const announced = yield* Effect.all(Array.makeBy(6, () => mailbox.next));
      assert.sameDeepMembers(
        announced.map((mail) => [mail.to, new URL(IamTest.linkIn(mail)).href.includes(invitation.id)]),
        [[bob.email, true], [bob.email, true], ...[first, second, third, fourth].map(() => [cat.email, false])],
      );
    }),
  );

  it.effect("AUTH-7: the mail of an invitation waits for the caller's transaction, and falls with it or its part", () =>
    Effect.gen(function* () {
      const invitations = yield* Invitations.Invitations;
      const mailbox = yield* IamTest.Mailbox;
      const client = yield* PgClient;
      const dan = yield* person("dan");
      const { id } = yield* organizationOf(dan, "dans");
      const invite = (name: string) =>
        as(dan, id)(invitations.create({ email: `${name}@example.com`, roles: ["member"] }));
      const undone = (name: string) =>
        Effect.flip(client.withTransaction(Effect.andThen(invite(name), Effect.fail("no"))));

      yield* undone("ghost");
      yield* client.withTransaction(
        Effect.gen(function* () {
          yield* invite("first");
          yield* undone("part");
          yield* invite("second");
        }),
      );
      yield* invite("last");
      const to = yield* Effect.all([mailbox.next, mailbox.next, mailbox.next]);
      assert.sameMembers(
        to.map((mail) => mail.to.split("@")[0]),
        ["first", "second", "last"],
      );
      assert.deepStrictEqual(
        (yield* as(dan, id)(all(invitations.list({})))).map(({ email }) => email.split("@")[0]),
        ["first", "second", "last"],
      );
    }),
  );

  it.effect("TEN-1: an invitation that names another organization's team gives no seat there", () =>
    Effect.gen(function* () {
      const invitations = yield* Invitations.Invitations;
      const { db } = yield* IamDb.IamDb;
      const [eva, flo, gus] = yield* Effect.all([person("eva"), person("flo"), person("gus")]);
      const { id } = yield* organizationOf(eva, "evas");
      const other = yield* organizationOf(flo, "flos");
      const { invitation } = yield* invited(eva, id, gus);
      // The column is text, so that no foreign key refuses it.
      yield* asService(db.update(IamDbSchema.invitation).set({ teamId: other.teamId }));
      yield* invitations.accept(gus.principal, invitation.id);
      assert.deepStrictEqual(yield* active(gus), { organization: id, team: null });
      const sql = yield* superuser;
      const gusId = SharedEntityIds.UserId.toUuid(gus.id);
      assert.deepStrictEqual(yield* sql`select from iam_team_members where user_id = ${gusId}`, []);
      assert.deepStrictEqual(yield* counts(other.id), [{ name: "flos", counted: 1, members: 1 }]);
    }),
  );
});

/** A user who can use Better Auth's endpoints too. */
const signedUp = Effect.fnUntraced(function* (name: string) {
  const { session } = yield* Auth.Auth;
  const user = yield* IamTest.signedUp(name);
  const found = yield* Effect.flatMap(session(user.headers), Effect.fromOption);
  return { ...user, sessionId: found.session.id, principal: inSession(user.id, found.session.id) };
});

layer(database, { excludeTestServices: true })("beside Better Auth", (it) => {
  it.effect("AUTH-2: its endpoints see and handle what the services make", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { members, teams, roles } = yield* services;
      const sql = yield* superuser;
      const ann = yield* signedUp("ann");
      const bob = yield* signedUp("bob");
      const { headers } = ann;
      const { id: organizationId, teamId, ownerId } = yield* organizationOf(ann, "acme");

      const listed = yield* api.listOrganizations({ headers });
      assert.deepStrictEqual(
        listed.map(({ id, name, slug }) => ({ id, name, slug })),
        [{ id: organizationId, name: "acme", slug: "acme" }],
      );
      yield* as(ann, organizationId)(roles.create({ role: "editor", permissions: { team: ["create"] } }));
      const { invitation } = yield* invited(ann, organizationId, bob, {
        roles: ["member", "editor"],
        teamIds: [teamId],
      });
      const { member } = yield* api.acceptInvitation({ headers: bob.headers, body: { invitationId: invitation.id } });
      assert.deepInclude(member, { organizationId, role: "member,editor" });
      assert.deepStrictEqual(yield* counts(organizationId), [{ name: "acme", counted: 2, members: 2 }]);
      const full = yield* api.getFullOrganization({ headers });
      assert.deepStrictEqual(
        full?.members.map(({ id, role }) => [id, role]),
        [
          [ownerId, "owner"],
          [member.id, "member,editor"],
        ],
      );
      assert.deepStrictEqual(
        full?.teams.map(({ id }) => id),
        [teamId],
      );
      // The endpoint finds the permission of the role that the service defined.
      const { id: nightId } = yield* api.createTeam({ headers: bob.headers, body: { name: "Night", organizationId } });

      // A seat that the service gave is found by the endpoint's own key, and counted no second time.
      const seat = yield* as(ann, organizationId)(teams.addMember(nightId, bob.id));
      const same = yield* api.addTeamMember({ headers, body: { teamId: nightId, userId: bob.id, organizationId } });
      assert.strictEqual(same.id, seat.id);
      assert.deepStrictEqual(
        yield* sql`select membership_key from iam_team_members where id = ${IamEntityIds.TeamMemberId.toUuid(seat.id)}`,
        [
          {
            membership_key: createHash("sha256")
              .update(JSON.stringify([nightId, bob.id]))
              .digest("base64url"),
          },
        ],
      );
      yield* api.removeTeamMember({ headers, body: { teamId: nightId, userId: bob.id, organizationId } });
      assert.deepStrictEqual(yield* counts(organizationId), [
        { name: "acme", counted: 2, members: 2 },
        { name: "Night", counted: 0, members: 0 },
      ]);
      yield* as(ann, organizationId)(teams.addMember(nightId, bob.id));
      yield* api.removeMember({ headers, body: { memberIdOrEmail: bob.email, organizationId } });
      assert.deepStrictEqual(yield* counts(organizationId), [
        { name: "acme", counted: 1, members: 1 },
        { name: "Night", counted: 0, members: 0 },
      ]);
      assert.lengthOf(yield* as(ann, organizationId)(all(members.list({}))), 1);
    }),
  );

  it.effect("AUTH-2: the services see and handle what its endpoints make", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { organizations, members, invitations, teams, roles } = yield* services;
      const mailbox = yield* IamTest.Mailbox;
      const cat = yield* signedUp("cat");
      const dan = yield* signedUp("dan");
      const { headers } = cat;
      const { id: organizationId } = yield* IamTest.organizationOf(cat, "cats");
      const inCats = as(cat, organizationId);

      assert.deepInclude(yield* inCats(organizations.get), { slug: "cats", metadata: null });
      const [team] = yield* inCats(all(teams.list({})));
      if (team === undefined) return assert.fail("There is no team.");
      assert.deepInclude(team, { name: "cats", memberCount: 1 });
      const permission = { team: ["create"] };
      const { roleData } = yield* api.createOrgRole({ headers, body: { role: "editor", permission, organizationId } });
      assert.deepStrictEqual(
        (yield* inCats(all(roles.list({})))).map(({ id, permissions, role }) => ({ id, permissions, role })),
        [{ id: roleData.id, permissions: permission, role: "editor" }],
      );

      const made = yield* api.createInvitation({
        headers,
        body: { email: dan.email, role: ["member", "editor"], organizationId, teamId: [team.id] },
      });
      yield* mailbox.next;
      const [received] = yield* all(invitations.received(dan.principal, {}));
      assert.deepInclude(received, { id: made.id, roles: ["member", "editor"], teamIds: [team.id] });
      const { memberId } = yield* invitations.accept(dan.principal, made.id);
      assert.deepStrictEqual(yield* counts(organizationId), [{ name: "cats", counted: 2, members: 2 }]);
      assert.deepStrictEqual(yield* active(dan), { organization: organizationId, team: team.id });
      const seen = yield* api.getActiveMember({ headers: dan.headers });
      assert.deepInclude(seen, { id: memberId, role: "member,editor" });
      assert.strictEqual((yield* as(dan, organizationId)(teams.create({ name: "Night" }))).name, "Night");
      const again = yield* Effect.flip(api.acceptInvitation({ headers: dan.headers, body: { invitationId: made.id } }));
      assert.strictEqual(again.code, "INVITATION_NOT_FOUND");

      const night = yield* api.createTeam({ headers, body: { name: "Late", organizationId } });
      const seat = yield* api.addTeamMember({ headers, body: { teamId: night.id, userId: dan.id, organizationId } });
      assert.strictEqual((yield* inCats(teams.addMember(night.id, dan.id))).id, seat.id);
      // What the endpoint lets be: a role by another name, which leaves its members with one that is gone.
      yield* api.updateOrgRole({
        headers,
        body: { roleName: "editor", organizationId, data: { roleName: "author" } },
      });
      yield* api.updateMemberRole({ headers, body: { memberId, role: "author", organizationId } });
      yield* api.updateOrgRole({
        headers,
        body: { roleName: "author", organizationId, data: { roleName: "writer" } },
      });
      assert.deepStrictEqual((yield* as(dan, organizationId)(members.leave)).roles, ["author"]);
      assert.deepStrictEqual(
        (yield* counts(organizationId)).map(({ counted, members, name }) => [name, counted, members]),
        [
          ["cats", 1, 1],
          ["Night", 0, 0],
          ["Late", 0, 0],
        ],
      );
    }),
  );
});

const few = { IAM_ORGANIZATION_MEMBERS: "2", IAM_ORGANIZATION_INVITATIONS: "2" };

layer(Layer.provideMerge(IamTest.configured(few), TestDatabase.layer()), { excludeTestServices: true })(
  "the limits of the configuration",
  (it) => {
    it.effect("AUTH-2: bind the services and Better Auth's endpoints alike", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { invitations, members } = yield* services;
        const mailbox = yield* IamTest.Mailbox;
        const ann = yield* signedUp("ann");
        const bob = yield* signedUp("bob");
        const cat = yield* person("cat");
        const { id: organizationId } = yield* organizationOf(ann, "acme");
        const code = <A, E extends { readonly code: string }, R>(effect: Effect.Effect<A, E, R>) =>
          Effect.map(Effect.flip(effect), (error) => error.code);

        const { invitation } = yield* invited(ann, organizationId, bob);
        const toCat = yield* invited(ann, organizationId, cat);
        const third = { email: "dan@example.com", role: "member", organizationId };
        const create = invitations.create({ email: third.email, roles: [third.role] });
        const refused = yield* Effect.flip(as(ann, organizationId)(create));
        assert.deepInclude(refused, { code: "INVITATION_LIMIT_REACHED" });
        assert.strictEqual(
          yield* code(api.createInvitation({ headers: ann.headers, body: third })),
          "INVITATION_LIMIT_REACHED",
        );
        // Sending one again is no other one.
        yield* as(ann, organizationId)(invitations.create({ email: bob.email, roles: ["member"], resend: true }));
        yield* mailbox.next;

        yield* invitations.accept(cat.principal, toCat.invitation.id);
        for (const attempt of [
          Effect.asVoid(invitations.accept(bob.principal, invitation.id)),
          Effect.asVoid(as(trusted, organizationId)(members.add({ userId: bob.id, roles: ["member"] }))),
        ]) {
          assert.deepInclude(yield* Effect.flip(attempt), { code: "MEMBER_LIMIT_REACHED" });
        }
        assert.strictEqual(
          yield* code(api.acceptInvitation({ headers: bob.headers, body: { invitationId: invitation.id } })),
          "ORGANIZATION_MEMBERSHIP_LIMIT_REACHED",
        );
        assert.lengthOf(yield* as(trusted, organizationId)(all(members.list({}))), 2);
      }),
    );
  },
);
