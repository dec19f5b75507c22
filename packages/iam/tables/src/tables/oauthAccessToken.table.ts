import { type Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { oauthClient } from "./oauthClient.table.ts";
import { oauthRefreshToken } from "./oauthRefreshToken.table.ts";
import { session } from "./session.table.ts";

export const oauthAccessToken = Table.make(IamEntityIds.OauthAccessTokenId)(
  {
    token: pg.text("token").notNull().unique(),
    clientId: pg
      .text("client_id")
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: "cascade" }),
    sessionId: Columns.id("session_id", IamEntityIds.SessionId).references(() => session.id, { onDelete: "cascade" }),
    userId: Columns.id("user_id", SharedEntityIds.UserId).references(() => user.id, { onDelete: "cascade" }),
    referenceId: pg.text("reference_id"),
    authorizationCodeId: pg.text("authorization_code_id"),
    resources: pg.text("resources").array(),
    requestedUserInfoClaims: pg.text("requested_user_info_claims").array(),
    refreshId: Columns.id("refresh_id", IamEntityIds.OauthRefreshTokenId).references(() => oauthRefreshToken.id, {
      onDelete: "cascade",
    }),
    expiresAt: Columns.timestamp("expires_at").notNull(),
    revoked: Columns.timestamp("revoked"),
    confirmation: pg.jsonb("confirmation").$type<Field.Json>(),
    scopes: pg.text("scopes").array().notNull(),
  },
  (t) => [
    pg.index("iam_oauth_access_tokens_client_id_idx").on(t.clientId),
    pg.index("iam_oauth_access_tokens_session_id_idx").on(t.sessionId),
    pg.index("iam_oauth_access_tokens_user_id_idx").on(t.userId),
    pg.index("iam_oauth_access_tokens_authorization_code_id_idx").on(t.authorizationCodeId),
    pg.index("iam_oauth_access_tokens_refresh_id_idx").on(t.refreshId),
  ],
  { digested: ["token", "authorizationCodeId"] },
);
