import { connect, Population, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";

const sizes = { organizations: 7, users: 100, members: 30, teams: 3, invitations: 20 };

layer(TestDatabase.layer(), { excludeTestServices: true })("a population", (it) => {
  it.effect("has the sizes that were asked for, and nobody and nothing is left without its own", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Population.make(admin, { ...sizes, organizations: 100 }))));

      const { members, owner } = yield* Population.make(admin, sizes);
      assert.lengthOf(members, sizes.members);
      assert.deepStrictEqual(members[0], { id: owner.memberId, userId: owner.userId });
      const [found] = yield* admin.unsafe(`
        with member as (select *, organization_id = '${Population.uuidOf(1)}' as is_big from iam_members)
        select (select count(*) from iam_organizations)::int as organizations,
          (select count(*) from iam_users)::int as users,
          (select count(*) from member)::int as memberships,
          (select count(distinct user_id) from member)::int as "usersOfSome",
          (select count(distinct organization_id) from member)::int as "organizationsOfSome",
          (select count(*) from member where role = 'owner')::int as owners,
          (select count(*) from iam_teams)::int as teams,
          (select sum(member_count) from iam_teams)::int as "inTeams",
          (select count(*) from iam_team_members t join member m using (organization_id, user_id)
            join iam_teams on iam_teams.id = t.team_id and iam_teams.organization_id = t.organization_id
          )::int as "teamMembers",
          (select count(*) from iam_invitations i join member m
            on m.user_id = i.inviter_id and m.organization_id = i.organization_id)::int as invitations,
          (select count(*) from iam_sessions s join member m on m.user_id = s.user_id
            where is_big and role = 'owner' and expires_at > now())::int as sessions`);
      assert.deepStrictEqual(found, {
        organizations: 7,
        users: 100,
        memberships: 100,
        usersOfSome: 100,
        organizationsOfSome: 7,
        owners: 7,
        teams: 9,
        inTeams: 100,
        teamMembers: 100,
        invitations: 26,
        sessions: 1,
      });
    }),
  );
});
