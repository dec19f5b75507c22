import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const verification = Table.make(IamEntityIds.VerificationId)(
  {
    identifier: pg.text("identifier").notNull(),
    value: pg.text("value").notNull(),
    expiresAt: Columns.timestamp("expires_at").notNull(),
  },
  (t) => [pg.index("iam_verifications_identifier_idx").on(t.identifier)],
  { sealed: ["value"], digested: ["identifier"], lookedUp: ["identifier"] },
);
