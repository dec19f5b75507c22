/** Who is in which team, as Better Auth keeps it. */
import { createHash } from "node:crypto";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";

type TeamId = SharedEntityIds.TeamId;
type UserId = SharedEntityIds.UserId;

/** Better Auth's own key of the pair, by which it finds the row. */
export const membershipKey = (teamId: TeamId, userId: UserId): string =>
  createHash("sha256")
    .update(JSON.stringify([teamId, userId]))
    .digest("base64url");

/**
 * Adds a user to teams, to each once, and counts the teams' members as Better Auth does: one statement. Where the teams
 * are another organization's, nothing happens.
 */
export const join = (client: PgClient, teamIds: ReadonlyArray<TeamId>, userId: UserId) => {
  const rows = teamIds.map((teamId) => ({
    id: IamEntityIds.TeamMemberId.toUuid(IamEntityIds.TeamMemberId.create()),
    team_id: SharedEntityIds.TeamId.toUuid(teamId),
    membership_key: membershipKey(teamId, userId),
  }));
  return client`
    with wanted as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as row (id uuid, team_id uuid, membership_key text)
    ), added as (
      insert into iam_team_members (id, organization_id, team_id, user_id, membership_key)
      select wanted.id, team.organization_id, team.id, ${SharedEntityIds.UserId.toUuid(userId)}, wanted.membership_key
      from wanted join iam_teams team on team.id = wanted.team_id
      on conflict do nothing
      returning team_id
    )
    update iam_teams set member_count = member_count + 1 where id in (select team_id from added)`;
};

/** Takes a user out of the teams of the organization in whose scope this runs, or out of one of them: one statement. */
export const leave = (client: PgClient, userId: UserId, teamId: TeamId | null) => {
  const team = teamId === null ? null : SharedEntityIds.TeamId.toUuid(teamId);
  return client<{ readonly id: string }>`
    with gone as (
      delete from iam_team_members
      where user_id = ${SharedEntityIds.UserId.toUuid(userId)} and team_id = coalesce(${team}::uuid, team_id)
      returning team_id
    )
    update iam_teams set member_count = greatest(member_count - 1, 0) where id in (select team_id from gone) returning id`;
};
