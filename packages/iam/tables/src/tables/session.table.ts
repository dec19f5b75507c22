import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table, team, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const session = Table.make(IamEntityIds.SessionId)(
  {
    expiresAt: Columns.timestamp("expires_at").notNull(),
    token: pg.text("token").notNull().unique(),
    ipAddress: pg.text("ip_address"),
    userAgent: pg.text("user_agent"),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    activeOrganizationId: Columns.id("active_organization_id", SharedEntityIds.OrganizationId).references(
      () => organization.id,
      { onDelete: "set null" },
    ),
    activeTeamId: Columns.id("active_team_id", SharedEntityIds.TeamId).references(() => team.id, {
      onDelete: "set null",
    }),
    // When the administrator goes, so does the session: without the mark it would be the user's own.
    impersonatedBy: Columns.id("impersonated_by", SharedEntityIds.UserId).references(() => user.id, {
      onDelete: "cascade",
    }),
  },
  (t) => [
    pg.index("iam_sessions_user_id_idx").on(t.userId),
    pg.index("iam_sessions_active_organization_id_idx").on(t.activeOrganizationId),
    pg.index("iam_sessions_active_team_id_idx").on(t.activeTeamId),
    pg.index("iam_sessions_impersonated_by_idx").on(t.impersonatedBy),
  ],
  {
    sealed: ["ipAddress", "userAgent"],
    digested: ["token"],
    lookedUp: ["token"],
    subject: "userId",
    uneventful: ["expiresAt"],
  },
);
