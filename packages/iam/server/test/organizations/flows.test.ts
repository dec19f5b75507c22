/** What is done with organizations every day, on every kind of database. */
import { IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";
import {
  active,
  all,
  as,
  counts,
  invited,
  joined,
  ofOrganization,
  organizationOf,
  person,
  refusal,
  services,
} from "./people.ts";
import { rules } from "./rules.ts";

/** An organization's API key, by its row. */
const keyOf = Effect.fnUntraced(function* (referenceId: string) {
  const { db } = yield* IamDb.IamDb;
  const id = IamEntityIds.ApiKeyId.create();
  yield* asService(db.insert(IamDbSchema.apiKey).values({ id, referenceId, key: id }));
  return {
    isThere: Effect.map(
      asService(db.$count(IamDbSchema.apiKey, eq(IamDbSchema.apiKey.id, id))),
      (count) => count === 1,
    ),
  };
});

for (const { name, layer: iam } of IamTest.databases) {
  layer(iam, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("AUTH-8: an organization is made, seen, changed, suspended, resumed and removed", () =>
      Effect.gen(function* () {
        const { organizations, teams } = yield* services;
        const ann = yield* person("ann");
        const bob = yield* person("bob");

        const metadata = { plan: "free", seats: [1, 2] };
        const acme = yield* organizations.create(ann.principal, { name: "Acme", slug: "acme", metadata });
        assert.deepInclude(acme, { name: "Acme", slug: "acme", logo: null, metadata });
        const inAcme = as(ann, acme.id);
        assert.deepStrictEqual(yield* inAcme(organizations.get), acme);
        const [team, ...others] = yield* inAcme(all(teams.list({})));
        if (team === undefined) return assert.fail("There is no team.");
        assert.deepStrictEqual(others, []);
        assert.deepStrictEqual(yield* active(ann), { organization: acme.id, team: team.id });
        assert.deepStrictEqual(yield* counts(acme.id), [{ name: "Acme", counted: 1, members: 1 }]);
        assert.strictEqual(
          yield* refusal(organizations.create(bob.principal, { name: "Other", slug: "acme" })),
          "SLUG_TAKEN",
        );
        assert.deepStrictEqual(yield* all(organizations.ofUser(bob.principal, {})), []);

        const beta = yield* organizations.create(ann.principal, { name: "Beta", slug: "beta" });
        assert.deepStrictEqual(yield* all(organizations.ofUser(ann.principal, {})), [acme, beta]);
        assert.deepStrictEqual(yield* all(organizations.ofUser(ann.principal, { order: "newest" })), [beta, acme]);

        const full = yield* inAcme(organizations.full);
        assert.deepInclude(full, acme);
        assert.deepStrictEqual(
          full.members.items.map(({ roles, user }) => ({ roles, email: user.email })),
          [{ roles: ["owner"], email: ann.email }],
        );
        assert.deepStrictEqual(full.teams, { items: [team], next: null });
        assert.deepStrictEqual(full.invitations, { items: [], next: null });

        const renamed = { ...acme, name: "Acme 2", slug: "acme-2", logo: "https://acme.example/logo" };
        const { id: _id, createdAt: _createdAt, metadata: _metadata, ...change } = renamed;
        assert.deepStrictEqual(yield* inAcme(organizations.update(change)), renamed);
        assert.deepStrictEqual(yield* inAcme(organizations.update({ metadata: null, logo: null })), {
          ...renamed,
          metadata: null,
          logo: null,
        });
        assert.deepStrictEqual(yield* inAcme(organizations.update({})), { ...renamed, metadata: null, logo: null });
        assert.strictEqual(yield* refusal(inAcme(organizations.update({ slug: "beta" }))), "SLUG_TAKEN");

        yield* organizations.suspend(acme.id);
        for (const principal of [ann.principal, ofOrganization(acme.id, null)]) {
          assert.strictEqual(yield* refusal(Tenancy.admit(principal, acme.id)), "ORGANIZATION_NOT_FOUND");
        }
        assert.deepStrictEqual(yield* all(organizations.ofUser(ann.principal, {})), [beta]);
        yield* organizations.resume(acme.id);
        assert.strictEqual((yield* inAcme(organizations.get)).slug, "acme-2");

        const key = yield* keyOf(acme.id);
        const keyOfBeta = yield* keyOf(beta.id);
        yield* organizations.create(bob.principal, { name: "Bees", slug: "bees" });
        yield* joined(acme.id, bob, "admin");
        assert.strictEqual(yield* refusal(as(bob, acme.id)(organizations.remove)), "PERMISSION_MISSING");
        assert.strictEqual((yield* inAcme(organizations.remove)).id, acme.id);
        assert.strictEqual(yield* refusal(Tenancy.admit(ann.principal, acme.id)), "ORGANIZATION_NOT_FOUND");
        assert.deepStrictEqual([yield* key.isThere, yield* keyOfBeta.isThere], [false, true]);
        // It was made last, and is the active one still.
        assert.strictEqual((yield* active(ann))?.organization, beta.id);
        yield* as(ann, beta.id)(organizations.remove);
        assert.deepStrictEqual(yield* active(ann), { organization: null, team: null });
        assert.strictEqual(yield* refusal(organizations.suspend(acme.id)), "ORGANIZATION_NOT_FOUND");
      }),
    );

    it.effect("AUTH-8: members are added, seen, given roles, removed, and leave", () =>
      Effect.gen(function* () {
        const { members, organizations, teams } = yield* services;
        const [cat, dan, eve] = yield* Effect.all([person("cat"), person("dan"), person("eve")]);
        const { id, ownerId, teamId } = yield* organizationOf(cat, "cats");
        const inCats = as(cat, id);

        const added = yield* inCats(members.add({ userId: dan.id, roles: ["member", " admin", "member"] }));
        assert.deepInclude(added, { organizationId: id, userId: dan.id, roles: ["member", "admin"] });
        assert.deepInclude(added.user, { id: dan.id, name: "dan", email: dan.email });
        assert.deepStrictEqual(yield* inCats(members.get(added.id)), added);
        assert.deepStrictEqual(
          (yield* inCats(all(members.list({})))).map(({ id }) => id),
          [ownerId, added.id],
        );
        assert.strictEqual(
          yield* refusal(inCats(members.add({ userId: dan.id, roles: ["member"] }))),
          "ALREADY_A_MEMBER",
        );
        assert.strictEqual(yield* refusal(inCats(members.add({ userId: eve.id, roles: [] }))), "ROLE_NOT_FOUND");
        assert.strictEqual(yield* refusal(inCats(members.add({ userId: eve.id, roles: ["ghost"] }))), "ROLE_NOT_FOUND");

        assert.deepStrictEqual((yield* inCats(members.setRoles(added.id, ["member"]))).roles, ["member"]);
        assert.deepStrictEqual((yield* inCats(members.get(added.id))).roles, ["member"]);

        yield* organizations.create(dan.principal, { name: "Dogs", slug: "dogs" });
        yield* inCats(teams.addMember(teamId, dan.id));
        assert.deepStrictEqual(yield* counts(id), [{ name: "cats", counted: 2, members: 2 }]);
        const activeBefore = yield* active(dan);
        assert.deepStrictEqual(yield* inCats(members.remove(added.id)), { ...added, roles: ["member"] });
        assert.deepStrictEqual(yield* counts(id), [{ name: "cats", counted: 1, members: 1 }]);
        assert.deepStrictEqual(yield* active(dan), activeBefore);
        assert.strictEqual(yield* refusal(Tenancy.admit(dan.principal, id)), "ORGANIZATION_NOT_FOUND");
        assert.strictEqual(yield* refusal(inCats(members.get(added.id))), "MEMBER_NOT_FOUND");

        const again = yield* joined(id, dan);
        yield* joined(id, eve, "owner");
        assert.deepStrictEqual((yield* as(dan, id)(members.leave)).id, again.id);
        assert.deepStrictEqual((yield* inCats(members.leave)).id, ownerId);
        assert.deepStrictEqual(yield* active(cat), { organization: null, team: null });
        assert.deepStrictEqual(yield* counts(id), [{ name: "cats", counted: 0, members: 0 }]);
        assert.strictEqual(yield* refusal(as(eve, id)(members.leave)), "LAST_OWNER");
      }),
    );

    it.effect("AUTH-8: an address is invited into teams, and whoever has it accepts or rejects", () =>
      Effect.gen(function* () {
        const { invitations, members, teams } = yield* services;
        const mailbox = yield* IamTest.Mailbox;
        const client = yield* PgClient;
        const [fay, gus, hal] = yield* Effect.all([person("fay"), person("gus"), person("hal")]);
        const { id, teamId } = yield* organizationOf(fay, "figs");
        const inFigs = as(fay, id);
        const { id: nightId } = yield* inFigs(teams.create({ name: "Night" }));

        const { invitation, mail } = yield* invited(
          fay,
          id,
          { email: "Gus@Example.com" },
          { roles: ["member", "admin"], teamIds: [teamId, nightId, teamId] },
        );
        assert.strictEqual(mail.to, gus.email);
        assert.strictEqual(mail.subject, "fay invites you to figs");
        assert.include(IamTest.linkIn(mail), invitation.id);
        assert.deepInclude(invitation, {
          email: gus.email,
          roles: ["member", "admin"],
          teamIds: [teamId, nightId],
          status: "pending",
          inviterId: fay.id,
        });
        const again = { email: gus.email, roles: ["member"] };
        assert.strictEqual(yield* refusal(inFigs(invitations.create(again))), "ALREADY_INVITED");
        const resent = yield* inFigs(invitations.create({ ...again, resend: true }));
        assert.deepStrictEqual({ ...resent, expiresAt: null }, { ...invitation, expiresAt: null });
        assert.isAbove(resent.expiresAt.getTime(), invitation.expiresAt.getTime());
        assert.include(IamTest.linkIn(yield* mailbox.next), invitation.id);

        const [received] = yield* all(invitations.received(gus.principal, {}));
        assert.deepInclude(received, { id: invitation.id });
        assert.deepStrictEqual(received?.organization, { name: "figs", slug: "figs" });
        assert.deepStrictEqual(received?.inviter, { name: "fay", email: fay.email });
        assert.deepStrictEqual(yield* all(invitations.received(hal.principal, {})), []);
        assert.strictEqual(yield* refusal(invitations.accept(hal.principal, invitation.id)), "INVITATION_NOT_FOUND");

        const accepted = yield* invitations.accept(gus.principal, invitation.id);
        assert.deepStrictEqual(accepted.invitation.status, "accepted");
        assert.deepInclude(yield* inFigs(members.get(accepted.memberId)), {
          userId: gus.id,
          roles: ["member", "admin"],
        });
        assert.deepStrictEqual(yield* counts(id), [
          { name: "figs", counted: 2, members: 2 },
          { name: "Night", counted: 1, members: 1 },
        ]);
        // None of several teams is the active one.
        assert.deepStrictEqual(yield* active(gus), { organization: id, team: null });
        assert.strictEqual(yield* refusal(invitations.accept(gus.principal, invitation.id)), "INVITATION_NOT_FOUND");
        assert.strictEqual(yield* refusal(inFigs(invitations.create(again))), "ALREADY_A_MEMBER");

        const expiring = yield* invited(fay, id, hal, { teamIds: [nightId] });
        yield* asService(client`
          update iam_invitations set expires_at = now() - interval '1 second'
          where id = ${IamEntityIds.InvitationId.toUuid(expiring.invitation.id)}`);
        assert.deepStrictEqual(yield* all(invitations.received(hal.principal, {})), []);
        assert.strictEqual(
          yield* refusal(invitations.accept(hal.principal, expiring.invitation.id)),
          "INVITATION_NOT_FOUND",
        );
        const canceled = yield* invited(fay, id, hal);
        assert.strictEqual((yield* inFigs(invitations.cancel(canceled.invitation.id))).status, "canceled");
        assert.strictEqual(yield* refusal(inFigs(invitations.cancel(canceled.invitation.id))), "INVITATION_NOT_FOUND");
        const rejected = yield* invited(fay, id, hal, { teamIds: [nightId] });
        assert.strictEqual((yield* invitations.reject(hal.principal, rejected.invitation.id)).status, "rejected");
        const last = yield* invited(fay, id, hal, { teamIds: [nightId] });
        assert.deepStrictEqual(
          (yield* inFigs(all(invitations.list({})))).map(({ status }) => status),
          ["accepted", "canceled", "canceled", "rejected", "pending"],
        );
        yield* invitations.accept(hal.principal, last.invitation.id);
        assert.deepStrictEqual(yield* active(hal), { organization: id, team: nightId });
      }),
    );

    it.effect("AUTH-8: teams are made, renamed, joined, left and removed, and counted as Better Auth does", () =>
      Effect.gen(function* () {
        const { teams, invitations } = yield* services;
        const [ida, joe] = yield* Effect.all([person("ida"), person("joe")]);
        const { id, teamId } = yield* organizationOf(ida, "ides");
        yield* joined(id, joe);
        const inIdes = as(ida, id);

        const night = yield* inIdes(teams.create({ name: "Night" }));
        assert.deepInclude(night, { name: "Night", organizationId: id, memberCount: 0 });
        const late = yield* inIdes(teams.update(night.id, { name: "Late" }));
        assert.deepStrictEqual(late, { ...night, name: "Late" });

        const seat = yield* inIdes(teams.addMember(night.id, joe.id));
        assert.deepInclude(seat, { teamId: night.id, userId: joe.id });
        assert.deepStrictEqual(yield* inIdes(teams.addMember(night.id, joe.id)), seat);
        assert.deepStrictEqual(yield* inIdes(all(teams.members(night.id, {}))), [seat]);
        assert.deepStrictEqual(yield* counts(id), [
          { name: "ides", counted: 1, members: 1 },
          { name: "Late", counted: 1, members: 1 },
        ]);
        yield* inIdes(teams.removeMember(night.id, joe.id));
        assert.strictEqual(yield* refusal(inIdes(teams.removeMember(night.id, joe.id))), "MEMBER_NOT_FOUND");
        assert.deepStrictEqual((yield* counts(id))[1], { name: "Late", counted: 0, members: 0 });

        const { invitation } = yield* invited(ida, id, { email: "kay@example.com" }, { teamIds: [night.id, teamId] });
        yield* inIdes(teams.addMember(night.id, joe.id));
        assert.strictEqual((yield* inIdes(teams.remove(teamId))).id, teamId);
        assert.deepStrictEqual((yield* inIdes(all(invitations.list({}))))[0]?.teamIds, [night.id]);
        assert.strictEqual(yield* refusal(inIdes(teams.remove(night.id))), "LAST_TEAM");
        assert.deepStrictEqual(yield* active(ida), { organization: id, team: null });
        const day = yield* inIdes(teams.create({ name: "Day" }));
        yield* inIdes(teams.remove(night.id));
        assert.deepStrictEqual((yield* inIdes(all(invitations.list({}))))[0], { ...invitation, teamIds: [] });
        assert.deepStrictEqual(yield* inIdes(all(teams.list({}))), [day]);
      }),
    );

    it.effect("AUTH-8: roles are defined, given, changed and removed", () =>
      Effect.gen(function* () {
        const { roles, members, teams, invitations } = yield* services;
        const [lea, max] = yield* Effect.all([person("lea"), person("max")]);
        const { id } = yield* organizationOf(lea, "leas");
        const inLeas = as(lea, id);
        const create = as(max, id)(teams.create({ name: "Night" }));

        const editor = yield* inLeas(roles.create({ role: "Editor", permissions: { team: ["create"], ac: ["read"] } }));
        assert.deepInclude(editor, { role: "editor", organizationId: id });
        assert.deepStrictEqual(editor.permissions, { team: ["create"], ac: ["read"] });
        assert.deepStrictEqual(yield* inLeas(all(roles.list({}))), [editor]);
        for (const role of ["editor", "EDITOR", "Owner", "member"]) {
          assert.strictEqual(yield* refusal(inLeas(roles.create({ role, permissions: {} }))), "ROLE_NAME_TAKEN", role);
        }
        for (const role of ["", "editor,owner", " owner", "owner "]) {
          assert.strictEqual(
            yield* refusal(inLeas(roles.create({ role, permissions: {} }))),
            "INVALID_ROLE_NAME",
            role,
          );
        }

        const { id: memberId } = yield* joined(id, max);
        assert.strictEqual(yield* refusal(create), "PERMISSION_MISSING");
        yield* inLeas(members.setRoles(memberId, ["member", "editor"]));
        assert.strictEqual((yield* create).name, "Night");
        assert.strictEqual(yield* refusal(inLeas(roles.remove(editor.id))), "ROLE_IN_USE");
        assert.deepStrictEqual(yield* inLeas(all(roles.list({}))), [editor]);
        assert.deepStrictEqual((yield* inLeas(roles.update(editor.id, { team: ["update"] }))).permissions, {
          team: ["update"],
        });
        assert.strictEqual(yield* refusal(create), "PERMISSION_MISSING");

        yield* inLeas(members.setRoles(memberId, ["member"]));
        const { invitation } = yield* invited(lea, id, { email: "nan@example.com" }, { roles: ["editor"] });
        assert.strictEqual(yield* refusal(inLeas(roles.remove(editor.id))), "ROLE_IN_USE");
        yield* inLeas(invitations.cancel(invitation.id));
        assert.strictEqual((yield* inLeas(roles.remove(editor.id))).id, editor.id);
        assert.strictEqual(yield* refusal(inLeas(roles.update(editor.id, {}))), "ROLE_NOT_FOUND");
        assert.deepStrictEqual(yield* inLeas(all(roles.list({}))), []);
      }),
    );

    if (name === "PostgreSQL 18") rules(it);
  });
}
