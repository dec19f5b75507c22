/** Better Auth's models: the table and the ids of each. Adding a plugin's table to Better Auth is adding a line here. */
import { IamDbSchema } from "@beep/iam-tables";
import { type EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";

/** The tables by the names that Better Auth has for them. */
export const tables = {
  account: IamDbSchema.account,
  apikey: IamDbSchema.apiKey,
  invitation: IamDbSchema.invitation,
  member: IamDbSchema.member,
  organization: IamDbSchema.organization,
  organizationRole: IamDbSchema.organizationRole,
  rateLimit: IamDbSchema.rateLimit,
  session: IamDbSchema.session,
  team: IamDbSchema.team,
  teamMember: IamDbSchema.teamMember,
  twoFactor: IamDbSchema.twoFactor,
  user: IamDbSchema.user,
  verification: IamDbSchema.verification,
};

/** The ids by the same names. */
export const ids: Readonly<Record<string, EntityId.Any>> = {
  account: IamEntityIds.AccountId,
  apikey: IamEntityIds.ApiKeyId,
  invitation: IamEntityIds.InvitationId,
  member: IamEntityIds.MemberId,
  organization: SharedEntityIds.OrganizationId,
  organizationRole: IamEntityIds.OrganizationRoleId,
  rateLimit: IamEntityIds.RateLimitId,
  session: IamEntityIds.SessionId,
  team: SharedEntityIds.TeamId,
  teamMember: IamEntityIds.TeamMemberId,
  twoFactor: IamEntityIds.TwoFactorId,
  user: SharedEntityIds.UserId,
  verification: IamEntityIds.VerificationId,
} satisfies Record<keyof typeof tables, EntityId.Any>;

/** Fields that hold ids although Better Auth does not declare them as references. */
export const undeclaredReferences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  session: { activeOrganizationId: "organization", activeTeamId: "team", impersonatedBy: "user" },
};

/** The new id of a row, for Better Auth's `generateId`. */
export const createId = (model: string): string => {
  const Id = ids[model];
  if (Id === undefined) throw new Error(`Better Auth's model "${model}" has no ids here.`);
  return Id.create();
};
