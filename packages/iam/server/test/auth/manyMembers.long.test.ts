/** Rules of an organization, however many there are of what they look at: Better Auth reads a hundred by itself. */
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { superuser } from "./atWrite.ts";
import { assertRefused, at, Cast, database, granted, organizationOf } from "./browser.ts";

const MEMBERS = 10_000;

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect(
    "AUTH-1: of ten thousand members the last owner stays, and the one before goes",
    () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Cast;
        const sql = yield* superuser;
        const { id: organizationId } = yield* organizationOf(ann, "crowd");
        const uuid = SharedEntityIds.OrganizationId.toUuid(organizationId);
        yield* sql`delete from iam_members where organization_id = ${uuid}`;
        yield* sql`
        with people as (
          insert into iam_users (id, name, email)
          select gen_random_uuid(), 'Somebody', gen_random_uuid() || '@example.com' from generate_series(1, ${MEMBERS - 2})
          returning id)
        insert into iam_members (id, organization_id, user_id, role)
        select gen_random_uuid(), ${uuid}, id, 'member' from people`;
        const owners = [ann, bob].map((person) => ({ person, memberId: IamEntityIds.MemberId.create() }));
        const [one, other] = owners;
        if (one === undefined || other === undefined) return yield* Effect.die("There are two.");
        // Behind all others, in whatever order they are read.
        const both = Effect.gen(function* () {
          yield* sql`delete from iam_members where organization_id = ${uuid} and role <> 'member' or user_id = ${SharedEntityIds.UserId.toUuid(bob.id)}`;
          yield* Effect.forEach(
            owners,
            ({ memberId, person }) => sql`
          insert into iam_members (id, organization_id, user_id, role)
          values (${IamEntityIds.MemberId.toUuid(memberId)}, ${uuid}, ${SharedEntityIds.UserId.toUuid(person.id)}, 'owner')`,
          );
        });

        yield* both;
        granted(yield* bob.post("/organization/leave", { organizationId }));
        assertRefused(
          yield* ann.post("/organization/leave", { organizationId }),
          400,
          "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER",
        );

        yield* both;
        granted(yield* ann.post("/organization/remove-member", { organizationId, memberIdOrEmail: other.memberId }));
        assertRefused(
          yield* ann.post("/organization/remove-member", { organizationId, memberIdOrEmail: one.memberId }),
          400,
          "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER",
        );

        yield* both;
        const demoting = { organizationId, role: "member" };
        granted(yield* bob.post("/organization/update-member-role", { ...demoting, memberId: other.memberId }));
        assertRefused(
          yield* ann.post("/organization/update-member-role", { ...demoting, memberId: one.memberId }),
          400,
          "YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER",
        );
        // As many are listed as are asked for; a hundred, where it is not said.
        const listed = granted(yield* ann.get("/organization/list-members", { organizationId }));
        assert.strictEqual(at(listed, "total"), MEMBERS);
        assert.lengthOf(Object(at(listed, "members")), 100);
        const all = granted(yield* ann.get("/organization/list-members", { organizationId, limit: String(MEMBERS) }));
        assert.lengthOf(Object(at(all, "members")), MEMBERS);
      }),
    60_000,
  );

  it.effect("AUTH-2: what a role permits is known of each of many roles, and of many invitations each counts", () =>
    Effect.gen(function* () {
      const { ann, cat } = yield* Cast;
      const sql = yield* superuser;
      const { id: organizationId } = yield* organizationOf(ann, "offices");
      const uuid = SharedEntityIds.OrganizationId.toUuid(organizationId);
      yield* sql`insert into iam_organization_roles (id, organization_id, role, permission)
        select gen_random_uuid(), ${uuid}, 'office' || n, '{"team":["create"]}' from generate_series(1, 150) n`;
      yield* sql`insert into iam_members (id, organization_id, user_id, role)
        values (gen_random_uuid(), ${uuid}, ${SharedEntityIds.UserId.toUuid(cat.id)}, 'office150')`;
      const asked = { organizationId, permissions: { team: ["create"] } };
      assert.isTrue(at(granted(yield* cat.post("/organization/has-permission", asked)), "success"));
      assert.lengthOf(Object(granted(yield* ann.get("/organization/list-roles", { organizationId }))), 150);

      yield* sql`insert into iam_invitations (id, organization_id, email, role, inviter_id, expires_at)
        select gen_random_uuid(), ${uuid}, n || '@example.com', 'member', ${SharedEntityIds.UserId.toUuid(ann.id)},
          now() + interval '1 hour' from generate_series(1, 100) n`;
      assertRefused(
        yield* ann.post("/organization/invite-member", { organizationId, email: "more@example.com", role: "member" }),
        403,
        "INVITATION_LIMIT_REACHED",
      );
      yield* sql`update iam_invitations set expires_at = now() - interval '1 second' where email = '1@example.com'`;
      granted(
        yield* ann.post("/organization/invite-member", { organizationId, email: "1@example.com", role: "member" }),
      );
    }),
  );
});
