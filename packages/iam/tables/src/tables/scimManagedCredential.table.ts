import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { scimManagedConnection } from "./scimManagedConnection.table.ts";

export const scimManagedCredential = Table.make(IamEntityIds.ScimManagedCredentialId)(
  {
    connectionRecordId: Columns.id("connection_record_id", IamEntityIds.ScimManagedConnectionId)
      .notNull()
      .references(() => scimManagedConnection.id, { onDelete: "cascade" }),
    credentialId: pg.text("credential_id").notNull().unique(),
    tokenDigest: pg.text("token_digest").notNull(),
    hashVersion: pg.text("hash_version").notNull(),
    activeSlotKey: pg.text("active_slot_key").notNull().unique(),
    status: pg.text("status").notNull(),
    serializedScopes: pg.text("serialized_scopes").notNull(),
    expiresAt: Columns.timestamp("expires_at").notNull(),
    createdBy: pg.text("created_by").notNull(),
    lastUsedAt: Columns.timestamp("last_used_at"),
    revokedAt: Columns.timestamp("revoked_at"),
    revokedBy: pg.text("revoked_by"),
    decommissionedAt: Columns.timestamp("decommissioned_at"),
  },
  (t) => [pg.index("iam_scim_managed_credentials_connection_record_id_idx").on(t.connectionRecordId)],
  { digested: ["tokenDigest"], uneventful: ["lastUsedAt"] },
);
