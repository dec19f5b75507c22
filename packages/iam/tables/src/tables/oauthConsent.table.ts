import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { oauthClient } from "./oauthClient.table.ts";

export const oauthConsent = Table.make(IamEntityIds.OauthConsentId)(
  {
    clientId: pg
      .text("client_id")
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: "cascade" }),
    userId: Columns.id("user_id", SharedEntityIds.UserId).references(() => user.id, { onDelete: "cascade" }),
    referenceId: pg.text("reference_id"),
    resources: pg.text("resources").array(),
    requestedUserInfoClaims: pg.text("requested_user_info_claims").array(),
    scopes: pg.text("scopes").array().notNull(),
  },
  (t) => [
    pg.index("iam_oauth_consents_user_id_idx").on(t.userId),
    pg
      .unique("iam_oauth_consents_client_id_user_id_reference_id_unique")
      .on(t.clientId, t.userId, t.referenceId)
      .nullsNotDistinct(),
  ],
);
