import { IamEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimGroup = Table.make(IamEntityIds.ScimGroupId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    provisioningDomainId: pg.text("provisioning_domain_id").notNull(),
    revision: pg.integer("revision").notNull().default(0),
    displayName: pg.text("display_name").notNull(),
    displayNameKey: pg.text("display_name_key").notNull().unique(),
    externalId: pg.text("external_id"),
    externalIdKey: pg.text("external_id_key").unique(),
    orderKey: pg.text("order_key").notNull().unique(),
  },
  (t) => [
    pg.index("iam_scim_groups_connection_id_idx").on(t.connectionId),
    pg.index("iam_scim_groups_provisioning_domain_id_idx").on(t.provisioningDomainId),
  ],
);
