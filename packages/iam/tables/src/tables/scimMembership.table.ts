import { IamEntityIds } from "@beep/shared-domain";
import { Columns, OrgTable } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { member } from "./member.table.ts";

export const scimMembership = OrgTable.make(IamEntityIds.ScimMembershipId)(
  {
    memberId: Columns.id("member_id", IamEntityIds.MemberId).notNull().unique(),
    given: pg.boolean("given").notNull(),
    roles: pg.text("roles").notNull(),
  },
  (t) => [
    pg
      .foreignKey({
        name: "iam_scim_memberships_organization_id_member_id_fk",
        columns: [t.organizationId, t.memberId],
        foreignColumns: [member.organizationId, member.id],
      })
      .onDelete("cascade"),
    pg.index("iam_scim_memberships_organization_id_member_id_idx").on(t.organizationId, t.memberId),
  ],
);
