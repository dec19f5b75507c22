import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const passkey = Table.make(IamEntityIds.PasskeyId)(
  {
    name: pg.text("name"),
    publicKey: pg.text("public_key").notNull(),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    credentialID: pg.text("credential_id").notNull().unique(),
    counter: pg.bigint("counter", { mode: "number" }).notNull(),
    deviceType: pg.text("device_type").notNull(),
    backedUp: pg.boolean("backed_up").notNull(),
    transports: pg.text("transports"),
    aaguid: pg.text("aaguid"),
  },
  (t) => [pg.index("iam_passkeys_user_id_idx").on(t.userId)],
  { sealed: ["name"], personal: ["credentialID", "publicKey"], subject: "userId", uneventful: ["counter"] },
);
