import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, OrgTable, user } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const member = OrgTable.make(IamEntityIds.MemberId)(
  {
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    // Text and no enum: several roles and an organization's own roles are written here, separated by commas.
    role: pg.text("role").notNull().default("member"),
  },
  (t) => [
    pg.unique("iam_members_organization_id_user_id_unique").on(t.organizationId, t.userId),
    pg.check("iam_members_role_check", sql`${t.role} <> ''`),
    pg.index("iam_members_user_id_idx").on(t.userId),
    // An organization keeps an owner: whether it has another is found without reading its members.
    pg.index("iam_members_owners_idx").on(t.organizationId).where(sql`'owner' = any (string_to_array(${t.role}, ','))`),
  ],
);
