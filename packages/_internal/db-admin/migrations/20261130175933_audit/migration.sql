CREATE TABLE "iam_audit_checkpoints" (
	"size" bigint PRIMARY KEY,
	"note" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_audit_checkpoints" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_audit_envelopes" (
	"event_id" uuid PRIMARY KEY,
	"subject_type" text NOT NULL,
	"subject_id" uuid NOT NULL,
	"recorded" text,
	"sealed" text,
	CONSTRAINT "iam_audit_envelopes_one_form_check" CHECK (num_nonnulls("recorded", "sealed") = 1),
	CONSTRAINT "iam_audit_envelopes_sealed" CHECK ("sealed" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$')
);
--> statement-breakpoint
ALTER TABLE "iam_audit_envelopes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_audit_events" (
	"format" smallint DEFAULT 1 NOT NULL,
	"id" uuid DEFAULT gen_random_uuid(),
	"recorded_at" timestamp(3) with time zone DEFAULT clock_timestamp(),
	"organization_id" uuid,
	"action" text NOT NULL,
	"target_type" text,
	"target_id" uuid,
	"outcome" text DEFAULT 'success' NOT NULL,
	"context" jsonb,
	"login" text DEFAULT session_user NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"personal" bytea,
	"transaction" xid8 DEFAULT pg_current_xact_id() NOT NULL,
	"horizon" xid8 NOT NULL,
	"running" integer NOT NULL,
	"number" integer NOT NULL,
	CONSTRAINT "iam_audit_events_pkey" PRIMARY KEY("recorded_at","id"),
	CONSTRAINT "iam_audit_events_outcome_check" CHECK ("outcome" in ('success', 'failure'))
) PARTITION BY RANGE ("recorded_at");
--> statement-breakpoint
ALTER TABLE "iam_audit_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_audit_heads" (
	"only" boolean PRIMARY KEY DEFAULT true,
	"size" bigint NOT NULL,
	"frontier" bytea NOT NULL,
	"snapshot" text NOT NULL,
	"system" text NOT NULL,
	"since" timestamp(3) with time zone,
	"moving" boolean DEFAULT false NOT NULL,
	"checkpoint" text,
	"sealed_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "iam_audit_heads_only_check" CHECK ("only")
);
--> statement-breakpoint
ALTER TABLE "iam_audit_heads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_audit_seals" (
	"index" bigint PRIMARY KEY,
	"organization_id" uuid,
	"position" bigint NOT NULL,
	"event_id" uuid NOT NULL UNIQUE,
	"recorded_at" timestamp(3) with time zone NOT NULL,
	"hash" bytea NOT NULL,
	"nodes" bytea NOT NULL,
	CONSTRAINT "iam_audit_seals_chain_unique" UNIQUE NULLS NOT DISTINCT("organization_id","position"),
	CONSTRAINT "iam_audit_seals_hash_check" CHECK (octet_length("hash") = 32)
);
--> statement-breakpoint
ALTER TABLE "iam_audit_seals" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_data_keys" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"owner_type" text NOT NULL,
	"owner_id" text NOT NULL,
	"wrapped_key" text,
	"key_version" text,
	"retired_at" timestamp(3) with time zone,
	"destroyed_at" timestamp(3) with time zone,
	CONSTRAINT "iam_data_keys_owner_type" CHECK (owner_type ~ '^[a-z][a-z0-9-]{0,62}$'),
	CONSTRAINT "iam_data_keys_destroyed" CHECK ((wrapped_key is null) = (destroyed_at is not null) and (key_version is null) = (wrapped_key is null)),
	CONSTRAINT "iam_data_keys_installation" CHECK (owner_type <> 'installation' or (owner_id = '' and (destroyed_at is null or retired_at is not null)))
);
--> statement-breakpoint
ALTER TABLE "iam_data_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_legal_holds" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"owner_type" text NOT NULL,
	"owner_id" text NOT NULL,
	"reason" text NOT NULL,
	"placed_by" text NOT NULL,
	"released_at" timestamp(3) with time zone,
	"released_by" text,
	CONSTRAINT "iam_legal_holds_owner_type" CHECK (owner_type ~ '^[a-z][a-z0-9-]{0,62}$')
);
--> statement-breakpoint
ALTER TABLE "iam_legal_holds" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "iam_audit_envelopes_subject_idx" ON "iam_audit_envelopes" ("subject_type","subject_id");--> statement-breakpoint
CREATE INDEX "iam_audit_envelopes_recorded_idx" ON "iam_audit_envelopes" ("event_id") WHERE "recorded" is not null;--> statement-breakpoint
CREATE INDEX "iam_audit_events_transaction_idx" ON "iam_audit_events" ("transaction");--> statement-breakpoint
CREATE UNIQUE INDEX "iam_data_keys_sealing_unique" ON "iam_data_keys" ("owner_type","owner_id") WHERE retired_at is null;--> statement-breakpoint
CREATE INDEX "iam_data_keys_owner_idx" ON "iam_data_keys" ("owner_type","owner_id");--> statement-breakpoint
CREATE INDEX "iam_data_keys_key_version_idx" ON "iam_data_keys" ("key_version","id") WHERE wrapped_key is not null;--> statement-breakpoint
CREATE INDEX "iam_legal_holds_in_force_idx" ON "iam_legal_holds" ("owner_type","owner_id") WHERE released_at is null;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_audit_checkpoints" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_audit_envelopes" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_database_writes" ON "iam_audit_envelopes" AS PERMISSIVE FOR INSERT TO public WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_audit_events" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_database_writes" ON "iam_audit_events" AS PERMISSIVE FOR INSERT TO public WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_audit_heads" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_audit_seals" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_data_keys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_legal_holds" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);