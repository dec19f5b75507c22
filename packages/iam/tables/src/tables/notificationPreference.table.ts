import { IamEntityIds } from "@beep/shared-domain";
import { OrgTable } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const notificationPreference = OrgTable.make(IamEntityIds.NotificationPreferenceId)(
  {
    channel: pg.text("channel").notNull(),
    enabled: pg.boolean("enabled").notNull().default(true),
  },
  (t) => [pg.uniqueIndex("notification_pref_org_channel_idx").on(t.organizationId, t.channel)],
);
