import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const signingKey = Table.make(IamEntityIds.SigningKeyId)(
  {
    publicKey: pg.text("public_key").notNull(),
    privateKey: pg.text("private_key").notNull(),
    expiresAt: Columns.timestamp("expires_at"),
    alg: pg.text("alg"),
    crv: pg.text("crv"),
  },
  () => [],
  { sealed: ["privateKey"] },
);
