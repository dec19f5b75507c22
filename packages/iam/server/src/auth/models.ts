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
const ids: Readonly<Record<string, EntityId.Any>> = {
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

/** Those of this package. */
export const models: Models = { tables, ids, relations };

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
