import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

// A connection provisions a domain, which an application may define as it likes; so what SCIM keeps belongs to no organization by itself. What it grants are memberships, and those do.
export const scimManagedConnection = Table.make(IamEntityIds.ScimManagedConnectionId)(
  {
    creationRequestId: pg.text("creation_request_id").notNull().unique(),
    connectionId: pg.text("connection_id").notNull().unique(),
    provisioningDomainId: pg.text("provisioning_domain_id").notNull(),
    status: pg.text("status").notNull(),
    revision: pg.integer("revision").notNull(),
    createdBy: pg.text("created_by").notNull(),
    decommissionStartedAt: Columns.timestamp("decommission_started_at"),
    decommissionStartedBy: pg.text("decommission_started_by"),
    decommissionedAt: Columns.timestamp("decommissioned_at"),
    decommissionedBy: pg.text("decommissioned_by"),
  },
  (t) => [pg.index("iam_scim_managed_connections_provisioning_domain_id_idx").on(t.provisioningDomainId)],
);
