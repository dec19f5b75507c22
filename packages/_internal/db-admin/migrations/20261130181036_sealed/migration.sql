-- Nothing in SQL can seal: what is there in clear the services seal when they start, and the next migration finds the checks
-- to hold. From now on nothing is written in clear.
DROP INDEX "iam_two_factors_secret_idx";--> statement-breakpoint
-- How often something was tried is counted anew.
DELETE FROM "iam_rate_limits";--> statement-breakpoint
ALTER TABLE "iam_accounts" ADD CONSTRAINT "iam_accounts_access_token_sealed" CHECK ("access_token" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_accounts" ADD CONSTRAINT "iam_accounts_refresh_token_sealed" CHECK ("refresh_token" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_accounts" ADD CONSTRAINT "iam_accounts_id_token_sealed" CHECK ("id_token" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_device_codes" ADD CONSTRAINT "iam_device_codes_device_code_digested" CHECK ("device_code" ~ '^digest:1:[A-Za-z0-9_-]{43}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_device_codes" ADD CONSTRAINT "iam_device_codes_user_code_digested" CHECK ("user_code" ~ '^digest:1:[A-Za-z0-9_-]{43}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_oauth_refresh_tokens" ADD CONSTRAINT "iam_oauth_refresh_tokens_rotation_replay_response_sealed" CHECK ("rotation_replay_response" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_passkeys" ADD CONSTRAINT "iam_passkeys_name_sealed" CHECK ("name" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_rate_limits" ADD CONSTRAINT "iam_rate_limits_key_digested" CHECK ("key" ~ '^digest:1:[A-Za-z0-9_-]{43}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_scim_identity_tombstones" ADD CONSTRAINT "iam_scim_identity_tombstones_profile_sealed" CHECK ("profile" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_ip_address_sealed" CHECK ("ip_address" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_user_agent_sealed" CHECK ("user_agent" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_sessions" ADD CONSTRAINT "iam_sessions_token_digested" CHECK ("token" ~ '^digest:1:[A-Za-z0-9_-]{43}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_signing_keys" ADD CONSTRAINT "iam_signing_keys_private_key_sealed" CHECK ("private_key" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_sso_providers" ADD CONSTRAINT "iam_sso_providers_oidc_config_sealed" CHECK ("oidc_config" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_sso_providers" ADD CONSTRAINT "iam_sso_providers_saml_config_sealed" CHECK ("saml_config" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_two_factors" ADD CONSTRAINT "iam_two_factors_secret_sealed" CHECK ("secret" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_two_factors" ADD CONSTRAINT "iam_two_factors_backup_codes_sealed" CHECK ("backup_codes" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_verifications" ADD CONSTRAINT "iam_verifications_value_sealed" CHECK ("value" ~ '^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$') NOT VALID;--> statement-breakpoint
ALTER TABLE "iam_verifications" ADD CONSTRAINT "iam_verifications_identifier_digested" CHECK ("identifier" ~ '^digest:1:[A-Za-z0-9_-]{43}$') NOT VALID;