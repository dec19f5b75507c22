import { IamEntityIds } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const apiKey = Table.make(IamEntityIds.ApiKeyId)(
  {
    configId: pg.text("config_id").notNull().default("default"),
    name: pg.text("name"),
    start: pg.text("start"),
    // The id of a user or of an organization, so text and without a foreign key.
    referenceId: pg.text("reference_id").notNull(),
    prefix: pg.text("prefix"),
    key: pg.text("key").notNull().unique(),
    refillInterval: pg.integer("refill_interval"),
    refillAmount: pg.integer("refill_amount"),
    lastRefillAt: Columns.timestamp("last_refill_at"),
    enabled: pg.boolean("enabled").default(true),
    rateLimitEnabled: pg.boolean("rate_limit_enabled").default(true),
    rateLimitTimeWindow: pg.integer("rate_limit_time_window").default(86_400_000),
    rateLimitMax: pg.integer("rate_limit_max").default(10),
    requestCount: pg.integer("request_count").default(0),
    remaining: pg.integer("remaining"),
    lastRequest: Columns.timestamp("last_request"),
    expiresAt: Columns.timestamp("expires_at"),
    permissions: pg.text("permissions"),
    metadata: pg.text("metadata"),
  },
  (t) => [
    pg.index("iam_api_keys_reference_id_idx").on(t.referenceId),
    pg.index("iam_api_keys_config_id_idx").on(t.configId),
  ],
  {
    digested: ["key"],
    personal: ["name", "start", "metadata"],
    subject: "referenceId",
    organization: "referenceId",
    uneventful: ["requestCount", "remaining", "lastRequest", "lastRefillAt"],
  },
);
