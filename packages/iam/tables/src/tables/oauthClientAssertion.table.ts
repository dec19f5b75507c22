import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const oauthClientAssertion = Table.make(IamEntityIds.OauthClientAssertionId)(
  {
    expiresAt: Columns.timestamp("expires_at").notNull(),
  },
  (t) => [pg.index("iam_oauth_client_assertions_expires_at_idx").on(t.expiresAt)],
);
