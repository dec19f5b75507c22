CREATE TABLE "iam_device_codes" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"device_code" text NOT NULL UNIQUE,
	"user_code" text NOT NULL UNIQUE,
	"user_id" uuid,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"status" text NOT NULL,
	"last_polled_at" timestamp(3) with time zone,
	"polling_interval" integer,
	"client_id" text,
	"scope" text,
	"oauth_client_id" text,
	"resources" text[]
);
--> statement-breakpoint
ALTER TABLE "iam_device_codes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_access_tokens" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"token" text NOT NULL UNIQUE,
	"client_id" text NOT NULL,
	"session_id" uuid,
	"user_id" uuid,
	"reference_id" text,
	"authorization_code_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"refresh_id" uuid,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"revoked" timestamp(3) with time zone,
	"confirmation" jsonb,
	"scopes" text[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_access_tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_clients" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"client_id" text NOT NULL UNIQUE,
	"client_secret" text,
	"client_discovery_id" text,
	"disabled" boolean DEFAULT false,
	"skip_consent" boolean,
	"enable_end_session" boolean,
	"subject_type" text,
	"scopes" text[],
	"client_credentials_scopes" text[] DEFAULT '{}'::text[],
	"user_id" uuid,
	"name" text,
	"uri" text,
	"icon" text,
	"contacts" text[],
	"tos" text,
	"policy" text,
	"software_id" text,
	"software_version" text,
	"software_statement" text,
	"redirect_uris" text[] NOT NULL,
	"post_logout_redirect_uris" text[],
	"backchannel_logout_uri" text,
	"backchannel_logout_session_required" boolean,
	"token_endpoint_auth_method" text,
	"application_type" text,
	"jwks" text,
	"jwks_uri" text,
	"grant_types" text[],
	"response_types" text[],
	"require_pkce" boolean,
	"dpop_bound_access_tokens" boolean DEFAULT false,
	"reference_id" text,
	"metadata" jsonb
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_clients" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_client_assertions" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_client_assertions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_client_resources" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"client_id" text NOT NULL,
	"resource_id" text NOT NULL,
	"metadata" jsonb,
	CONSTRAINT "iam_oauth_client_resources_client_id_resource_id_unique" UNIQUE("client_id","resource_id")
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_client_resources" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_consents" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"client_id" text NOT NULL,
	"user_id" uuid,
	"reference_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"scopes" text[] NOT NULL,
	CONSTRAINT "iam_oauth_consents_client_id_user_id_reference_id_unique" UNIQUE NULLS NOT DISTINCT("client_id","user_id","reference_id")
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_consents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_refresh_tokens" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"token" text NOT NULL UNIQUE,
	"client_id" text NOT NULL,
	"session_id" uuid,
	"user_id" uuid NOT NULL,
	"reference_id" text,
	"authorization_code_id" text,
	"resources" text[],
	"requested_user_info_claims" text[],
	"expires_at" timestamp(3) with time zone NOT NULL,
	"revoked" timestamp(3) with time zone,
	"rotated_at" timestamp(3) with time zone,
	"rotation_replay_response" text,
	"rotation_replay_expires_at" timestamp(3) with time zone,
	"auth_time" timestamp(3) with time zone,
	"confirmation" jsonb,
	"scopes" text[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_refresh_tokens" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_oauth_resources" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"identifier" text NOT NULL UNIQUE,
	"name" text NOT NULL,
	"access_token_ttl" integer,
	"refresh_token_ttl" integer,
	"signing_algorithm" text,
	"signing_key_id" text,
	"allowed_scopes" text[],
	"custom_claims" jsonb,
	"dpop_bound_access_tokens_required" boolean DEFAULT false,
	"disabled" boolean DEFAULT false,
	"policy_version" integer DEFAULT 1,
	"metadata" jsonb
);
--> statement-breakpoint
ALTER TABLE "iam_oauth_resources" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_passkeys" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"name" text,
	"public_key" text NOT NULL,
	"user_id" uuid NOT NULL,
	"credential_id" text NOT NULL UNIQUE,
	"counter" bigint NOT NULL,
	"device_type" text NOT NULL,
	"backed_up" boolean NOT NULL,
	"transports" text,
	"aaguid" text
);
--> statement-breakpoint
ALTER TABLE "iam_passkeys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_connection_bindings" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"connection_key" text NOT NULL UNIQUE,
	"provisioning_domain_id" uuid NOT NULL,
	"decommissioned_at" timestamp(3) with time zone,
	"decommission_status" text DEFAULT 'active' NOT NULL,
	"decommission_cursor_user_id" text,
	"decommission_reconciled_user_count" integer DEFAULT 0 NOT NULL,
	"decommission_batch_count" integer DEFAULT 0 NOT NULL,
	"decommission_revision" integer DEFAULT 0 NOT NULL,
	"decommission_completed_at" timestamp(3) with time zone,
	"decommission_lease_id" text,
	"decommission_lease_expires_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "iam_scim_connection_bindings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_groups" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"provisioning_domain_id" uuid NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"display_name" text NOT NULL,
	"display_name_key" text NOT NULL UNIQUE,
	"external_id" text,
	"external_id_key" text UNIQUE,
	"order_key" text NOT NULL UNIQUE
);
--> statement-breakpoint
ALTER TABLE "iam_scim_groups" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_group_members" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"group_id" uuid NOT NULL,
	"scim_user_id" uuid NOT NULL,
	"membership_key" text NOT NULL UNIQUE
);
--> statement-breakpoint
ALTER TABLE "iam_scim_group_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_identity_tombstones" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"provisioning_domain_id" uuid NOT NULL,
	"external_id" text NOT NULL,
	"external_id_key" text NOT NULL UNIQUE,
	"user_id" uuid NOT NULL,
	"profile" text NOT NULL,
	"deleted_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_managed_connections" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"creation_request_id" text NOT NULL UNIQUE,
	"connection_id" text NOT NULL UNIQUE,
	"provisioning_domain_id" uuid NOT NULL,
	"status" text NOT NULL,
	"revision" integer NOT NULL,
	"created_by" text NOT NULL,
	"decommission_started_at" timestamp(3) with time zone,
	"decommission_started_by" text,
	"decommissioned_at" timestamp(3) with time zone,
	"decommissioned_by" text
);
--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connections" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_managed_connection_events" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_record_id" uuid NOT NULL,
	"event_key" text NOT NULL UNIQUE,
	"sequence" integer NOT NULL,
	"type" text NOT NULL,
	"actor_id" text NOT NULL,
	"credential_id" text
);
--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connection_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_managed_credentials" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_record_id" uuid NOT NULL,
	"credential_id" text NOT NULL UNIQUE,
	"token_digest" text NOT NULL,
	"hash_version" text NOT NULL,
	"active_slot_key" text NOT NULL UNIQUE,
	"status" text NOT NULL,
	"serialized_scopes" text NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"last_used_at" timestamp(3) with time zone,
	"revoked_at" timestamp(3) with time zone,
	"revoked_by" text,
	"decommissioned_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "iam_scim_managed_credentials" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
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
CREATE TABLE "iam_scim_projection_grants" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"provisioning_domain_id" uuid NOT NULL,
	"scim_user_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"source_kind" text NOT NULL,
	"source_id" text NOT NULL,
	"source_value" text,
	"role" text NOT NULL,
	"grant_key" text NOT NULL UNIQUE
);
--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_subjects" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"user_id" uuid NOT NULL UNIQUE,
	"profile_source_id" text,
	"revision" integer NOT NULL,
	"managed" boolean DEFAULT false NOT NULL,
	"deactivated" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
