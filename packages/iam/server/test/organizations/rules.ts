/** Who may do what, and what is refused to whom. */
import { IamDb, Invitations, Members, Teams, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { team, user as users } from "@beep/shared-tables";
import type { IamTest } from "@beep/testing";
import { assert, type Vitest } from "@effect/vitest";
import { eq, inArray } from "drizzle-orm";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";
import {
  active,
  all,
  as,
  byKey,
  byToken,
  invited,
  joined,
  ofOrganization,
  organizationOf,
  type Person,
  person,
  refusal,
  services,
  trusted,
} from "./people.ts";

/** That an invitation is none to a person, whatever they do with it. */
const assertNone = Effect.fnUntraced(function* ({ principal }: Person, id: IamEntityIds.InvitationId) {
  const invitations = yield* Invitations.Invitations;
  assert.deepStrictEqual(yield* all(invitations.received(principal, {})), []);
  assert.strictEqual(yield* refusal(invitations.accept(principal, id)), "INVITATION_NOT_FOUND");
  assert.strictEqual(yield* refusal(invitations.reject(principal, id)), "INVITATION_NOT_FOUND");
});

/** Gives the tests to a suite. */
export const rules = (it: Vitest.MethodsNonLive<IamTest.Provided>): void => {
  it.effect("AUTH-3: what a user does without being in an organization, a credential is limited from, too", () =>
    Effect.gen(function* () {
      const { organizations, invitations } = yield* services;
      const [ivo, jon] = yield* Effect.all([person("ivar"), person("jonna")]);
      const { id } = yield* organizationOf(ivo, "ivos");
      const { id: invitationId } = (yield* invited(ivo, id, jon)).invitation;
      for (const limited of [byKey(jon, { member: ["read"] }), byToken(jon, "openid")]) {
        const refusals = yield* Effect.all([
          refusal(organizations.create(limited, { name: "Jons", slug: "jons" })),
          refusal(organizations.ofUser(limited, {})),
          refusal(invitations.received(limited, {})),
          refusal(invitations.accept(limited, invitationId)),
          refusal(invitations.reject(limited, invitationId)),
        ]);
        assert.deepStrictEqual([...new Set(refusals)], ["PERMISSION_MISSING"]);
      }
      yield* invitations.accept(byToken(jon, "invitation:accept"), invitationId);
    }),
  );

  it.effect("TEN-6: what a removed member invited others to ends with the membership", () =>
    Effect.gen(function* () {
      const { members, invitations } = yield* services;
      const [kai, lev, mia] = yield* Effect.all([person("kaja"), person("levin"), person("mira")]);
      const { id } = yield* organizationOf(kai, "kais");
      const { id: levId } = yield* joined(id, lev, "admin");
      const { id: invitationId } = (yield* invited(lev, id, mia, { roles: ["admin"] })).invitation;
      assert.lengthOf(yield* all(invitations.received(mia.principal, {})), 1);
      yield* as(kai, id)(members.remove(levId));
      yield* assertNone(mia, invitationId);
      // Nor is it one where the membership ended otherwise.
      const { db } = yield* IamDb.IamDb;
      const { id: again } = yield* joined(id, lev, "admin");
      const { id: other } = (yield* invited(lev, id, mia, { roles: ["admin"] })).invitation;
      yield* asService(db.delete(IamDbSchema.member).where(eq(IamDbSchema.member.id, again)));
      yield* assertNone(mia, other);
    }),
  );

  it.effect("TEN-4: what comes after a change, within the services' own transaction, is not that organization's", () =>
    Effect.gen(function* () {
      const teams = yield* Teams.Teams;
      const [ned, ola] = yield* Effect.all([person("nedda"), person("olaf")]);
      const one = yield* organizationOf(ned, "neds");
      const two = yield* organizationOf(ola, "olas");
      const names = yield* asService(
        Effect.gen(function* () {
          const first = yield* Tenancy.as(trusted, one.id)(teams.create({ name: "First" }));
          const second = yield* Tenancy.as(trusted, two.id)(teams.create({ name: "Second" }));
          const { db } = yield* IamDb.IamDb;
          const both = yield* db
            .select({ name: team.name })
            .from(team)
            .where(inArray(team.id, [first.id, second.id]));
          return both.map(({ name }) => name);
        }),
      );
      assert.sameMembers(names, ["First", "Second"]);
    }),
  );

  it.effect("AZ-12: owners are made, invited, changed and removed by owners", () =>
    Effect.gen(function* () {
      const { members, invitations } = yield* services;
      const [oda, pat, quin, rob] = yield* Effect.all([person("oda"), person("pat"), person("quin"), person("rob")]);
      const { id, ownerId } = yield* organizationOf(oda, "odas");
      const { id: patId } = yield* joined(id, pat, "admin");
      const byPat = as(pat, id);
      const owner = { email: "owner@example.com", roles: ["member", "owner"] };

      const refused = yield* Effect.flip(byPat(members.setRoles(ownerId, ["member"])));
      assert.deepInclude(refused, { _tag: "PermissionMissing" });
      assert.deepStrictEqual("permissions" in refused ? refused.permissions : undefined, {});
      for (const attempt of [
        refusal(byPat(members.setRoles(patId, ["owner"]))),
        refusal(byPat(members.setRoles(patId, ["admin", " owner"]))),
        refusal(byPat(members.add({ userId: quin.id, roles: ["admin,owner"] }))),
        refusal(byPat(members.remove(ownerId))),
        refusal(byPat(invitations.create(owner))),
        refusal(as(ofOrganization(id, { member: ["create", "update", "delete"] }), id)(members.remove(ownerId))),
      ]) {
        assert.strictEqual(yield* attempt, "PERMISSION_MISSING");
      }
      const { invitation } = yield* invited(oda, id, owner, owner);
      // An administrator neither sends it again nor sees it.
      assert.strictEqual(
        yield* refusal(byPat(invitations.create({ ...owner, roles: ["member"], resend: true }))),
        "PERMISSION_MISSING",
      );
      assert.deepStrictEqual(yield* byPat(all(invitations.list({}))), []);
      assert.deepStrictEqual(yield* as(oda, id)(all(invitations.list({}))), [invitation]);

      yield* as(oda, id)(members.setRoles(patId, ["owner"]));
      assert.deepStrictEqual((yield* byPat(members.remove(ownerId))).userId, oda.id);
      for (const attempt of [
        refusal(byPat(members.remove(patId))),
        refusal(byPat(members.setRoles(patId, ["admin"]))),
        refusal(as(trusted, id)(members.remove(patId))),
      ]) {
        assert.strictEqual(yield* attempt, "LAST_OWNER");
      }
      yield* joined(id, rob, "member", "owner");
      assert.deepStrictEqual((yield* byPat(members.setRoles(patId, ["admin"]))).roles, ["admin"]);
    }),
  );

  it.effect("AZ-12: who lacks a permission is told which, and nobody gives a role more than they may", () =>
    Effect.gen(function* () {
      const { organizations, members, invitations, teams, roles } = yield* services;
      const [sue, tom, uma] = yield* Effect.all([person("sue"), person("tom"), person("uma")]);
      const { id, ownerId, teamId } = yield* organizationOf(sue, "sues");
      const { id: tomId } = yield* joined(id, tom);
      const { id: umaId } = yield* joined(id, uma);
      const byTom = as(tom, id);
      const { invitation } = yield* invited(sue, id, { email: "vic@example.com" });
      const editor = yield* as(sue, id)(roles.create({ role: "editor", permissions: { ac: ["create", "update"] } }));

      const lacking = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.map(Effect.flip(effect), (error) => ("permissions" in error ? error.permissions : error._tag));
      assert.deepStrictEqual(
        yield* Effect.all([
          lacking(byTom(organizations.update({ name: "Toms" }))),
          lacking(byTom(organizations.remove)),
          lacking(byTom(members.add({ userId: uma.id, roles: ["member"] }))),
          lacking(byTom(members.setRoles(tomId, ["admin"]))),
          lacking(byTom(members.remove(umaId))),
          lacking(byTom(invitations.list({}))),
          lacking(byTom(invitations.create({ email: "wim@example.com", roles: ["member"] }))),
          lacking(byTom(invitations.cancel(invitation.id))),
          lacking(byTom(teams.create({ name: "Night" }))),
          lacking(byTom(teams.update(teamId, { name: "Night" }))),
          lacking(byTom(teams.remove(teamId))),
          lacking(byTom(teams.addMember(teamId, tom.id))),
          lacking(byTom(teams.removeMember(teamId, sue.id))),
          lacking(byTom(teams.members(teamId, {}))),
          lacking(byTom(roles.create({ role: "king", permissions: {} }))),
          lacking(byTom(roles.update(editor.id, {}))),
          lacking(byTom(roles.remove(editor.id))),
        ]),
        [
          { organization: ["update"] },
          { organization: ["delete"] },
          { member: ["create"] },
          { member: ["update"] },
          { member: ["delete"] },
          { invitation: ["create"] },
          { invitation: ["create"] },
          { invitation: ["cancel"] },
          { team: ["create"] },
          { team: ["update"] },
          { team: ["delete"] },
          { member: ["update"] },
          { member: ["delete"] },
          { member: ["update"] },
          { ac: ["create"] },
          { ac: ["update"] },
          { ac: ["delete"] },
        ],
      );
      // What every member sees.
      assert.strictEqual((yield* byTom(organizations.get)).slug, "sues");
      const full = yield* byTom(organizations.full);
      assert.deepStrictEqual(
        full.members.items.map(({ id }) => id),
        [ownerId, tomId, umaId],
      );
      assert.deepStrictEqual(full.invitations, { items: [], next: null });
      assert.deepStrictEqual(yield* byTom(all(roles.list({}))), [editor]);

      yield* as(sue, id)(members.setRoles(tomId, ["member", "editor"]));
      const king = { role: "king", permissions: { team: ["create", "delete"], ac: ["create"] } } as const;
      assert.deepStrictEqual(yield* lacking(byTom(roles.create(king))), { team: ["delete"] });
      assert.deepStrictEqual(yield* lacking(byTom(roles.update(editor.id, { organization: ["delete"] }))), {
        organization: ["delete"],
      });
      assert.strictEqual((yield* byTom(roles.create({ role: "page", permissions: { ac: ["read"] } }))).role, "page");
      yield* as(sue, id)(members.setRoles(umaId, ["admin"]));
      assert.deepStrictEqual(
        yield* lacking(as(uma, id)(roles.create({ role: "heir", permissions: { organization: ["delete"] } }))),
        { organization: ["delete"] },
      );
    }),
  );

  it.effect("TEN-6: what is another organization's is as what nobody has", () =>
    Effect.gen(function* () {
      const { members, invitations, teams, roles } = yield* services;
      const [xan, yan, zoe] = yield* Effect.all([person("xan"), person("yan"), person("zoe")]);
      const mine = yield* organizationOf(xan, "mine");
      const other = yield* organizationOf(yan, "other");
      yield* joined(other.id, zoe);
      const others = {
        member: other.ownerId,
        user: zoe.id,
        team: other.teamId,
        invitation: (yield* invited(yan, other.id, { email: "abe@example.com" })).invitation.id,
        role: (yield* as(yan, other.id)(roles.create({ role: "editor", permissions: {} }))).id,
      };
      const nobodys = {
        member: IamEntityIds.MemberId.create(),
        user: SharedEntityIds.UserId.create(),
        team: SharedEntityIds.TeamId.create(),
        invitation: IamEntityIds.InvitationId.create(),
        role: IamEntityIds.OrganizationRoleId.create(),
      };
      const inMine = as(xan, mine.id);
      /** Every answer to every question about these, the errors with all that they say. */
      const asking = ({ invitation, member, role, team, user }: typeof others) =>
        Effect.all([
          Effect.flip(inMine(members.get(member))),
          Effect.flip(inMine(members.setRoles(member, ["admin"]))),
          Effect.flip(inMine(members.remove(member))),
          Effect.flip(inMine(invitations.cancel(invitation))),
          Effect.flip(inMine(invitations.create({ email: "eve@example.com", roles: ["member"], teamIds: [team] }))),
          Effect.flip(inMine(invitations.create({ email: "eve@example.com", roles: ["editor"] }))),
          Effect.flip(invitations.accept(xan.principal, invitation)),
          Effect.flip(invitations.reject(xan.principal, invitation)),
          Effect.flip(inMine(teams.update(team, { name: "Mine" }))),
          Effect.flip(inMine(teams.remove(team))),
          Effect.flip(inMine(teams.members(team, {}))),
          Effect.flip(inMine(teams.addMember(team, xan.id))),
          Effect.flip(inMine(teams.addMember(mine.teamId, user))),
          Effect.flip(inMine(teams.removeMember(team, xan.id))),
          Effect.flip(inMine(teams.removeMember(mine.teamId, user))),
          Effect.flip(inMine(roles.update(role, {}))),
          Effect.flip(inMine(roles.remove(role))),
        ]).pipe(Effect.map((errors) => JSON.stringify(errors)));
      const answers = yield* asking(others);
      assert.strictEqual(answers, yield* asking(nobodys));
      assert.deepStrictEqual(
        [...new Set(answers.match(/"[A-Z]+_NOT_FOUND"/g))],
        ['"MEMBER_NOT_FOUND"', '"INVITATION_NOT_FOUND"', '"TEAM_NOT_FOUND"', '"ROLE_NOT_FOUND"'],
      );
      assert.strictEqual(
        yield* refusal(inMine(members.add({ userId: nobodys.user, roles: ["member"] }))),
        "USER_NOT_FOUND",
      );
    }),
  );

  it.effect("TEN-6: who is let into no organization is told the same, whatever the reason", () =>
    Effect.gen(function* () {
      const { organizations, members, teams } = yield* services;
      const [bea, cal, dee] = yield* Effect.all([person("bea"), person("cal"), person("dee")]);
      const { id } = yield* organizationOf(bea, "beas");
      const { id: elsewhere } = yield* organizationOf(dee, "dees");
      const { id: calId } = yield* joined(id, cal, "admin");
      const membership = yield* Tenancy.admit(cal.principal, id);
      const nobody = { ...cal.principal, userId: SharedEntityIds.UserId.create() };
      const refused = (effect: ReturnType<typeof Tenancy.admit>) =>
        Effect.map(Effect.flip(effect), (error) => JSON.stringify(error));

      yield* as(bea, id)(members.remove(calId));
      const removed = yield* refused(Tenancy.admit(cal.principal, id));
      // Who was let in before is looked up again by each change.
      assert.strictEqual(
        yield* refusal(Tenancy.asMember(membership)(teams.create({ name: "Night" }))),
        "ORGANIZATION_NOT_FOUND",
      );
      assert.strictEqual(yield* refused(Tenancy.admit(nobody, id)), removed);
      assert.strictEqual(yield* refused(Tenancy.admit(dee.principal, id)), removed);
      assert.strictEqual(yield* refused(Tenancy.admit(ofOrganization(elsewhere, null), id)), removed);
      assert.strictEqual(yield* refused(Tenancy.admit(trusted, SharedEntityIds.OrganizationId.create())), removed);
      yield* organizations.suspend(id);
      assert.strictEqual(yield* refused(Tenancy.admit(bea.principal, id)), removed);
      assert.strictEqual(yield* refused(Tenancy.admit(trusted, id)), removed);
    }),
  );

  it.effect("TEN-6: an invitation is none to who has not confirmed its address", () =>
    Effect.gen(function* () {
      const { db } = yield* IamDb.IamDb;
      const invitations = yield* Invitations.Invitations;
      const [una, vex] = yield* Effect.all([person("una"), person("vex")]);
      const { id } = yield* organizationOf(una, "unas");
      const { invitation } = yield* invited(una, id, vex);
      const confirm = (emailVerified: boolean) =>
        asService(db.update(users).set({ emailVerified }).where(eq(users.id, vex.id)));

      yield* confirm(false);
      yield* assertNone(vex, invitation.id);
      yield* confirm(true);
      assert.strictEqual((yield* all(invitations.received(vex.principal, {}))).length, 1);
      assert.strictEqual((yield* invitations.accept(vex.principal, invitation.id)).invitation.status, "accepted");
    }),
  );

  it.effect("TEN-6: an invitation into a suspended organization is none until it is resumed", () =>
    Effect.gen(function* () {
      const { invitations, organizations } = yield* services;
      const [wyn, wil] = yield* Effect.all([person("wyn"), person("wil")]);
      const { id } = yield* organizationOf(wyn, "wyns");
      const { invitation } = yield* invited(wyn, id, wil);

      yield* organizations.suspend(id);
      yield* assertNone(wil, invitation.id);
      yield* organizations.resume(id);
      assert.strictEqual((yield* all(invitations.received(wil.principal, {}))).length, 1);
      assert.strictEqual((yield* invitations.accept(wil.principal, invitation.id)).invitation.status, "accepted");
    }),
  );

  it.effect("AZ-3: a credential limits its user, and an organization's key is worth what it says", () =>
    Effect.gen(function* () {
      const { members, organizations, invitations, teams } = yield* services;
      const [fia, gil] = yield* Effect.all([person("fia"), person("gil")]);
      const { id, teamId } = yield* organizationOf(fia, "fias");
      const create = teams.create({ name: "Night" });

      for (const principal of [
        byToken(fia, "openid", "team:read"),
        byToken(fia),
        byKey(fia, {}),
        byKey(fia, { team: ["read"] }),
        ofOrganization(id, null),
        ofOrganization(id, { member: ["create"] }),
      ]) {
        assert.strictEqual(yield* refusal(as(principal, id)(create)), "PERMISSION_MISSING");
        assert.strictEqual(yield* refusal(as(principal, id)(members.leave)), "PERMISSION_MISSING");
      }
      for (const principal of [
        byToken(fia, "team:create"),
        byKey(fia, null),
        byKey(fia, { team: ["create"] }),
        ofOrganization(id, { team: ["create"] }),
        { ...fia.principal, impersonatedBy: gil.id },
        trusted,
      ]) {
        assert.strictEqual((yield* as(principal, id)(create)).name, "Night");
      }
      const looking = byToken(fia, "team:read", "organization:read");
      assert.lengthOf(yield* as(looking, id)(all(teams.list({}))), 7);
      assert.lengthOf(yield* as(looking, id)(all(teams.members(teamId, {}))), 1);
      for (const attempt of [
        refusal(as(looking, id)(members.list({}))),
        refusal(as(looking, id)(organizations.full)),
        refusal(as(looking, id)(invitations.list({}))),
      ]) {
        assert.strictEqual(yield* attempt, "PERMISSION_MISSING");
      }
      // Only a user invites, and only a member leaves.
      const inviting = ofOrganization(id, { invitation: ["create", "read"] });
      assert.strictEqual(
        yield* refusal(as(inviting, id)(invitations.create({ email: "hew@example.com", roles: ["member"] }))),
        "PERMISSION_MISSING",
      );
      assert.deepStrictEqual(yield* as(inviting, id)(all(invitations.list({}))), []);
      assert.strictEqual(yield* refusal(as(trusted, id)(members.leave)), "MEMBER_NOT_FOUND");

      // What is made by a key or a token is active in no session.
      const before = yield* active(fia);
      yield* organizations.create(byKey(fia, null), { name: "By key", slug: "by-key" });
      assert.deepStrictEqual(yield* active(fia), before);
    }),
  );

  it.effect("AUTH-8: an address that mail cannot reach is not invited", () =>
    Effect.gen(function* () {
      const invitations = yield* Invitations.Invitations;
      const ivy = yield* person("ivy");
      const { id } = yield* organizationOf(ivy, "ivys");
      for (const email of [
        "",
        "ivy",
        "@example.com",
        "a b@example.com",
        "a@b",
        "a@b..c",
        "a@example.com\nBcc: x@y.z",
      ]) {
        assert.strictEqual(
          yield* refusal(as(ivy, id)(invitations.create({ email, roles: ["member"] }))),
          "INVALID_EMAIL",
          email,
        );
      }
      assert.deepStrictEqual(yield* as(ivy, id)(all(invitations.list({}))), []);
    }),
  );

  it.effect("API-2: a page of no thing, or of more than may be, is the caller's mistake", () =>
    Effect.gen(function* () {
      const members = yield* Members.Members;
      const jon = yield* person("jon");
      const { id } = yield* organizationOf(jon, "jons");
      for (const limit of [0, -1, 101, 1.5]) {
        const exit = yield* Effect.exit(as(jon, id)(members.list({ limit })));
        assert.isTrue(exit._tag === "Failure" && Cause.hasDies(exit.cause), `${limit}`);
      }
      assert.strictEqual(yield* refusal(as(jon, id)(members.list({ cursor: "?" }))), "INVALID_CURSOR");
    }),
  );

  it.effect("DB-1: services are at home in a caller's transaction, and leave it in the scope that it had", () =>
    Effect.gen(function* () {
      const { members, teams } = yield* services;
      const { db } = yield* IamDb.IamDb;
      const kim = yield* person("kim");
      const { id, ownerId } = yield* organizationOf(kim, "kims");
      const seen = yield* Tenancy.within(id)(
        Effect.gen(function* () {
          yield* as(kim, id)(teams.create({ name: "Night" }));
          assert.strictEqual(yield* refusal(as(kim, id)(members.remove(ownerId))), "LAST_OWNER");
          return yield* db.select({ name: team.name }).from(team).orderBy(team.id);
        }),
      );
      assert.deepStrictEqual(seen, [{ name: "kims" }, { name: "Night" }]);
    }),
  );
};
