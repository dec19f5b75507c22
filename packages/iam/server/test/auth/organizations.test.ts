/** Organizations, teams, roles and invitations, in detail. */
import { IamEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import {
  assertRefused,
  at,
  type Browser,
  Cast,
  database,
  granted,
  idsOf,
  joined,
  open,
  organizationOf,
  signIn,
  text,
} from "./browser.ts";

const active = (browser: Browser) =>
  Effect.map(browser.get("/get-session"), (answer) => {
    const session = granted(answer);
    return {
      organization: at(session, "session", "activeOrganizationId"),
      team: at(session, "session", "activeTeamId"),
    };
  });

const invited = Effect.fnUntraced(function* (by: Browser, email: string, more: Readonly<Record<string, unknown>> = {}) {
  const mailbox = yield* IamTest.Mailbox;
  const answer = granted(yield* by.post("/organization/invite-member", { email, role: "member", ...more }));
  return { id: text(answer, "id"), mail: yield* mailbox.next };
});

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("AUTH-2: the active organization can be unset", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      const { id } = yield* organizationOf(ann, "annex");
      assert.strictEqual((yield* active(ann)).organization, id);
      assert.isNull(granted(yield* ann.post("/organization/set-active", { organizationId: null })));
      assert.isNull((yield* active(ann)).organization);
      assert.strictEqual(at(granted(yield* ann.post("/organization/set-active", { organizationId: id })), "id"), id);
      assert.strictEqual((yield* active(ann)).organization, id);
    }),
  );

  it.effect("AUTH-2: an organization with live sessions in it is deleted, and the sessions live on without it", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const bees = yield* organizationOf(ann, "bees");
      const { memberId } = yield* joined(bees, ann, bob);
      const phone = yield* open;
      granted(yield* signIn(phone, ann.email));
      granted(yield* phone.post("/organization/set-active", { organizationId: bees.id }));
      granted(yield* ann.post("/organization/create-role", { role: "editor", permission: { team: ["create"] } }));
      granted(yield* ann.post("/organization/update-member-role", { memberId, role: "editor" }));
      granted(yield* ann.post("/organization/set-active-team", { teamId: bees.teamId }));
      yield* invited(ann, "somebody@example.com");
      assertRefused(
        yield* bob.post("/organization/delete", { organizationId: bees.id }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION",
      );

      granted(yield* ann.post("/organization/delete", { organizationId: bees.id }));
      for (const browser of [ann, phone, bob]) {
        assert.deepStrictEqual(yield* active(browser), { organization: null, team: null });
        assert.notInclude(idsOf(granted(yield* browser.get("/organization/list"))), bees.id);
      }
      assertRefused(
        yield* ann.get("/organization/get-full-organization", { organizationId: bees.id }),
        404,
        "ORGANIZATION_NOT_FOUND",
      );
      // Its name is free again.
      yield* organizationOf(bob, "bees");
    }),
  );

  it.effect("AUTH-2: a team that is active in a session is deleted, and the session lives on without it", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const den = yield* organizationOf(ann, "den");
      yield* joined(den, ann, bob);
      const teamId = text(granted(yield* ann.post("/organization/create-team", { name: "Night" })), "id");
      granted(yield* ann.post("/organization/add-team-member", { teamId, userId: bob.id }));
      granted(yield* bob.post("/organization/set-active-team", { teamId }));
      assert.strictEqual((yield* active(bob)).team, teamId);
      assertRefused(
        yield* bob.post("/organization/remove-team", { teamId, organizationId: den.id }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_TEAM",
      );
      granted(yield* ann.post("/organization/remove-team", { teamId, organizationId: den.id }));
      assert.deepStrictEqual(yield* active(bob), { organization: den.id, team: null });
    }),
  );

  it.effect("AUTH-2: a team member is added, seen, and removed; adding twice is adding once", () =>
    Effect.gen(function* () {
      const { ann, bob, cat } = yield* Cast;
      const fig = yield* organizationOf(ann, "fig");
      yield* joined(fig, ann, bob);
      const member = { teamId: fig.teamId, userId: bob.id };
      const added = granted(yield* ann.post("/organization/add-team-member", member));
      assert.deepStrictEqual(granted(yield* ann.post("/organization/add-team-member", member)), added);
      const teams = Effect.map(bob.get("/organization/list-user-teams"), (answer) => idsOf(granted(answer)));
      assert.include(yield* teams, fig.teamId);
      const members = granted(yield* bob.get("/organization/list-team-members", { teamId: fig.teamId }));
      assert.lengthOf(idsOf(members), 2);
      assertRefused(
        yield* ann.post("/organization/add-team-member", { ...member, userId: cat.id }),
        400,
        "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION",
      );
      assertRefused(
        yield* bob.post("/organization/remove-team-member", { ...member, userId: ann.id }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_REMOVE_A_TEAM_MEMBER",
      );
      granted(yield* ann.post("/organization/remove-team-member", member));
      assert.notInclude(yield* teams, fig.teamId);
    }),
  );

  it.effect("AUTH-2: a custom role is made, assigned and asked for, and gives only what its maker has", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const ink = yield* organizationOf(ann, "ink");
      const { memberId } = yield* joined(ink, ann, bob);
      const may = (permissions: Readonly<Record<string, ReadonlyArray<string>>>) =>
        Effect.map(bob.post("/organization/has-permission", { permissions }), (answer) =>
          at(granted(answer), "success"),
        );
      const role = { role: "Scribe", permission: { invitation: ["create"], ac: ["create", "read"] } };
      assertRefused(yield* bob.post("/organization/create-role", role), 403, "YOU_ARE_NOT_ALLOWED_TO_CREATE_A_ROLE");
      granted(yield* ann.post("/organization/create-role", role));
      assertRefused(yield* ann.post("/organization/create-role", role), 400, "ROLE_NAME_IS_ALREADY_TAKEN");
      assertRefused(
        yield* ann.post("/organization/create-role", { role: "owner", permission: {} }),
        400,
        "ROLE_NAME_IS_ALREADY_TAKEN",
      );
      assertRefused(
        yield* ann.post("/organization/update-member-role", { memberId, role: "nobody" }),
        400,
        "ROLE_NOT_FOUND",
      );
      granted(yield* ann.post("/organization/update-member-role", { memberId, role: ["member", "scribe"] }));
      assert.isTrue(yield* may({ invitation: ["create"] }));
      assert.isFalse(yield* may({ invitation: ["create"], organization: ["delete"] }));
      yield* invited(bob, "kim@example.com");
      assertRefused(
        yield* bob.post("/organization/create-role", { role: "chief", permission: { organization: ["delete"] } }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_CREATE_A_ROLE",
      );
      assertRefused(
        yield* ann.post("/organization/delete-role", { roleName: "scribe" }),
        400,
        "ROLE_IS_ASSIGNED_TO_MEMBERS",
      );
      granted(
        yield* ann.post("/organization/update-role", {
          roleName: "scribe",
          data: { permission: { team: ["create"] } },
        }),
      );
      assert.isFalse(yield* may({ invitation: ["create"] }));
      assert.isTrue(yield* may({ team: ["create"] }));
      granted(yield* ann.post("/organization/update-member-role", { memberId, role: "member" }));
      assert.isFalse(yield* may({ team: ["create"] }));
      granted(yield* ann.post("/organization/delete-role", { roleName: "scribe" }));
      assert.deepStrictEqual(granted(yield* ann.get("/organization/list-roles")), []);
    }),
  );

  it.effect("AUTH-1: an invitation is mailed, into teams too, and is accepted by its addressee alone, once", () =>
    Effect.gen(function* () {
      const { ann, bob, cat } = yield* Cast;
      const kit = yield* organizationOf(ann, "kit");
      const other = text(granted(yield* ann.post("/organization/create-team", { name: "Day" })), "id");
      const { id, mail } = yield* invited(ann, bob.email, { teamId: [kit.teamId, other] });
      assert.strictEqual(mail.to, bob.email);
      assert.include(mail.text, id);
      assertRefused(
        yield* ann.post("/organization/invite-member", { email: bob.email, role: "member" }),
        400,
        "USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION",
      );
      assert.strictEqual(
        at(granted(yield* bob.get("/organization/get-invitation", { id })), "organizationName"),
        "kit",
      );
      assertRefused(
        yield* cat.post("/organization/accept-invitation", { invitationId: id }),
        400,
        "INVITATION_NOT_FOUND",
      );
      granted(yield* bob.post("/organization/accept-invitation", { invitationId: id }));
      const teams = granted(yield* bob.get("/organization/list-user-teams"));
      assert.includeMembers([...idsOf(teams)], [kit.teamId, other]);
      assertRefused(
        yield* bob.post("/organization/accept-invitation", { invitationId: id }),
        400,
        "INVITATION_NOT_FOUND",
      );
      assert.strictEqual(at(granted(yield* bob.get("/organization/list-members")), "total"), 2);
    }),
  );

  it.effect("AUTH-2: an invitation that was cancelled, rejected or has expired cannot be accepted", () =>
    Effect.gen(function* () {
      const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
      const { ann, bob } = yield* Cast;
      const nest = yield* organizationOf(ann, "nest");

      const cancelled = yield* invited(ann, bob.email);
      assertRefused(
        yield* bob.post("/organization/cancel-invitation", { invitationId: cancelled.id }),
        400,
        "INVITATION_NOT_FOUND",
      );
      const answer = granted(yield* ann.post("/organization/cancel-invitation", { invitationId: cancelled.id }));
      assert.strictEqual(at(answer, "status"), "canceled");

      const rejected = yield* invited(ann, bob.email);
      assertRefused(
        yield* ann.post("/organization/reject-invitation", { invitationId: rejected.id }),
        400,
        "INVITATION_NOT_FOUND",
      );
      granted(yield* bob.post("/organization/reject-invitation", { invitationId: rejected.id }));

      const expired = yield* invited(ann, bob.email);
      yield* sql`update iam_invitations set expires_at = now() - interval '1 second'
        where id = ${IamEntityIds.InvitationId.toUuid(expired.id)}`;

      for (const { id } of [cancelled, rejected, expired]) {
        assertRefused(
          yield* bob.post("/organization/accept-invitation", { invitationId: id }),
          400,
          "INVITATION_NOT_FOUND",
        );
      }
      assert.notInclude(idsOf(granted(yield* bob.get("/organization/list"))), nest.id);
      // Who was invited in vain can be invited again.
      const again = yield* invited(ann, bob.email);
      granted(yield* bob.post("/organization/accept-invitation", { invitationId: again.id }));
    }),
  );

  it.effect("AUTH-1: members are removed and leave, and an organization keeps an owner", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const pod = yield* organizationOf(ann, "pod");
      const { memberId } = yield* joined(pod, ann, bob);
      assertRefused(
        yield* ann.post("/organization/leave", { organizationId: pod.id }),
        400,
        "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER",
      );
      assertRefused(
        yield* ann.post("/organization/update-member-role", { memberId: pod.memberId, role: "member" }),
        400,
        "YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER",
      );
      granted(yield* ann.post("/organization/remove-member", { memberIdOrEmail: memberId }));
      assert.strictEqual((yield* bob.get("/organization/list-members", { organizationId: pod.id })).status, 404);
      const { memberId: again } = yield* joined(pod, ann, bob, "owner");
      assert.notStrictEqual(again, memberId);
      granted(yield* ann.post("/organization/leave", { organizationId: pod.id }));
      assert.strictEqual(at(granted(yield* bob.get("/organization/list-members")), "total"), 1);
    }),
  );
});
