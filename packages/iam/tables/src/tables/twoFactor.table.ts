import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const twoFactor = Table.make(IamEntityIds.TwoFactorId)(
  {
    secret: pg.text("secret").notNull(),
    backupCodes: pg.text("backup_codes").notNull(),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .unique()
      .references(() => user.id, { onDelete: "cascade" }),
    verified: pg.boolean("verified").default(true),
    failedVerificationCount: pg.integer("failed_verification_count").default(0),
    lockedUntil: Columns.timestamp("locked_until"),
  },
  () => [],
  { sealed: ["secret", "backupCodes"], subject: "userId", uneventful: ["failedVerificationCount"] },
);
