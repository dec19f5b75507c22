CREATE TABLE "iam_applications" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"key" text NOT NULL UNIQUE,
	"name" text NOT NULL,
	CONSTRAINT "iam_applications_key_check" CHECK ("key" ~ '^[a-z][a-z0-9-]{0,62}$')
);
--> statement-breakpoint
ALTER TABLE "iam_applications" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_authorization_models" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"application_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"source" text NOT NULL,
	CONSTRAINT "iam_authorization_models_application_id_number_unique" UNIQUE("application_id","number"),
	CONSTRAINT "iam_authorization_models_number_check" CHECK ("number" > 0)
);
--> statement-breakpoint
ALTER TABLE "iam_authorization_models" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_nested_relations" (
	"application_id" uuid,
	"object_type" text collate "C",
	"relation" text collate "C",
	"subject_type" text collate "C",
	"subject_relation" text collate "C",
	CONSTRAINT "iam_nested_relations_pkey" PRIMARY KEY("application_id","object_type","relation","subject_type","subject_relation")
);
--> statement-breakpoint
ALTER TABLE "iam_nested_relations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_policy_revisions" (
	"organization_id" uuid CONSTRAINT "iam_policy_revisions_organization_id_unique" UNIQUE NULLS NOT DISTINCT,
	"revision" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_policy_revisions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_relations" (
	"organization_id" uuid,
	"application_id" uuid,
	"object_type" text collate "C",
	"object_id" text collate "C",
	"relation" text collate "C",
	"subject_relation" text collate "C",
	"subject_type" text collate "C",
	"subject_id" text collate "C",
	"condition" text,
	"context" jsonb,
	"expires_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "iam_relations_pkey" PRIMARY KEY("object_id","object_type","relation","organization_id","application_id","subject_relation","subject_type","subject_id"),
	CONSTRAINT "iam_relations_context_check" CHECK ("context" is null or "condition" is not null)
);
--> statement-breakpoint
ALTER TABLE "iam_relations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_relation_nestings" (
	"organization_id" uuid,
	"application_id" uuid,
	"outer_type" text collate "C",
	"outer_id" text collate "C",
	"outer_relation" text collate "C",
	"inner_type" text collate "C",
	"inner_id" text collate "C",
	"inner_relation" text collate "C",
	"expires_at" timestamp(3) with time zone,
	CONSTRAINT "iam_relation_nestings_pkey" PRIMARY KEY("outer_id","outer_type","outer_relation","organization_id","application_id","inner_type","inner_id","inner_relation")
);
--> statement-breakpoint
ALTER TABLE "iam_relation_nestings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE UNIQUE INDEX "iam_relations_subject_idx" ON "iam_relations" ("subject_id","subject_type","subject_relation","organization_id","application_id","object_type","relation","object_id");--> statement-breakpoint
CREATE INDEX "iam_relations_organization_id_idx" ON "iam_relations" ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "iam_relation_nestings_inner_idx" ON "iam_relation_nestings" ("inner_id","inner_type","inner_relation","organization_id","application_id","outer_type","outer_relation","outer_id");--> statement-breakpoint
CREATE INDEX "iam_relation_nestings_organization_id_idx" ON "iam_relation_nestings" ("organization_id");--> statement-breakpoint
ALTER TABLE "iam_authorization_models" ADD CONSTRAINT "iam_authorization_models_IZJ3Vrs7vHab_fkey" FOREIGN KEY ("application_id") REFERENCES "iam_applications"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_nested_relations" ADD CONSTRAINT "iam_nested_relations_application_id_iam_applications_id_fkey" FOREIGN KEY ("application_id") REFERENCES "iam_applications"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_policy_revisions" ADD CONSTRAINT "iam_policy_revisions_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_relations" ADD CONSTRAINT "iam_relations_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_relations" ADD CONSTRAINT "iam_relations_application_id_iam_applications_id_fkey" FOREIGN KEY ("application_id") REFERENCES "iam_applications"("id");--> statement-breakpoint
ALTER TABLE "iam_relation_nestings" ADD CONSTRAINT "iam_relation_nestings_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_relation_nestings" ADD CONSTRAINT "iam_relation_nestings_application_id_iam_applications_id_fkey" FOREIGN KEY ("application_id") REFERENCES "iam_applications"("id");--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_applications" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_authorization_models" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_nested_relations" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_policy_revisions" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_reads" ON "iam_policy_revisions" AS PERMISSIVE FOR SELECT TO "iam_tenant" USING (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_relations" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_reads" ON "iam_relations" AS PERMISSIVE FOR SELECT TO "iam_tenant" USING (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_relation_nestings" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_reads" ON "iam_relation_nestings" AS PERMISSIVE FOR SELECT TO "iam_tenant" USING (organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));