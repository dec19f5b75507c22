import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

// A connection's domain is an organization, and what the directory says ends with it. It is no tenant's to read: what it grants are memberships, and those are.
export const scimManagedConnection = Table.make(IamEntityIds.ScimManagedConnectionId)(
  {
    creationRequestId: pg.text("creation_request_id").notNull().unique(),
    connectionId: pg.text("connection_id").notNull().unique(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    status: pg.text("status").notNull(),
    revision: pg.integer("revision").notNull(),
    createdBy: pg.text("created_by").notNull(),
    decommissionStartedAt: Columns.timestamp("decommission_started_at"),
    decommissionStartedBy: pg.text("decommission_started_by"),
    decommissionedAt: Columns.timestamp("decommissioned_at"),
    decommissionedBy: pg.text("decommissioned_by"),
  },
  (t) => [pg.index("iam_scim_managed_connections_provisioning_domain_id_idx").on(t.provisioningDomainId)],
  { organization: "provisioningDomainId" },
);
