import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { scimManagedConnection } from "./scimManagedConnection.table.ts";

export const scimManagedConnectionEvent = Table.make(IamEntityIds.ScimManagedConnectionEventId)(
  {
    connectionRecordId: Columns.id("connection_record_id", IamEntityIds.ScimManagedConnectionId)
      .notNull()
      .references(() => scimManagedConnection.id, { onDelete: "cascade" }),
    eventKey: pg.text("event_key").notNull().unique(),
    sequence: pg.integer("sequence").notNull(),
    type: pg.text("type").notNull(),
    actorId: pg.text("actor_id").notNull(),
    credentialId: pg.text("credential_id"),
  },
  (t) => [pg.index("iam_scim_managed_connection_events_connection_record_id_idx").on(t.connectionRecordId)],
);
