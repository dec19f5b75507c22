import { Invitation } from "@beep/iam-domain";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, OrgTable, user } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const invitation = OrgTable.make(IamEntityIds.InvitationId)(
  {
    email: pg.text("email").notNull(),
    role: pg.text("role"),
    // Several ids, separated by commas, when an invitation is into several teams.
    teamId: pg.text("team_id"),
    status: pg.text("status").$type<Invitation.Status>().notNull().default("pending"),
    expiresAt: Columns.timestamp("expires_at").notNull(),
    inviterId: Columns.id("inviter_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
  },
  (t) => [
    pg.check(
      "iam_invitations_status_check",
      sql`${t.status} in (${sql.raw(Invitation.statuses.map((status) => `'${status}'`).join(", "))})`,
    ),
    pg.index("iam_invitations_organization_id_status_id_idx").on(t.organizationId, t.status, t.id),
    pg.index("iam_invitations_organization_id_email_idx").on(t.organizationId, t.email),
    // Of two that invite an address at once one does. What has expired is canceled when the address is invited again.
    pg.uniqueIndex("iam_invitations_pending_unique").on(t.organizationId, t.email).where(sql`${t.status} = 'pending'`),
    pg.index("iam_invitations_email_idx").on(t.email),
    pg.index("iam_invitations_inviter_id_idx").on(t.inviterId),
  ],
  { personal: ["email"] },
);
