import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { scimGroup } from "./scimGroup.table.ts";
import { scimUser } from "./scimUser.table.ts";

export const scimGroupMember = Table.make(IamEntityIds.ScimGroupMemberId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    groupId: Columns.id("group_id", IamEntityIds.ScimGroupId)
      .notNull()
      .references(() => scimGroup.id, { onDelete: "cascade" }),
    scimUserId: Columns.id("scim_user_id", IamEntityIds.ScimUserId)
      .notNull()
      .references(() => scimUser.id, { onDelete: "cascade" }),
    membershipKey: pg.text("membership_key").notNull().unique(),
  },
  (t) => [
    pg.index("iam_scim_group_members_connection_id_idx").on(t.connectionId),
    pg.index("iam_scim_group_members_group_id_idx").on(t.groupId),
    pg.index("iam_scim_group_members_scim_user_id_idx").on(t.scimUserId),
  ],
);
