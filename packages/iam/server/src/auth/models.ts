/** Better Auth's models: the table and the ids of each. Adding a plugin's table to Better Auth is adding a line here. */
import { IamDbSchema, relations } from "@beep/iam-tables";
import { type EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { AnyRelations } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";

/** What Better Auth's models are made of. */
export interface Models {
  /** The tables by the names that Better Auth has for them. */
  readonly tables: Readonly<Record<string, PgTable>>;
  /** The ids by the same names. */
  readonly ids: Readonly<Record<string, EntityId.Any>>;
  /** How the tables refer to each other, for joins. */
  readonly relations: AnyRelations;
}

/** The tables by the names that Better Auth has for them. */
export const tables = {
  account: IamDbSchema.account,
  apikey: IamDbSchema.apiKey,
  deviceCode: IamDbSchema.deviceCode,
  invitation: IamDbSchema.invitation,
  jwks: IamDbSchema.signingKey,
  member: IamDbSchema.member,
  oauthAccessToken: IamDbSchema.oauthAccessToken,
  oauthClient: IamDbSchema.oauthClient,
  oauthClientAssertion: IamDbSchema.oauthClientAssertion,
  oauthClientResource: IamDbSchema.oauthClientResource,
  oauthConsent: IamDbSchema.oauthConsent,
  oauthRefreshToken: IamDbSchema.oauthRefreshToken,
  oauthResource: IamDbSchema.oauthResource,
  organization: IamDbSchema.organization,
  organizationRole: IamDbSchema.organizationRole,
  passkey: IamDbSchema.passkey,
  rateLimit: IamDbSchema.rateLimit,
  scimConnectionBinding: IamDbSchema.scimConnectionBinding,
  scimGroup: IamDbSchema.scimGroup,
  scimGroupMember: IamDbSchema.scimGroupMember,
  scimIdentityTombstone: IamDbSchema.scimIdentityTombstone,
  scimManagedConnection: IamDbSchema.scimManagedConnection,
  scimManagedConnectionEvent: IamDbSchema.scimManagedConnectionEvent,
  scimManagedCredential: IamDbSchema.scimManagedCredential,
  scimProjectionGrant: IamDbSchema.scimProjectionGrant,
  scimSubject: IamDbSchema.scimSubject,
  scimUser: IamDbSchema.scimUser,
  session: IamDbSchema.session,
  ssoProvider: IamDbSchema.ssoProvider,
  team: IamDbSchema.team,
  teamMember: IamDbSchema.teamMember,
  twoFactor: IamDbSchema.twoFactor,
  user: IamDbSchema.user,
  verification: IamDbSchema.verification,
  walletAddress: IamDbSchema.walletAddress,
};

/** The ids by the same names. */
const ids: Readonly<Record<string, EntityId.Any>> = {
  account: IamEntityIds.AccountId,
  apikey: IamEntityIds.ApiKeyId,
  deviceCode: IamEntityIds.DeviceCodeId,
  invitation: IamEntityIds.InvitationId,
  jwks: IamEntityIds.SigningKeyId,
  member: IamEntityIds.MemberId,
  oauthAccessToken: IamEntityIds.OauthAccessTokenId,
  oauthClient: IamEntityIds.OauthClientId,
  oauthClientAssertion: IamEntityIds.OauthClientAssertionId,
  oauthClientResource: IamEntityIds.OauthClientResourceId,
  oauthConsent: IamEntityIds.OauthConsentId,
  oauthRefreshToken: IamEntityIds.OauthRefreshTokenId,
  oauthResource: IamEntityIds.OauthResourceId,
  organization: SharedEntityIds.OrganizationId,
  organizationRole: IamEntityIds.OrganizationRoleId,
  passkey: IamEntityIds.PasskeyId,
  rateLimit: IamEntityIds.RateLimitId,
  scimConnectionBinding: IamEntityIds.ScimConnectionBindingId,
  scimGroup: IamEntityIds.ScimGroupId,
  scimGroupMember: IamEntityIds.ScimGroupMemberId,
  scimIdentityTombstone: IamEntityIds.ScimIdentityTombstoneId,
  scimManagedConnection: IamEntityIds.ScimManagedConnectionId,
  scimManagedConnectionEvent: IamEntityIds.ScimManagedConnectionEventId,
  scimManagedCredential: IamEntityIds.ScimManagedCredentialId,
  scimProjectionGrant: IamEntityIds.ScimProjectionGrantId,
  scimSubject: IamEntityIds.ScimSubjectId,
  scimUser: IamEntityIds.ScimUserId,
  session: IamEntityIds.SessionId,
  ssoProvider: IamEntityIds.SsoProviderId,
  team: SharedEntityIds.TeamId,
  teamMember: IamEntityIds.TeamMemberId,
  twoFactor: IamEntityIds.TwoFactorId,
  user: SharedEntityIds.UserId,
  verification: IamEntityIds.VerificationId,
  walletAddress: IamEntityIds.WalletAddressId,
} satisfies Record<keyof typeof tables, EntityId.Any>;

/** Those of this package. */
export const models: Models = { tables, ids, relations };

/** Fields that hold ids although Better Auth does not declare them as references. */
export const undeclaredReferences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  deviceCode: { userId: "user" },
  scimConnectionBinding: { provisioningDomainId: "organization" },
  scimGroup: { provisioningDomainId: "organization" },
  scimIdentityTombstone: { provisioningDomainId: "organization" },
  scimManagedConnection: { provisioningDomainId: "organization" },
  scimProjectionGrant: { provisioningDomainId: "organization" },
  scimUser: { provisioningDomainId: "organization" },
  session: { activeOrganizationId: "organization", activeTeamId: "team", impersonatedBy: "user" },
  ssoProvider: { organizationId: "organization" },
};

/** The new id of a row, for Better Auth's `generateId`. */
export const createId = (model: string): string => {
  const Id = ids[model];
  if (Id === undefined) throw new Error(`Better Auth's model "${model}" has no ids here.`);
  return Id.create();
};
