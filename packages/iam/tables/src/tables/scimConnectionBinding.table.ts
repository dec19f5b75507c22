import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimConnectionBinding = Table.make(IamEntityIds.ScimConnectionBindingId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    connectionKey: pg.text("connection_key").notNull().unique(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    decommissionedAt: Columns.timestamp("decommissioned_at"),
    decommissionStatus: pg.text("decommission_status").notNull().default("active"),
    decommissionCursorUserId: pg.text("decommission_cursor_user_id"),
    decommissionReconciledUserCount: pg.integer("decommission_reconciled_user_count").notNull().default(0),
    decommissionBatchCount: pg.integer("decommission_batch_count").notNull().default(0),
    decommissionRevision: pg.integer("decommission_revision").notNull().default(0),
    decommissionCompletedAt: Columns.timestamp("decommission_completed_at"),
    decommissionLeaseId: pg.text("decommission_lease_id"),
    decommissionLeaseExpiresAt: Columns.timestamp("decommission_lease_expires_at"),
  },
  (t) => [
    pg.index("iam_scim_connection_bindings_connection_id_idx").on(t.connectionId),
    pg.index("iam_scim_connection_bindings_provisioning_domain_id_idx").on(t.provisioningDomainId),
  ],
  { organization: "provisioningDomainId", uneventful: ["decommissionLeaseId", "decommissionLeaseExpiresAt"] },
);
