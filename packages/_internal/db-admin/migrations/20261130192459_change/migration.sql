CREATE TABLE "iam_idempotency_keys" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"name" text NOT NULL UNIQUE,
	"fingerprint" text NOT NULL,
	"response" text,
	"expires_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "iam_idempotency_keys_response_sealed" CHECK ("response" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$')
);
--> statement-breakpoint
ALTER TABLE "iam_idempotency_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_outbox_messages" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"place" bigint GENERATED ALWAYS AS IDENTITY (sequence name "iam_outbox_messages_place_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"key" text,
	"payload" text NOT NULL,
	"due_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"leased_until" timestamp(3) with time zone,
	"leased_by" text,
	"dead_at" timestamp(3) with time zone,
	"error" text,
	CONSTRAINT "iam_outbox_messages_payload_sealed" CHECK ("payload" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$')
);
--> statement-breakpoint
ALTER TABLE "iam_outbox_messages" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "iam_idempotency_keys_expires_at_idx" ON "iam_idempotency_keys" ("expires_at");--> statement-breakpoint
CREATE INDEX "iam_outbox_messages_waiting_idx" ON "iam_outbox_messages" ("due_at") WHERE dead_at is null;--> statement-breakpoint
CREATE INDEX "iam_outbox_messages_key_idx" ON "iam_outbox_messages" ("kind","key","place") WHERE dead_at is null and key is not null;--> statement-breakpoint
CREATE INDEX "iam_outbox_messages_dead_idx" ON "iam_outbox_messages" ("dead_at") WHERE dead_at is not null;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_idempotency_keys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_outbox_messages" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);