/** Who is in which team, as Better Auth keeps it. */
import { createHash } from "node:crypto";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";

type TeamId = SharedEntityIds.TeamId;
type UserId = SharedEntityIds.UserId;

/** Better Auth's own key of the pair, by which it finds the row. */
export const membershipKey = (teamId: TeamId, userId: UserId): string =>
  createHash("sha256")
    .update(JSON.stringify([teamId, userId]))
    .digest("base64url");

/**
 * Adds a user to teams, to each once, and counts the teams' members as Better Auth does: one statement. Teams that are not
 * the organization's are passed over, in whichever scope this runs; gives those that are.
 */
export const join = Effect.fnUntraced(function* (
  client: PgClient,
  organizationId: SharedEntityIds.OrganizationId,
  teamIds: ReadonlyArray<TeamId>,
  userId: UserId,
): Effect.fn.Return<ReadonlyArray<TeamId>, SqlError> {
  if (teamIds.length === 0) return [];
  const rows = teamIds.map((teamId) => ({
    id: IamEntityIds.TeamMemberId.toUuid(IamEntityIds.TeamMemberId.create()),
    team_id: SharedEntityIds.TeamId.toUuid(teamId),
    membership_key: membershipKey(teamId, userId),
  }));
  const found = yield* client<{ readonly team: string }>`
    with wanted as (
      select row.*, team.organization_id
      from json_to_recordset(${JSON.stringify(rows)}::json) as row (id uuid, team_id uuid, membership_key text)
      join iam_teams team on team.id = row.team_id
        and team.organization_id = ${SharedEntityIds.OrganizationId.toUuid(organizationId)}
    ), added as (
      insert into iam_team_members (id, organization_id, team_id, user_id, membership_key)
      select id, organization_id, team_id, ${SharedEntityIds.UserId.toUuid(userId)}, membership_key from wanted
      on conflict do nothing
      returning team_id
    ), counted as (
      update iam_teams set member_count = member_count + 1 where id in (select team_id from added)
    )
    select team_id as team from wanted`;
  return found.map(({ team }) => SharedEntityIds.TeamId.fromUuid(team));
});

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
