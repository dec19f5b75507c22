/** How the tables refer to each other, by family, for drizzle's relational queries and Better Auth's joins. */
import { defineRelations } from "drizzle-orm";
import * as schema from "./schema.ts";

export const relations = defineRelations(schema, (r) => ({
  // Users and how they sign in
  user: {
    accounts: r.many.account({ from: r.user.id, to: r.account.userId }),
    sessions: r.many.session({ from: r.user.id, to: r.session.userId, alias: "sessionUser" }),
    members: r.many.member({ from: r.user.id, to: r.member.userId }),
    teamMembers: r.many.teamMember({ from: r.user.id, to: r.teamMember.userId }),
    invitations: r.many.invitation({ from: r.user.id, to: r.invitation.inviterId }),
    twoFactor: r.one.twoFactor({ from: r.user.id, to: r.twoFactor.userId }),
    passkeys: r.many.passkey({ from: r.user.id, to: r.passkey.userId }),
    walletAddresses: r.many.walletAddress({ from: r.user.id, to: r.walletAddress.userId }),
    deviceCodes: r.many.deviceCode({ from: r.user.id, to: r.deviceCode.userId }),
    ssoProviders: r.many.ssoProvider({ from: r.user.id, to: r.ssoProvider.userId }),
    oauthClients: r.many.oauthClient({ from: r.user.id, to: r.oauthClient.userId }),
    oauthConsents: r.many.oauthConsent({ from: r.user.id, to: r.oauthConsent.userId }),
    scimSubject: r.one.scimSubject({ from: r.user.id, to: r.scimSubject.userId }),
    scimUsers: r.many.scimUser({ from: r.user.id, to: r.scimUser.userId }),
  },
  account: {
    user: r.one.user({ from: r.account.userId, to: r.user.id, optional: false }),
  },
  session: {
    user: r.one.user({ from: r.session.userId, to: r.user.id, optional: false, alias: "sessionUser" }),
    activeOrganization: r.one.organization({ from: r.session.activeOrganizationId, to: r.organization.id }),
    activeTeam: r.one.team({ from: r.session.activeTeamId, to: r.team.id }),
  },
  twoFactor: {
    user: r.one.user({ from: r.twoFactor.userId, to: r.user.id, optional: false }),
  },
  passkey: {
    user: r.one.user({ from: r.passkey.userId, to: r.user.id, optional: false }),
  },
  walletAddress: {
    user: r.one.user({ from: r.walletAddress.userId, to: r.user.id, optional: false }),
  },
  deviceCode: {
    user: r.one.user({ from: r.deviceCode.userId, to: r.user.id }),
  },
  ssoProvider: {
    user: r.one.user({ from: r.ssoProvider.userId, to: r.user.id, optional: false }),
    organization: r.one.organization({ from: r.ssoProvider.organizationId, to: r.organization.id }),
  },

  // OAuth: clients, what they may ask for, and what they were given
  oauthClient: {
    user: r.one.user({ from: r.oauthClient.userId, to: r.user.id }),
    clientResources: r.many.oauthClientResource({ from: r.oauthClient.clientId, to: r.oauthClientResource.clientId }),
    consents: r.many.oauthConsent({ from: r.oauthClient.clientId, to: r.oauthConsent.clientId }),
    accessTokens: r.many.oauthAccessToken({ from: r.oauthClient.clientId, to: r.oauthAccessToken.clientId }),
    refreshTokens: r.many.oauthRefreshToken({ from: r.oauthClient.clientId, to: r.oauthRefreshToken.clientId }),
  },
  oauthResource: {
    clientResources: r.many.oauthClientResource({
      from: r.oauthResource.identifier,
      to: r.oauthClientResource.resourceId,
    }),
  },
  oauthClientResource: {
    client: r.one.oauthClient({ from: r.oauthClientResource.clientId, to: r.oauthClient.clientId, optional: false }),
    resource: r.one.oauthResource({
      from: r.oauthClientResource.resourceId,
      to: r.oauthResource.identifier,
      optional: false,
    }),
  },
  oauthConsent: {
    client: r.one.oauthClient({ from: r.oauthConsent.clientId, to: r.oauthClient.clientId, optional: false }),
    user: r.one.user({ from: r.oauthConsent.userId, to: r.user.id }),
  },
  oauthRefreshToken: {
    client: r.one.oauthClient({ from: r.oauthRefreshToken.clientId, to: r.oauthClient.clientId, optional: false }),
    session: r.one.session({ from: r.oauthRefreshToken.sessionId, to: r.session.id }),
    user: r.one.user({ from: r.oauthRefreshToken.userId, to: r.user.id, optional: false }),
    accessTokens: r.many.oauthAccessToken({ from: r.oauthRefreshToken.id, to: r.oauthAccessToken.refreshId }),
  },
  oauthAccessToken: {
    client: r.one.oauthClient({ from: r.oauthAccessToken.clientId, to: r.oauthClient.clientId, optional: false }),
    session: r.one.session({ from: r.oauthAccessToken.sessionId, to: r.session.id }),
    user: r.one.user({ from: r.oauthAccessToken.userId, to: r.user.id }),
    refreshToken: r.one.oauthRefreshToken({ from: r.oauthAccessToken.refreshId, to: r.oauthRefreshToken.id }),
  },

  // SCIM: directories, and whom they provision
  scimManagedConnection: {
    credentials: r.many.scimManagedCredential({
      from: r.scimManagedConnection.id,
      to: r.scimManagedCredential.connectionRecordId,
    }),
    events: r.many.scimManagedConnectionEvent({
      from: r.scimManagedConnection.id,
      to: r.scimManagedConnectionEvent.connectionRecordId,
    }),
  },
  scimManagedCredential: {
    connection: r.one.scimManagedConnection({
      from: r.scimManagedCredential.connectionRecordId,
      to: r.scimManagedConnection.id,
      optional: false,
    }),
  },
  scimManagedConnectionEvent: {
    connection: r.one.scimManagedConnection({
      from: r.scimManagedConnectionEvent.connectionRecordId,
      to: r.scimManagedConnection.id,
      optional: false,
    }),
  },
  scimMembership: {
    member: r.one.member({ from: r.scimMembership.memberId, to: r.member.id, optional: false }),
  },
  scimSubject: {
    user: r.one.user({ from: r.scimSubject.userId, to: r.user.id, optional: false }),
  },
  scimUser: {
    user: r.one.user({ from: r.scimUser.userId, to: r.user.id, optional: false }),
    groupMembers: r.many.scimGroupMember({ from: r.scimUser.id, to: r.scimGroupMember.scimUserId }),
    projectionGrants: r.many.scimProjectionGrant({ from: r.scimUser.id, to: r.scimProjectionGrant.scimUserId }),
  },
  scimIdentityTombstone: {
    user: r.one.user({ from: r.scimIdentityTombstone.userId, to: r.user.id, optional: false }),
  },
  scimGroup: {
    groupMembers: r.many.scimGroupMember({ from: r.scimGroup.id, to: r.scimGroupMember.groupId }),
  },
  scimGroupMember: {
    group: r.one.scimGroup({ from: r.scimGroupMember.groupId, to: r.scimGroup.id, optional: false }),
    scimUser: r.one.scimUser({ from: r.scimGroupMember.scimUserId, to: r.scimUser.id, optional: false }),
  },
  scimProjectionGrant: {
    scimUser: r.one.scimUser({ from: r.scimProjectionGrant.scimUserId, to: r.scimUser.id, optional: false }),
    user: r.one.user({ from: r.scimProjectionGrant.userId, to: r.user.id, optional: false }),
  },

  // Organizations and who is in them
  organization: {
    members: r.many.member({ from: r.organization.id, to: r.member.organizationId }),
    invitations: r.many.invitation({ from: r.organization.id, to: r.invitation.organizationId }),
    teams: r.many.team({ from: r.organization.id, to: r.team.organizationId }),
    organizationRoles: r.many.organizationRole({ from: r.organization.id, to: r.organizationRole.organizationId }),
    notificationPreferences: r.many.notificationPreference({
      from: r.organization.id,
      to: r.notificationPreference.organizationId,
    }),
  },
  member: {
    organization: r.one.organization({ from: r.member.organizationId, to: r.organization.id, optional: false }),
    user: r.one.user({ from: r.member.userId, to: r.user.id, optional: false }),
  },
  invitation: {
    organization: r.one.organization({ from: r.invitation.organizationId, to: r.organization.id, optional: false }),
    inviter: r.one.user({ from: r.invitation.inviterId, to: r.user.id, optional: false }),
  },
  team: {
    organization: r.one.organization({ from: r.team.organizationId, to: r.organization.id, optional: false }),
    teamMembers: r.many.teamMember({ from: r.team.id, to: r.teamMember.teamId }),
  },
  teamMember: {
    team: r.one.team({ from: r.teamMember.teamId, to: r.team.id, optional: false }),
    user: r.one.user({ from: r.teamMember.userId, to: r.user.id, optional: false }),
  },
  organizationRole: {
    organization: r.one.organization({
      from: r.organizationRole.organizationId,
      to: r.organization.id,
      optional: false,
    }),
  },
  notificationPreference: {
    organization: r.one.organization({
      from: r.notificationPreference.organizationId,
      to: r.organization.id,
      optional: false,
    }),
  },
}));
