import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const deviceCode = Table.make(IamEntityIds.DeviceCodeId)(
  {
    deviceCode: pg.text("device_code").notNull().unique(),
    userCode: pg.text("user_code").notNull().unique(),
    userId: Columns.id("user_id", SharedEntityIds.UserId).references(() => user.id, { onDelete: "cascade" }),
    expiresAt: Columns.timestamp("expires_at").notNull(),
    status: pg.text("status").notNull(),
    lastPolledAt: Columns.timestamp("last_polled_at"),
    pollingInterval: pg.integer("polling_interval"),
    clientId: pg.text("client_id"),
    scope: pg.text("scope"),
    oauthClientId: pg.text("oauth_client_id"),
    resources: pg.text("resources").array(),
  },
  (t) => [pg.index("iam_device_codes_user_id_idx").on(t.userId)],
  {
    digested: ["deviceCode", "userCode"],
    lookedUp: ["deviceCode", "userCode"],
    uneventful: ["lastPolledAt", "pollingInterval"],
  },
);
