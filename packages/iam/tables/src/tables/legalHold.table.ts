import { KeyOwner } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const legalHold = Table.make(IamEntityIds.LegalHoldId)(
  {
    ownerType: pg.text("owner_type").notNull(),
    // As in the data keys: a hold may outlive whom it is about.
    ownerId: pg.text("owner_id").notNull(),
    reason: pg.text("reason").notNull(),
    placedBy: pg.text("placed_by").notNull(),
    releasedAt: Columns.timestamp("released_at"),
    releasedBy: pg.text("released_by"),
  },
  (t) => [
    pg.index("iam_legal_holds_in_force_idx").on(t.ownerType, t.ownerId).where(sql`released_at is null`),
    pg.check("iam_legal_holds_owner_type", sql`owner_type ~ ${sql.raw(`'${KeyOwner.typePattern}'`)}`),
  ],
  // What is said of somebody in it is theirs.
  { personal: ["reason"], subject: "ownerId" },
);
