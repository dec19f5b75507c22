CREATE TABLE "iam_organizations" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL UNIQUE,
	"logo" text,
	"metadata" text
);
--> statement-breakpoint
ALTER TABLE "iam_organizations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_teams" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"name" text NOT NULL,
	"member_count" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "iam_teams_organization_id_id_unique" UNIQUE("organization_id","id")
);
--> statement-breakpoint
ALTER TABLE "iam_teams" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_users" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL UNIQUE,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text,
	"banned" boolean DEFAULT false,
	"ban_reason" text,
	"ban_expires" timestamp(3) with time zone,
	"two_factor_enabled" boolean DEFAULT false
);
--> statement-breakpoint
ALTER TABLE "iam_users" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_accounts" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" uuid NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp(3) with time zone,
	"refresh_token_expires_at" timestamp(3) with time zone,
	"scope" text,
	"password" text,
	CONSTRAINT "iam_accounts_provider_id_account_id_unique" UNIQUE("provider_id","account_id")
);
--> statement-breakpoint
ALTER TABLE "iam_accounts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_api_keys" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"config_id" text DEFAULT 'default' NOT NULL,
	"name" text,
	"start" text,
	"reference_id" text NOT NULL,
	"prefix" text,
	"key" text NOT NULL UNIQUE,
	"refill_interval" integer,
	"refill_amount" integer,
	"last_refill_at" timestamp(3) with time zone,
	"enabled" boolean DEFAULT true,
	"rate_limit_enabled" boolean DEFAULT true,
	"rate_limit_time_window" integer DEFAULT 86400000,
	"rate_limit_max" integer DEFAULT 10,
	"request_count" integer DEFAULT 0,
	"remaining" integer,
	"last_request" timestamp(3) with time zone,
	"expires_at" timestamp(3) with time zone,
	"permissions" text,
	"metadata" text
);
--> statement-breakpoint
ALTER TABLE "iam_api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_invitations" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"email" text NOT NULL,
	"role" text,
	"team_id" text,
	"status" text DEFAULT 'pending' NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"inviter_id" uuid NOT NULL,
	CONSTRAINT "iam_invitations_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_invitations_status_check" CHECK ("status" in ('pending', 'accepted', 'rejected', 'canceled'))
);
--> statement-breakpoint
ALTER TABLE "iam_invitations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_members" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text DEFAULT 'member' NOT NULL,
	CONSTRAINT "iam_members_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_members_organization_id_user_id_unique" UNIQUE("organization_id","user_id"),
	CONSTRAINT "iam_members_role_check" CHECK ("role" <> '')
);
--> statement-breakpoint
ALTER TABLE "iam_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_notification_preferences" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"channel" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	CONSTRAINT "iam_notification_preferences_organization_id_id_unique" UNIQUE("organization_id","id")
);
--> statement-breakpoint
ALTER TABLE "iam_notification_preferences" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_organization_roles" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"role" text NOT NULL,
	"permission" text NOT NULL,
	CONSTRAINT "iam_organization_roles_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_organization_roles_organization_id_role_unique" UNIQUE("organization_id","role")
);
--> statement-breakpoint
ALTER TABLE "iam_organization_roles" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_rate_limits" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"key" text NOT NULL UNIQUE,
	"count" integer NOT NULL,
	"last_request" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_rate_limits" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_sessions" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"token" text NOT NULL UNIQUE,
	"ip_address" text,
	"user_agent" text,
	"user_id" uuid NOT NULL,
	"active_organization_id" uuid,
	"active_team_id" uuid,
	"impersonated_by" uuid
);
--> statement-breakpoint
ALTER TABLE "iam_sessions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_team_members" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"organization_id" uuid DEFAULT cast(nullif(current_setting('iam.organization_id', true), '') as uuid) NOT NULL,
	"team_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"membership_key" text UNIQUE,
	CONSTRAINT "iam_team_members_organization_id_id_unique" UNIQUE("organization_id","id"),
	CONSTRAINT "iam_team_members_team_id_user_id_unique" UNIQUE("team_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "iam_team_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_two_factors" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"secret" text NOT NULL,
	"backup_codes" text NOT NULL,
	"user_id" uuid NOT NULL UNIQUE,
	"verified" boolean DEFAULT true,
	"failed_verification_count" integer DEFAULT 0,
	"locked_until" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "iam_two_factors" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_verifications" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_verifications" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "iam_accounts_user_id_idx" ON "iam_accounts" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_api_keys_reference_id_idx" ON "iam_api_keys" ("reference_id");--> statement-breakpoint
CREATE INDEX "iam_api_keys_config_id_idx" ON "iam_api_keys" ("config_id");--> statement-breakpoint
CREATE INDEX "iam_invitations_organization_id_email_idx" ON "iam_invitations" ("organization_id","email");--> statement-breakpoint
CREATE INDEX "iam_invitations_email_idx" ON "iam_invitations" ("email");--> statement-breakpoint
CREATE INDEX "iam_invitations_inviter_id_idx" ON "iam_invitations" ("inviter_id");--> statement-breakpoint
CREATE INDEX "iam_members_user_id_idx" ON "iam_members" ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "notification_pref_org_channel_idx" ON "iam_notification_preferences" ("organization_id","channel");--> statement-breakpoint
CREATE INDEX "iam_sessions_user_id_idx" ON "iam_sessions" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_sessions_active_organization_id_idx" ON "iam_sessions" ("active_organization_id");--> statement-breakpoint
CREATE INDEX "iam_sessions_active_team_id_idx" ON "iam_sessions" ("active_team_id");--> statement-breakpoint
CREATE INDEX "iam_sessions_impersonated_by_idx" ON "iam_sessions" ("impersonated_by");--> statement-breakpoint
CREATE INDEX "iam_team_members_organization_id_team_id_idx" ON "iam_team_members" ("organization_id","team_id");--> statement-breakpoint
CREATE INDEX "iam_team_members_user_id_idx" ON "iam_team_members" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_two_factors_secret_idx" ON "iam_two_factors" ("secret");--> statement-breakpoint
CREATE INDEX "iam_verifications_identifier_idx" ON "iam_verifications" ("identifier");--> statement-breakpoint
ALTER TABLE "iam_teams" ADD CONSTRAINT "iam_teams_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_accounts" ADD CONSTRAINT "iam_accounts_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_invitations" ADD CONSTRAINT "iam_invitations_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_invitations" ADD CONSTRAINT "iam_invitations_inviter_id_iam_users_id_fkey" FOREIGN KEY ("inviter_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_members" ADD CONSTRAINT "iam_members_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_members" ADD CONSTRAINT "iam_members_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_notification_preferences" ADD CONSTRAINT "iam_notification_preferences_3xiZwbR9RNNH_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_organization_roles" ADD CONSTRAINT "iam_organization_roles_ymTcvJEpnLW2_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_active_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("active_organization_id") REFERENCES "iam_organizations"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_active_team_id_iam_teams_id_fkey" FOREIGN KEY ("active_team_id") REFERENCES "iam_teams"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_impersonated_by_iam_users_id_fkey" FOREIGN KEY ("impersonated_by") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_team_members" ADD CONSTRAINT "iam_team_members_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_team_members" ADD CONSTRAINT "iam_team_members_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_team_members" ADD CONSTRAINT "iam_team_members_organization_id_team_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "iam_teams"("organization_id","id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_two_factors" ADD CONSTRAINT "iam_two_factors_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_organizations" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_reads" ON "iam_organizations" AS PERMISSIVE FOR SELECT TO "iam_tenant" USING ("iam_organizations"."id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_teams" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_teams" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_teams"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_teams"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_users" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_reads" ON "iam_users" AS PERMISSIVE FOR SELECT TO "iam_tenant" USING (exists (select from iam_members where iam_members.user_id = "iam_users"."id"));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_accounts" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_api_keys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_invitations" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_invitations" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_invitations"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_invitations"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_members" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_members" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_members"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_members"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_notification_preferences" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_notification_preferences" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_notification_preferences"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_notification_preferences"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_organization_roles" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_organization_roles" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_organization_roles"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_organization_roles"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_rate_limits" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_sessions" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_team_members" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_team_members" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_team_members"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_team_members"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_two_factors" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_verifications" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);