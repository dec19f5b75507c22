import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimIdentityTombstone = Table.make(IamEntityIds.ScimIdentityTombstoneId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    externalId: pg.text("external_id").notNull(),
    externalIdKey: pg.text("external_id_key").notNull().unique(),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    profile: pg.text("profile").notNull(),
    deletedAt: Columns.timestamp("deleted_at").notNull(),
  },
  (t) => [
    pg.index("iam_scim_identity_tombstones_connection_id_idx").on(t.connectionId),
    pg.index("iam_scim_identity_tombstones_provisioning_domain_id_idx").on(t.provisioningDomainId),
    pg.index("iam_scim_identity_tombstones_user_id_idx").on(t.userId),
  ],
  {
    organization: "provisioningDomainId",
    sealed: ["profile"],
    personal: ["externalId", "externalIdKey"],
    subject: "userId",
  },
);
