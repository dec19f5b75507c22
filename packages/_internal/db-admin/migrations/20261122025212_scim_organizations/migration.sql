CREATE TABLE "iam_scim_memberships" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"member_id" uuid NOT NULL UNIQUE,
	"given" boolean NOT NULL,
	"roles" text NOT NULL,
	CONSTRAINT "iam_scim_memberships_organization_id_id_unique" UNIQUE("organization_id","id")
);
--> statement-breakpoint
ALTER TABLE "iam_scim_memberships" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP INDEX "iam_scim_groups_connection_id_idx";--> statement-breakpoint
DROP INDEX "iam_scim_users_connection_id_idx";--> statement-breakpoint
DROP INDEX "iam_scim_users_provisioning_domain_id_idx";--> statement-breakpoint
ALTER TABLE "iam_scim_subjects" ADD COLUMN "managed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "iam_scim_subjects" ADD COLUMN "deactivated" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "iam_scim_connection_bindings" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
ALTER TABLE "iam_scim_groups" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connections" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
ALTER TABLE "iam_scim_users" ALTER COLUMN "provisioning_domain_id" SET DATA TYPE uuid USING "provisioning_domain_id"::uuid;--> statement-breakpoint
CREATE INDEX "iam_scim_connection_bindings_provisioning_domain_id_idx" ON "iam_scim_connection_bindings" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_groups_connection_id_order_key_idx" ON "iam_scim_groups" ("connection_id","order_key");--> statement-breakpoint
CREATE INDEX "iam_scim_memberships_organization_id_member_id_idx" ON "iam_scim_memberships" ("organization_id","member_id");--> statement-breakpoint
CREATE INDEX "iam_scim_users_connection_id_order_key_idx" ON "iam_scim_users" ("connection_id","order_key");--> statement-breakpoint
CREATE INDEX "iam_scim_users_provisioning_domain_id_user_id_idx" ON "iam_scim_users" ("provisioning_domain_id","user_id");--> statement-breakpoint
ALTER TABLE "iam_scim_connection_bindings" ADD CONSTRAINT "iam_scim_connection_bindings_aqtw57PxAVYy_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_groups" ADD CONSTRAINT "iam_scim_groups_EIcvZij9I9vz_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ADD CONSTRAINT "iam_scim_identity_tombstones_FCXehlos6E96_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connections" ADD CONSTRAINT "iam_scim_managed_connections_7GwP1uc5Rl6g_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_memberships" ADD CONSTRAINT "iam_scim_memberships_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_memberships" ADD CONSTRAINT "iam_scim_memberships_organization_id_member_id_fk" FOREIGN KEY ("organization_id","member_id") REFERENCES "iam_members"("organization_id","id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ADD CONSTRAINT "iam_scim_projection_grants_7utt8lzeznGg_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_users" ADD CONSTRAINT "iam_scim_users_provisioning_domain_id_iam_organizations_id_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_memberships" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_scim_memberships" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_scim_memberships"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_scim_memberships"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));