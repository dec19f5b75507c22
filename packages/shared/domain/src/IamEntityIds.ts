/** Ids of the entities of identity and access management. */
import * as EntityId from "./EntityId.ts";

export const AccountId = EntityId.make("AccountId", { prefix: "account", table: "iam_accounts" });
export type AccountId = typeof AccountId.Type;

export const ApiKeyId = EntityId.make("ApiKeyId", { prefix: "apikey", table: "iam_api_keys" });
export type ApiKeyId = typeof ApiKeyId.Type;

export const ApplicationId = EntityId.make("ApplicationId", { prefix: "application", table: "iam_applications" });
export type ApplicationId = typeof ApplicationId.Type;

export const AuditEventId = EntityId.make("AuditEventId", { prefix: "auditevent", table: "iam_audit_events" });
export type AuditEventId = typeof AuditEventId.Type;
export const AuthorizationModelId = EntityId.make("AuthorizationModelId", {
  prefix: "authorizationmodel",
  table: "iam_authorization_models",
});
export type AuthorizationModelId = typeof AuthorizationModelId.Type;

export const DataKeyId = EntityId.make("DataKeyId", { prefix: "datakey", table: "iam_data_keys" });
export type DataKeyId = typeof DataKeyId.Type;

export const DeviceCodeId = EntityId.make("DeviceCodeId", { prefix: "devicecode", table: "iam_device_codes" });
export type DeviceCodeId = typeof DeviceCodeId.Type;

export const IdempotencyKeyId = EntityId.make("IdempotencyKeyId", {
  prefix: "idempotencykey",
  table: "iam_idempotency_keys",
});
export type IdempotencyKeyId = typeof IdempotencyKeyId.Type;

export const InvitationId = EntityId.make("InvitationId", { prefix: "invitation", table: "iam_invitations" });
export type InvitationId = typeof InvitationId.Type;

export const LegalHoldId = EntityId.make("LegalHoldId", { prefix: "legalhold", table: "iam_legal_holds" });
export type LegalHoldId = typeof LegalHoldId.Type;

export const MemberId = EntityId.make("MemberId", { prefix: "member", table: "iam_members" });
export type MemberId = typeof MemberId.Type;

export const NotificationPreferenceId = EntityId.make("NotificationPreferenceId", {
  prefix: "notificationpreference",
  table: "iam_notification_preferences",
});
export type NotificationPreferenceId = typeof NotificationPreferenceId.Type;

export const OauthAccessTokenId = EntityId.make("OauthAccessTokenId", {
  prefix: "oauthaccesstoken",
  table: "iam_oauth_access_tokens",
});
export type OauthAccessTokenId = typeof OauthAccessTokenId.Type;

export const OauthClientAssertionId = EntityId.make("OauthClientAssertionId", {
  prefix: "oauthclientassertion",
  table: "iam_oauth_client_assertions",
});
export type OauthClientAssertionId = typeof OauthClientAssertionId.Type;

export const OauthClientId = EntityId.make("OauthClientId", { prefix: "oauthclient", table: "iam_oauth_clients" });
export type OauthClientId = typeof OauthClientId.Type;

export const OauthClientResourceId = EntityId.make("OauthClientResourceId", {
  prefix: "oauthclientresource",
  table: "iam_oauth_client_resources",
});
export type OauthClientResourceId = typeof OauthClientResourceId.Type;

export const OauthConsentId = EntityId.make("OauthConsentId", { prefix: "oauthconsent", table: "iam_oauth_consents" });
export type OauthConsentId = typeof OauthConsentId.Type;

export const OauthRefreshTokenId = EntityId.make("OauthRefreshTokenId", {
  prefix: "oauthrefreshtoken",
  table: "iam_oauth_refresh_tokens",
});
export type OauthRefreshTokenId = typeof OauthRefreshTokenId.Type;

export const OauthResourceId = EntityId.make("OauthResourceId", {
  prefix: "oauthresource",
  table: "iam_oauth_resources",
});
export type OauthResourceId = typeof OauthResourceId.Type;

export const OrganizationRoleId = EntityId.make("OrganizationRoleId", {
  prefix: "organizationrole",
  table: "iam_organization_roles",
});
export type OrganizationRoleId = typeof OrganizationRoleId.Type;

export const OutboxMessageId = EntityId.make("OutboxMessageId", {
  prefix: "outboxmessage",
  table: "iam_outbox_messages",
});
export type OutboxMessageId = typeof OutboxMessageId.Type;

export const PasskeyId = EntityId.make("PasskeyId", { prefix: "passkey", table: "iam_passkeys" });
export type PasskeyId = typeof PasskeyId.Type;

