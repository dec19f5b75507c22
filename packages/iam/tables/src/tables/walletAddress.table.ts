import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const walletAddress = Table.make(IamEntityIds.WalletAddressId)(
  {
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    address: pg.text("address").notNull(),
    chainId: pg.bigint("chain_id", { mode: "number" }).notNull(),
    isPrimary: pg.boolean("is_primary").notNull().default(false),
  },
  (t) => [
    pg.index("iam_wallet_addresses_user_id_idx").on(t.userId),
    pg.unique("iam_wallet_addresses_address_chain_id_unique").on(t.address, t.chainId),
  ],
  { personal: ["address"], subject: "userId" },
);
