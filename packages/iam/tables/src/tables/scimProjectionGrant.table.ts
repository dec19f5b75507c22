import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { scimUser } from "./scimUser.table.ts";

export const scimProjectionGrant = Table.make(IamEntityIds.ScimProjectionGrantId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    scimUserId: Columns.id("scim_user_id", IamEntityIds.ScimUserId)
      .notNull()
      .references(() => scimUser.id, { onDelete: "cascade" }),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    sourceKind: pg.text("source_kind").notNull(),
    sourceId: pg.text("source_id").notNull(),
    sourceValue: pg.text("source_value"),
    role: pg.text("role").notNull(),
    grantKey: pg.text("grant_key").notNull().unique(),
  },
  (t) => [
    pg.index("iam_scim_projection_grants_connection_id_idx").on(t.connectionId),
    pg.index("iam_scim_projection_grants_provisioning_domain_id_idx").on(t.provisioningDomainId),
    pg.index("iam_scim_projection_grants_scim_user_id_idx").on(t.scimUserId),
    pg.index("iam_scim_projection_grants_user_id_idx").on(t.userId),
  ],
  { organization: "provisioningDomainId" },
);
