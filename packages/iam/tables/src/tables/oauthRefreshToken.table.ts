import { type Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { oauthClient } from "./oauthClient.table.ts";
import { session } from "./session.table.ts";

export const oauthRefreshToken = Table.make(IamEntityIds.OauthRefreshTokenId)(
  {
    token: pg.text("token").notNull().unique(),
    clientId: pg
      .text("client_id")
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: "cascade" }),
    sessionId: Columns.id("session_id", IamEntityIds.SessionId).references(() => session.id, { onDelete: "set null" }),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    referenceId: pg.text("reference_id"),
    authorizationCodeId: pg.text("authorization_code_id"),
    resources: pg.text("resources").array(),
    requestedUserInfoClaims: pg.text("requested_user_info_claims").array(),
    expiresAt: Columns.timestamp("expires_at").notNull(),
    revoked: Columns.timestamp("revoked"),
    rotatedAt: Columns.timestamp("rotated_at"),
    rotationReplayResponse: pg.text("rotation_replay_response"),
    rotationReplayExpiresAt: Columns.timestamp("rotation_replay_expires_at"),
    authTime: Columns.timestamp("auth_time"),
    confirmation: pg.jsonb("confirmation").$type<Field.Json>(),
    scopes: pg.text("scopes").array().notNull(),
  },
  (t) => [
    pg.index("iam_oauth_refresh_tokens_client_id_idx").on(t.clientId),
    pg.index("iam_oauth_refresh_tokens_session_id_idx").on(t.sessionId),
    pg.index("iam_oauth_refresh_tokens_user_id_idx").on(t.userId),
    pg.index("iam_oauth_refresh_tokens_authorization_code_id_idx").on(t.authorizationCodeId),
  ],
  {
    sealed: ["rotationReplayResponse"],
    digested: ["token", "authorizationCodeId"],
    uneventful: ["rotationReplayExpiresAt"],
  },
);
