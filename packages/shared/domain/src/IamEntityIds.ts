/** Ids of the entities of identity and access management. */
import * as EntityId from "./EntityId.ts";

export const AccountId = EntityId.make("AccountId", { prefix: "account", table: "iam_accounts" });
export type AccountId = typeof AccountId.Type;

export const ApiKeyId = EntityId.make("ApiKeyId", { prefix: "apikey", table: "iam_api_keys" });
export type ApiKeyId = typeof ApiKeyId.Type;

export const InvitationId = EntityId.make("InvitationId", { prefix: "invitation", table: "iam_invitations" });
export type InvitationId = typeof InvitationId.Type;

export const MemberId = EntityId.make("MemberId", { prefix: "member", table: "iam_members" });
export type MemberId = typeof MemberId.Type;

export const NotificationPreferenceId = EntityId.make("NotificationPreferenceId", {
  prefix: "notificationpreference",
  table: "iam_notification_preferences",
});
export type NotificationPreferenceId = typeof NotificationPreferenceId.Type;

export const OrganizationRoleId = EntityId.make("OrganizationRoleId", {
  prefix: "organizationrole",
  table: "iam_organization_roles",
});
export type OrganizationRoleId = typeof OrganizationRoleId.Type;

export const RateLimitId = EntityId.make("RateLimitId", { prefix: "ratelimit", table: "iam_rate_limits" });
export type RateLimitId = typeof RateLimitId.Type;

export const SessionId = EntityId.make("SessionId", { prefix: "session", table: "iam_sessions" });
export type SessionId = typeof SessionId.Type;

export const TeamMemberId = EntityId.make("TeamMemberId", { prefix: "teammember", table: "iam_team_members" });
export type TeamMemberId = typeof TeamMemberId.Type;

export const TwoFactorId = EntityId.make("TwoFactorId", { prefix: "twofactor", table: "iam_two_factors" });
export type TwoFactorId = typeof TwoFactorId.Type;

export const VerificationId = EntityId.make("VerificationId", {
  prefix: "verification",
  table: "iam_verifications",
});
export type VerificationId = typeof VerificationId.Type;
