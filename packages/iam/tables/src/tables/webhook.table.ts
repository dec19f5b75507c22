/** Events that are sent to where an organization wants them. */
import { IamEntityIds } from "@beep/shared-domain";
import { Columns, OrgTable, Record } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const webhookSubscription = OrgTable.make(IamEntityIds.WebhookSubscriptionId)(
  {
    url: pg.text("url").notNull(),
    description: pg.text("description"),
    actions: pg.text("actions").array().notNull(),
    enabled: pg.boolean("enabled").notNull().default(true),
    secret: pg.text("secret").notNull(),
    previousSecret: pg.text("previous_secret"),
    previousUntil: Columns.timestamp("previous_until"),
    fromIndex: pg.bigint("from_index", { mode: "number" }).notNull(),
  },
  (t) => [
    pg.check(
      "iam_webhook_subscriptions_previous_check",
      sql`(${t.previousSecret} is null) = (${t.previousUntil} is null)`,
    ),
    pg.index("iam_webhook_subscriptions_previous_until_idx").on(t.previousUntil).where(sql`previous_until is not null`),
  ],
  { sealed: ["secret", "previousSecret"], uneventful: ["fromIndex"] },
);

export const webhookDelivery = OrgTable.make(IamEntityIds.WebhookDeliveryId)(
  {
    subscriptionId: Columns.id("subscription_id", IamEntityIds.WebhookSubscriptionId).notNull(),
    // The event stays in the log; its partition may be taken away before the delivery is forgotten.
    index: pg.bigint("index", { mode: "number" }).notNull(),
    eventId: Columns.id("event_id", IamEntityIds.AuditEventId).notNull(),
    recordedAt: Columns.timestamp("recorded_at").notNull(),
    key: pg.text("key"),
    attempts: pg.integer("attempts").notNull().default(0),
    dueAt: Columns.timestamp("due_at").notNull().defaultNow(),
    leasedUntil: Columns.timestamp("leased_until"),
    leasedBy: pg.text("leased_by"),
    deliveredAt: Columns.timestamp("delivered_at"),
    deadAt: Columns.timestamp("dead_at"),
    status: pg.integer("status"),
    error: pg.text("error"),
  },
  (t) => {
    const isPending = sql`delivered_at is null and dead_at is null`;
    return [
      pg
        .foreignKey({
          name: "iam_webhook_deliveries_organization_id_subscription_id_fk",
          columns: [t.organizationId, t.subscriptionId],
          foreignColumns: [webhookSubscription.organizationId, webhookSubscription.id],
        })
        .onDelete("cascade"),
      pg.unique("iam_webhook_deliveries_subscription_id_index_unique").on(t.subscriptionId, t.index),
      pg.index("iam_webhook_deliveries_list_idx").on(t.organizationId, t.subscriptionId, t.id),
      pg.index("iam_webhook_deliveries_due_idx").on(t.subscriptionId, t.dueAt, t.index).where(isPending),
      pg.index("iam_webhook_deliveries_key_idx").on(t.subscriptionId, t.key, t.index).where(isPending),
      pg.index("iam_webhook_deliveries_leased_idx").on(t.subscriptionId).where(sql`leased_until is not null`),
      pg.index("iam_webhook_deliveries_dead_idx").on(t.subscriptionId, t.id).where(sql`dead_at is not null`),
      pg
        .index("iam_webhook_deliveries_over_idx")
        .on(sql`coalesce(delivered_at, dead_at)`)
        .where(sql`coalesce(delivered_at, dead_at) is not null`),
      pg.check("iam_webhook_deliveries_one_end_check", sql`num_nonnulls(${t.deliveredAt}, ${t.deadAt}) < 2`),
    ];
  },
  { unrecorded: "What is delivered is in the log already." },
);

/** How far the log has been read for subscriptions. Whoever reads on has it locked. */
export const webhookCursor = Record.make("iam_webhook_cursors")(
  {
    only: pg.boolean("only").primaryKey().default(true),
    next: pg.bigint("next", { mode: "bigint" }).notNull(),
  },
  (t) => [pg.check("iam_webhook_cursors_only_check", sql`${t.only}`)],
  { services: ["select", "insert", "update"] },
);
