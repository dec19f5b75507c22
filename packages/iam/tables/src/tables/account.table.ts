import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const account = Table.make(IamEntityIds.AccountId)(
  {
    accountId: pg.text("account_id").notNull(),
    providerId: pg.text("provider_id").notNull(),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    accessToken: pg.text("access_token"),
    refreshToken: pg.text("refresh_token"),
    idToken: pg.text("id_token"),
    accessTokenExpiresAt: Columns.timestamp("access_token_expires_at"),
    refreshTokenExpiresAt: Columns.timestamp("refresh_token_expires_at"),
    scope: pg.text("scope"),
    password: pg.text("password"),
  },
  (t) => [
    pg.unique("iam_accounts_provider_id_account_id_unique").on(t.providerId, t.accountId),
    pg.index("iam_accounts_user_id_idx").on(t.userId),
  ],
  {
    sealed: ["accessToken", "refreshToken", "idToken"],
    digested: ["password"],
    personal: ["accountId"],
    subject: "userId",
    uneventful: ["accessTokenExpiresAt", "refreshTokenExpiresAt"],
  },
);
