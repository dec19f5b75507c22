CREATE TABLE "iam_webhook_cursors" (
	"only" boolean PRIMARY KEY DEFAULT true,
	"next" bigint NOT NULL,
	CONSTRAINT "iam_webhook_cursors_only_check" CHECK ("only")
);
--> statement-breakpoint
ALTER TABLE "iam_webhook_cursors" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_webhook_deliveries" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"subscription_id" uuid NOT NULL,
	"index" bigint NOT NULL,
	"event_id" uuid NOT NULL,
	"recorded_at" timestamp(3) with time zone NOT NULL,
	"key" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"leased_until" timestamp(3) with time zone,
	"leased_by" text,
	"delivered_at" timestamp(3) with time zone,
	"dead_at" timestamp(3) with time zone,
	"status" integer,
	"error" text,
	CONSTRAINT "iam_webhook_deliveries_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_webhook_deliveries_subscription_id_index_unique" UNIQUE("subscription_id","index"),
	CONSTRAINT "iam_webhook_deliveries_one_end_check" CHECK (num_nonnulls("delivered_at", "dead_at") < 2)
);
--> statement-breakpoint
ALTER TABLE "iam_webhook_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_webhook_subscriptions" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"url" text NOT NULL,
	"description" text,
	"actions" text[] NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"secret" text NOT NULL,
	"previous_secret" text,
	"previous_until" timestamp(3) with time zone,
	"from_index" bigint NOT NULL,
	CONSTRAINT "iam_webhook_subscriptions_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_webhook_subscriptions_secret_sealed" CHECK ("secret" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$'),
	CONSTRAINT "iam_webhook_subscriptions_previous_secret_sealed" CHECK ("previous_secret" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$'),
	CONSTRAINT "iam_webhook_subscriptions_previous_check" CHECK (("previous_secret" is null) = ("previous_until" is null))
);
--> statement-breakpoint
ALTER TABLE "iam_webhook_subscriptions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_list_idx" ON "iam_webhook_deliveries" ("organization_id","subscription_id","id");--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_due_idx" ON "iam_webhook_deliveries" ("subscription_id","due_at","index") WHERE delivered_at is null and dead_at is null;--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_key_idx" ON "iam_webhook_deliveries" ("subscription_id","key","index") WHERE delivered_at is null and dead_at is null;--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_leased_idx" ON "iam_webhook_deliveries" ("subscription_id") WHERE leased_until is not null;--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_dead_idx" ON "iam_webhook_deliveries" ("subscription_id","id") WHERE dead_at is not null;--> statement-breakpoint
CREATE INDEX "iam_webhook_deliveries_over_idx" ON "iam_webhook_deliveries" (coalesce(delivered_at, dead_at)) WHERE coalesce(delivered_at, dead_at) is not null;--> statement-breakpoint
CREATE INDEX "iam_webhook_subscriptions_previous_until_idx" ON "iam_webhook_subscriptions" ("previous_until") WHERE previous_until is not null;--> statement-breakpoint
ALTER TABLE "iam_webhook_deliveries" ADD CONSTRAINT "iam_webhook_deliveries_5yCR4HKaV9xl_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_webhook_deliveries" ADD CONSTRAINT "iam_webhook_deliveries_organization_id_subscription_id_fk" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "iam_webhook_subscriptions"("organization_id","id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_webhook_subscriptions" ADD CONSTRAINT "iam_webhook_subscriptions_OYCjK0yrxtV5_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_webhook_cursors" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_webhook_deliveries" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_webhook_deliveries" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_webhook_deliveries"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_webhook_deliveries"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_webhook_subscriptions" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_webhook_subscriptions" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_webhook_subscriptions"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_webhook_subscriptions"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));