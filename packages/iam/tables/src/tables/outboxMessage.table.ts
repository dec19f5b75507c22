import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const outboxMessage = Table.make(IamEntityIds.OutboxMessageId)(
  {
    // Drawn when the message is put: whoever puts the second of a key after the first one's commit draws a higher one.
    place: pg.bigint("place", { mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    kind: pg.text("kind").notNull(),
    key: pg.text("key"),
    payload: pg.text("payload").notNull(),
    dueAt: Columns.timestamp("due_at").notNull().defaultNow(),
    attempts: pg.integer("attempts").notNull().default(0),
    leasedUntil: Columns.timestamp("leased_until"),
    leasedBy: pg.text("leased_by"),
    deadAt: Columns.timestamp("dead_at"),
    error: pg.text("error"),
  },
  (t) => [
    pg.index("iam_outbox_messages_waiting_idx").on(t.dueAt).where(sql`dead_at is null`),
    pg.index("iam_outbox_messages_key_idx").on(t.kind, t.key, t.place).where(sql`dead_at is null and key is not null`),
    pg.index("iam_outbox_messages_dead_idx").on(t.deadAt).where(sql`dead_at is not null`),
  ],
  { sealed: ["payload"], unrecorded: "What leaves is recorded with the change that it speaks of." },
);
