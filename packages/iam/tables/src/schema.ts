/** Every table; those that all packages share are here too, so that one namespace has them all. */
export { organization, team, user } from "@beep/shared-tables";
export { account } from "./tables/account.table.ts";
export { apiKey } from "./tables/apiKey.table.ts";
export { application } from "./tables/application.table.ts";
export { auditCheckpoint, auditEnvelope, auditEvent, auditHead, auditSeal } from "./tables/audit.table.ts";
export {
  authorizationModel,
  nestedRelation,
  policyRevision,
  relation,
  relationNesting,
} from "./tables/authorization.table.ts";
export { dataKey } from "./tables/dataKey.table.ts";
export { deviceCode } from "./tables/deviceCode.table.ts";
export { idempotencyKey } from "./tables/idempotencyKey.table.ts";
export { invitation } from "./tables/invitation.table.ts";
export { legalHold } from "./tables/legalHold.table.ts";
export { member } from "./tables/member.table.ts";
export { notificationPreference } from "./tables/notificationPreference.table.ts";
export { oauthAccessToken } from "./tables/oauthAccessToken.table.ts";
export { oauthClient } from "./tables/oauthClient.table.ts";
export { oauthClientAssertion } from "./tables/oauthClientAssertion.table.ts";
export { oauthClientResource } from "./tables/oauthClientResource.table.ts";
export { oauthConsent } from "./tables/oauthConsent.table.ts";
export { oauthRefreshToken } from "./tables/oauthRefreshToken.table.ts";
export { oauthResource } from "./tables/oauthResource.table.ts";
export { organizationRole } from "./tables/organizationRole.table.ts";
export { outboxMessage } from "./tables/outboxMessage.table.ts";
export { passkey } from "./tables/passkey.table.ts";
export { rateLimit } from "./tables/rateLimit.table.ts";
export { scimConnectionBinding } from "./tables/scimConnectionBinding.table.ts";
export { scimGroup } from "./tables/scimGroup.table.ts";
export { scimGroupMember } from "./tables/scimGroupMember.table.ts";
export { scimIdentityTombstone } from "./tables/scimIdentityTombstone.table.ts";
export { scimManagedConnection } from "./tables/scimManagedConnection.table.ts";
export { scimManagedConnectionEvent } from "./tables/scimManagedConnectionEvent.table.ts";
export { scimManagedCredential } from "./tables/scimManagedCredential.table.ts";
export { scimMembership } from "./tables/scimMembership.table.ts";
export { scimProjectionGrant } from "./tables/scimProjectionGrant.table.ts";
export { scimSubject } from "./tables/scimSubject.table.ts";
export { scimUser } from "./tables/scimUser.table.ts";
export { session } from "./tables/session.table.ts";
export { signingKey } from "./tables/signingKey.table.ts";
export { ssoProvider } from "./tables/ssoProvider.table.ts";
export { teamMember } from "./tables/teamMember.table.ts";
export { twoFactor } from "./tables/twoFactor.table.ts";
export { verification } from "./tables/verification.table.ts";
export { walletAddress } from "./tables/walletAddress.table.ts";
export { webhookCursor, webhookDelivery, webhookSubscription } from "./tables/webhook.table.ts";