export const RateLimitId = EntityId.make("RateLimitId", { prefix: "ratelimit", table: "iam_rate_limits" });
export type RateLimitId = typeof RateLimitId.Type;

export const ScimConnectionBindingId = EntityId.make("ScimConnectionBindingId", {
  prefix: "scimconnectionbinding",
  table: "iam_scim_connection_bindings",
});
export type ScimConnectionBindingId = typeof ScimConnectionBindingId.Type;

export const ScimGroupId = EntityId.make("ScimGroupId", { prefix: "scimgroup", table: "iam_scim_groups" });
export type ScimGroupId = typeof ScimGroupId.Type;

export const ScimGroupMemberId = EntityId.make("ScimGroupMemberId", {
  prefix: "scimgroupmember",
  table: "iam_scim_group_members",
});
export type ScimGroupMemberId = typeof ScimGroupMemberId.Type;

export const ScimIdentityTombstoneId = EntityId.make("ScimIdentityTombstoneId", {
  prefix: "scimidentitytombstone",
  table: "iam_scim_identity_tombstones",
});
export type ScimIdentityTombstoneId = typeof ScimIdentityTombstoneId.Type;

export const ScimManagedConnectionEventId = EntityId.make("ScimManagedConnectionEventId", {
  prefix: "scimmanagedconnectionevent",
  table: "iam_scim_managed_connection_events",
});
export type ScimManagedConnectionEventId = typeof ScimManagedConnectionEventId.Type;

export const ScimManagedConnectionId = EntityId.make("ScimManagedConnectionId", {
  prefix: "scimmanagedconnection",
  table: "iam_scim_managed_connections",
});
export type ScimManagedConnectionId = typeof ScimManagedConnectionId.Type;

export const ScimManagedCredentialId = EntityId.make("ScimManagedCredentialId", {
  prefix: "scimmanagedcredential",
  table: "iam_scim_managed_credentials",
});
export type ScimManagedCredentialId = typeof ScimManagedCredentialId.Type;

export const ScimMembershipId = EntityId.make("ScimMembershipId", {
  prefix: "scimmembership",
  table: "iam_scim_memberships",
});
export type ScimMembershipId = typeof ScimMembershipId.Type;

export const ScimProjectionGrantId = EntityId.make("ScimProjectionGrantId", {
  prefix: "scimprojectiongrant",
  table: "iam_scim_projection_grants",
});
export type ScimProjectionGrantId = typeof ScimProjectionGrantId.Type;

export const ScimSubjectId = EntityId.make("ScimSubjectId", { prefix: "scimsubject", table: "iam_scim_subjects" });
export type ScimSubjectId = typeof ScimSubjectId.Type;

export const ScimUserId = EntityId.make("ScimUserId", { prefix: "scimuser", table: "iam_scim_users" });
export type ScimUserId = typeof ScimUserId.Type;

export const SessionId = EntityId.make("SessionId", { prefix: "session", table: "iam_sessions" });
export type SessionId = typeof SessionId.Type;

export const SigningKeyId = EntityId.make("SigningKeyId", { prefix: "signingkey", table: "iam_signing_keys" });
export type SigningKeyId = typeof SigningKeyId.Type;

export const SsoProviderId = EntityId.make("SsoProviderId", { prefix: "ssoprovider", table: "iam_sso_providers" });
export type SsoProviderId = typeof SsoProviderId.Type;

export const TeamMemberId = EntityId.make("TeamMemberId", { prefix: "teammember", table: "iam_team_members" });
export type TeamMemberId = typeof TeamMemberId.Type;

export const TwoFactorId = EntityId.make("TwoFactorId", { prefix: "twofactor", table: "iam_two_factors" });
export type TwoFactorId = typeof TwoFactorId.Type;

export const VerificationId = EntityId.make("VerificationId", {
  prefix: "verification",
  table: "iam_verifications",
});
export type VerificationId = typeof VerificationId.Type;

export const WalletAddressId = EntityId.make("WalletAddressId", {
  prefix: "walletaddress",
  table: "iam_wallet_addresses",
});
export type WalletAddressId = typeof WalletAddressId.Type;

export const WebhookDeliveryId = EntityId.make("WebhookDeliveryId", {
  prefix: "webhookdelivery",
  table: "iam_webhook_deliveries",
});
export type WebhookDeliveryId = typeof WebhookDeliveryId.Type;

export const WebhookSubscriptionId = EntityId.make("WebhookSubscriptionId", {
  prefix: "webhooksubscription",
  table: "iam_webhook_subscriptions",
});
export type WebhookSubscriptionId = typeof WebhookSubscriptionId.Type;
