import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const idempotencyKey = Table.make(IamEntityIds.IdempotencyKeyId)(
  {
    name: pg.text("name").notNull().unique(),
    fingerprint: pg.text("fingerprint").notNull(),
    response: pg.text("response"),
    expiresAt: Columns.timestamp("expires_at").notNull(),
  },
  (t) => [pg.index("iam_idempotency_keys_expires_at_idx").on(t.expiresAt)],
  {
    sealed: ["response"],
    digested: ["name", "fingerprint"],
    unrecorded: "What is done under a key is recorded itself.",
  },
);
