import { KeyOwner } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const dataKey = Table.make(IamEntityIds.DataKeyId)(
  {
    ownerType: pg.text("owner_type").notNull(),
    // Text and without a foreign key, because it outlives its owner: that the key is destroyed stays known.
    ownerId: pg.text("owner_id").notNull(),
    wrappedKey: pg.text("wrapped_key"),
    keyVersion: pg.text("key_version"),
    retiredAt: Columns.timestamp("retired_at"),
    destroyedAt: Columns.timestamp("destroyed_at"),
  },
  (t) => [
    // One key of each owner seals. It stays where it is destroyed unretired, and so no other one can take its place.
    pg.uniqueIndex("iam_data_keys_sealing_unique").on(t.ownerType, t.ownerId).where(sql`retired_at is null`),
    pg.index("iam_data_keys_owner_idx").on(t.ownerType, t.ownerId),
    pg.index("iam_data_keys_key_version_idx").on(t.keyVersion, t.id).where(sql`wrapped_key is not null`),
    pg.check("iam_data_keys_owner_type", sql`owner_type ~ ${sql.raw(`'${KeyOwner.typePattern}'`)}`),
    pg.check(
      "iam_data_keys_destroyed",
      sql`(wrapped_key is null) = (destroyed_at is not null) and (key_version is null) = (wrapped_key is null)`,
    ),
    pg.check(
      "iam_data_keys_installation",
      sql`owner_type <> ${sql.raw(`'${KeyOwner.installation.type}'`)} or (owner_id = '' and (destroyed_at is null or retired_at is not null))`,
    ),
  ],
  // Wrapping a key anew changes nothing for anybody.
  { digested: ["wrappedKey"], uneventful: ["wrappedKey", "keyVersion"] },
);
