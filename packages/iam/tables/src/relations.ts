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