ALTER TABLE "iam_scim_subjects" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_scim_users" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"connection_id" text NOT NULL,
	"provisioning_domain_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"connection_user_key" text NOT NULL UNIQUE,
	"user_name" text NOT NULL,
	"user_name_key" text NOT NULL UNIQUE,
	"primary_email" text NOT NULL,
	"work_email_value_index" text NOT NULL,
	"email_value_index" text NOT NULL,
	"display_name" text NOT NULL,
	"formatted_name" text NOT NULL,
	"given_name" text,
	"family_name" text,
	"serialized_emails" text NOT NULL,
	"serialized_attributes" text,
	"external_id" text,
	"external_id_key" text UNIQUE,
	"active" boolean NOT NULL,
	"order_key" text NOT NULL UNIQUE
);
--> statement-breakpoint
ALTER TABLE "iam_scim_users" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_signing_keys" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"public_key" text NOT NULL,
	"private_key" text NOT NULL,
	"expires_at" timestamp(3) with time zone,
	"alg" text,
	"crv" text
);
--> statement-breakpoint
ALTER TABLE "iam_signing_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_sso_providers" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"issuer" text NOT NULL,
	"oidc_config" text,
	"saml_config" text,
	"user_id" uuid,
	"provider_id" text NOT NULL UNIQUE,
	"organization_id" uuid,
	"domain" text NOT NULL,
	"domain_verified" boolean
);
--> statement-breakpoint
ALTER TABLE "iam_sso_providers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "iam_wallet_addresses" (
	"id" uuid PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"user_id" uuid NOT NULL,
	"address" text NOT NULL,
	"chain_id" bigint NOT NULL,
	"is_primary" boolean DEFAULT false NOT NULL,
	CONSTRAINT "iam_wallet_addresses_address_chain_id_unique" UNIQUE("address","chain_id")
);
--> statement-breakpoint
ALTER TABLE "iam_wallet_addresses" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "username" text;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "display_username" text;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "phone_number" text;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "phone_number_verified" boolean;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "is_anonymous" boolean DEFAULT false;--> statement-breakpoint
ALTER TABLE "iam_users" ADD COLUMN "last_login_method" text;--> statement-breakpoint
ALTER TABLE "iam_users" ADD CONSTRAINT "iam_users_username_key" UNIQUE("username");--> statement-breakpoint
ALTER TABLE "iam_users" ADD CONSTRAINT "iam_users_phone_number_key" UNIQUE("phone_number");--> statement-breakpoint
CREATE INDEX "iam_device_codes_user_id_idx" ON "iam_device_codes" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_access_tokens_client_id_idx" ON "iam_oauth_access_tokens" ("client_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_access_tokens_session_id_idx" ON "iam_oauth_access_tokens" ("session_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_access_tokens_user_id_idx" ON "iam_oauth_access_tokens" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_access_tokens_authorization_code_id_idx" ON "iam_oauth_access_tokens" ("authorization_code_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_access_tokens_refresh_id_idx" ON "iam_oauth_access_tokens" ("refresh_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_clients_user_id_idx" ON "iam_oauth_clients" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_clients_reference_id_idx" ON "iam_oauth_clients" ("reference_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_client_assertions_expires_at_idx" ON "iam_oauth_client_assertions" ("expires_at");--> statement-breakpoint
CREATE INDEX "iam_oauth_client_resources_resource_id_idx" ON "iam_oauth_client_resources" ("resource_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_consents_user_id_idx" ON "iam_oauth_consents" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_refresh_tokens_client_id_idx" ON "iam_oauth_refresh_tokens" ("client_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_refresh_tokens_session_id_idx" ON "iam_oauth_refresh_tokens" ("session_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_refresh_tokens_user_id_idx" ON "iam_oauth_refresh_tokens" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_oauth_refresh_tokens_authorization_code_id_idx" ON "iam_oauth_refresh_tokens" ("authorization_code_id");--> statement-breakpoint
CREATE INDEX "iam_passkeys_user_id_idx" ON "iam_passkeys" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_connection_bindings_connection_id_idx" ON "iam_scim_connection_bindings" ("connection_id");--> statement-breakpoint
CREATE INDEX "iam_scim_connection_bindings_provisioning_domain_id_idx" ON "iam_scim_connection_bindings" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_groups_connection_id_order_key_idx" ON "iam_scim_groups" ("connection_id","order_key");--> statement-breakpoint
CREATE INDEX "iam_scim_groups_provisioning_domain_id_idx" ON "iam_scim_groups" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_group_members_connection_id_idx" ON "iam_scim_group_members" ("connection_id");--> statement-breakpoint
CREATE INDEX "iam_scim_group_members_group_id_idx" ON "iam_scim_group_members" ("group_id");--> statement-breakpoint
CREATE INDEX "iam_scim_group_members_scim_user_id_idx" ON "iam_scim_group_members" ("scim_user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_identity_tombstones_connection_id_idx" ON "iam_scim_identity_tombstones" ("connection_id");--> statement-breakpoint
CREATE INDEX "iam_scim_identity_tombstones_provisioning_domain_id_idx" ON "iam_scim_identity_tombstones" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_identity_tombstones_user_id_idx" ON "iam_scim_identity_tombstones" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_managed_connections_provisioning_domain_id_idx" ON "iam_scim_managed_connections" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_managed_connection_events_connection_record_id_idx" ON "iam_scim_managed_connection_events" ("connection_record_id");--> statement-breakpoint
CREATE INDEX "iam_scim_managed_credentials_connection_record_id_idx" ON "iam_scim_managed_credentials" ("connection_record_id");--> statement-breakpoint
CREATE INDEX "iam_scim_memberships_organization_id_member_id_idx" ON "iam_scim_memberships" ("organization_id","member_id");--> statement-breakpoint
CREATE INDEX "iam_scim_projection_grants_connection_id_idx" ON "iam_scim_projection_grants" ("connection_id");--> statement-breakpoint
CREATE INDEX "iam_scim_projection_grants_provisioning_domain_id_idx" ON "iam_scim_projection_grants" ("provisioning_domain_id");--> statement-breakpoint
CREATE INDEX "iam_scim_projection_grants_scim_user_id_idx" ON "iam_scim_projection_grants" ("scim_user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_projection_grants_user_id_idx" ON "iam_scim_projection_grants" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_subjects_profile_source_id_idx" ON "iam_scim_subjects" ("profile_source_id");--> statement-breakpoint
CREATE INDEX "iam_scim_users_connection_id_order_key_idx" ON "iam_scim_users" ("connection_id","order_key");--> statement-breakpoint
CREATE INDEX "iam_scim_users_provisioning_domain_id_user_id_idx" ON "iam_scim_users" ("provisioning_domain_id","user_id");--> statement-breakpoint
CREATE INDEX "iam_scim_users_user_id_idx" ON "iam_scim_users" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_sso_providers_user_id_idx" ON "iam_sso_providers" ("user_id");--> statement-breakpoint
CREATE INDEX "iam_sso_providers_organization_id_idx" ON "iam_sso_providers" ("organization_id");--> statement-breakpoint
CREATE INDEX "iam_sso_providers_domain_idx" ON "iam_sso_providers" ("domain");--> statement-breakpoint
CREATE INDEX "iam_sso_providers_issuer_idx" ON "iam_sso_providers" ("issuer");--> statement-breakpoint
CREATE INDEX "iam_wallet_addresses_user_id_idx" ON "iam_wallet_addresses" ("user_id");--> statement-breakpoint
ALTER TABLE "iam_device_codes" ADD CONSTRAINT "iam_device_codes_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_access_tokens" ADD CONSTRAINT "iam_oauth_access_tokens_TMq6ohmmAtLq_fkey" FOREIGN KEY ("client_id") REFERENCES "iam_oauth_clients"("client_id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_access_tokens" ADD CONSTRAINT "iam_oauth_access_tokens_session_id_iam_sessions_id_fkey" FOREIGN KEY ("session_id") REFERENCES "iam_sessions"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_access_tokens" ADD CONSTRAINT "iam_oauth_access_tokens_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_access_tokens" ADD CONSTRAINT "iam_oauth_access_tokens_sZivON3q6GgS_fkey" FOREIGN KEY ("refresh_id") REFERENCES "iam_oauth_refresh_tokens"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_clients" ADD CONSTRAINT "iam_oauth_clients_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_client_resources" ADD CONSTRAINT "iam_oauth_client_resources_CGlUNhKQOFjK_fkey" FOREIGN KEY ("client_id") REFERENCES "iam_oauth_clients"("client_id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_client_resources" ADD CONSTRAINT "iam_oauth_client_resources_OztwUUpK3w9U_fkey" FOREIGN KEY ("resource_id") REFERENCES "iam_oauth_resources"("identifier") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_consents" ADD CONSTRAINT "iam_oauth_consents_client_id_iam_oauth_clients_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "iam_oauth_clients"("client_id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_consents" ADD CONSTRAINT "iam_oauth_consents_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_refresh_tokens" ADD CONSTRAINT "iam_oauth_refresh_tokens_EakMgatbU4WR_fkey" FOREIGN KEY ("client_id") REFERENCES "iam_oauth_clients"("client_id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_oauth_refresh_tokens" ADD CONSTRAINT "iam_oauth_refresh_tokens_session_id_iam_sessions_id_fkey" FOREIGN KEY ("session_id") REFERENCES "iam_sessions"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "iam_oauth_refresh_tokens" ADD CONSTRAINT "iam_oauth_refresh_tokens_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_passkeys" ADD CONSTRAINT "iam_passkeys_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_connection_bindings" ADD CONSTRAINT "iam_scim_connection_bindings_aqtw57PxAVYy_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_groups" ADD CONSTRAINT "iam_scim_groups_EIcvZij9I9vz_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_group_members" ADD CONSTRAINT "iam_scim_group_members_group_id_iam_scim_groups_id_fkey" FOREIGN KEY ("group_id") REFERENCES "iam_scim_groups"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_group_members" ADD CONSTRAINT "iam_scim_group_members_scim_user_id_iam_scim_users_id_fkey" FOREIGN KEY ("scim_user_id") REFERENCES "iam_scim_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ADD CONSTRAINT "iam_scim_identity_tombstones_FCXehlos6E96_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ADD CONSTRAINT "iam_scim_identity_tombstones_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connections" ADD CONSTRAINT "iam_scim_managed_connections_7GwP1uc5Rl6g_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_managed_connection_events" ADD CONSTRAINT "iam_scim_managed_connection_events_wmFg7mJzDeg7_fkey" FOREIGN KEY ("connection_record_id") REFERENCES "iam_scim_managed_connections"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_managed_credentials" ADD CONSTRAINT "iam_scim_managed_credentials_xJ1zDnWXdbFT_fkey" FOREIGN KEY ("connection_record_id") REFERENCES "iam_scim_managed_connections"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_memberships" ADD CONSTRAINT "iam_scim_memberships_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_memberships" ADD CONSTRAINT "iam_scim_memberships_organization_id_member_id_fk" FOREIGN KEY ("organization_id","member_id") REFERENCES "iam_members"("organization_id","id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ADD CONSTRAINT "iam_scim_projection_grants_7utt8lzeznGg_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ADD CONSTRAINT "iam_scim_projection_grants_scim_user_id_iam_scim_users_id_fkey" FOREIGN KEY ("scim_user_id") REFERENCES "iam_scim_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_projection_grants" ADD CONSTRAINT "iam_scim_projection_grants_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_subjects" ADD CONSTRAINT "iam_scim_subjects_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_users" ADD CONSTRAINT "iam_scim_users_provisioning_domain_id_iam_organizations_id_fkey" FOREIGN KEY ("provisioning_domain_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_scim_users" ADD CONSTRAINT "iam_scim_users_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_sso_providers" ADD CONSTRAINT "iam_sso_providers_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "iam_sso_providers" ADD CONSTRAINT "iam_sso_providers_organization_id_iam_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "iam_organizations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "iam_wallet_addresses" ADD CONSTRAINT "iam_wallet_addresses_user_id_iam_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "iam_users"("id") ON DELETE CASCADE;--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_device_codes" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_access_tokens" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_clients" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_client_assertions" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_client_resources" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_consents" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_refresh_tokens" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_oauth_resources" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_passkeys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_connection_bindings" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_groups" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_group_members" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_identity_tombstones" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_managed_connections" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_managed_connection_events" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_managed_credentials" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_memberships" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_tenant_isolation" ON "iam_scim_memberships" AS PERMISSIVE FOR ALL TO "iam_tenant" USING ("iam_scim_memberships"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))) WITH CHECK ("iam_scim_memberships"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid)));--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_projection_grants" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_subjects" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_scim_users" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_signing_keys" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_sso_providers" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "iam_service_all" ON "iam_wallet_addresses" AS PERMISSIVE FOR ALL TO "iam_service" USING (true) WITH CHECK (true);