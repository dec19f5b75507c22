import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimGroup = Table.make(IamEntityIds.ScimGroupId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    revision: pg.integer("revision").notNull().default(0),
    displayName: pg.text("display_name").notNull(),
    displayNameKey: pg.text("display_name_key").notNull().unique(),
    externalId: pg.text("external_id"),
    externalIdKey: pg.text("external_id_key").unique(),
    orderKey: pg.text("order_key").notNull().unique(),
  },
  (t) => [
    pg.index("iam_scim_groups_connection_id_order_key_idx").on(t.connectionId, t.orderKey),
    pg.index("iam_scim_groups_provisioning_domain_id_idx").on(t.provisioningDomainId),
  ],
  { organization: "provisioningDomainId" },
);
