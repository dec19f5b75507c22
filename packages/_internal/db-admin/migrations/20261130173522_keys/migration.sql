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
CREATE UNIQUE INDEX "iam_data_keys_sealing_unique" ON "iam_data_keys" ("owner_type","owner_id") WHERE retired_at is null;--> statement-breakpoint
CREATE INDEX "iam_data_keys_owner_idx" ON "iam_data_keys" ("owner_type","owner_id");--> statement-breakpoint
CREATE INDEX "iam_data_keys_key_version_idx" ON "iam_data_keys" ("key_version","id") WHERE wrapped_key is not null;--> statement-breakpoint
CREATE INDEX "iam_legal_holds_in_force_idx" ON "iam_legal_holds" ("owner_type","owner_id") WHERE released_at is null;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_data_keys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_legal_holds" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);