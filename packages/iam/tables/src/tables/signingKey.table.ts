import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const signingKey = Table.make(IamEntityIds.SigningKeyId)(
  {
    publicKey: pg.text("public_key").notNull(),
    privateKey: pg.text("private_key").notNull(),
    activatesAt: Columns.timestamp("activates_at").notNull().defaultNow(),
    retiresAt: Columns.timestamp("retires_at"),
    expiresAt: Columns.timestamp("expires_at"),
    revokedAt: Columns.timestamp("revoked_at"),
    alg: pg.text("alg"),
    crv: pg.text("crv"),
  },
  (t) => [
    // After one key of an algorithm there is none yet, so that no two follow the same one.
    pg.uniqueIndex("iam_signing_keys_newest_unique").on(t.alg).where(sql`retires_at is null and revoked_at is null`),
    pg.check("iam_signing_keys_life", sql`(retires_at is null) = (expires_at is null) and retires_at <= expires_at`),
  ],
  { sealed: ["privateKey"] },
);
