import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, OrgTable, team, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const teamMember = OrgTable.make(IamEntityIds.TeamMemberId)(
  {
    teamId: Columns.id("team_id", SharedEntityIds.TeamId).notNull(),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    membershipKey: pg.text("membership_key").unique(),
  },
  (t) => [
    // Better Auth does not write the organization of a team's member; the database takes it from the team.
    pg
      .foreignKey({
        name: "iam_team_members_organization_id_team_id_fk",
        columns: [t.organizationId, t.teamId],
        foreignColumns: [team.organizationId, team.id],
      })
      .onDelete("cascade"),
    pg.unique("iam_team_members_team_id_user_id_unique").on(t.teamId, t.userId),
    // With the id, in whose order a team's members are listed: without it all of them are read for each page.
    pg.index("iam_team_members_organization_id_team_id_id_idx").on(t.organizationId, t.teamId, t.id),
    pg.index("iam_team_members_user_id_idx").on(t.userId),
  ],
);
