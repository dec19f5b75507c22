/**
 * Better Auth's operations, as an explicit interface: its inferred one would be written out in every package that uses
 * it. Names and inputs are Better Auth's own, so that its documentation is ours; rows have the types of our models.
 *
 * `headers` carry the caller's session (a cookie, or an API key). An operation that needs a session fails without them.
 */
import type { IamDbSchema } from "@beep/iam-tables";
import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { InferSelectModel, Table } from "drizzle-orm";

type OrganizationId = SharedEntityIds.OrganizationId;
type UserId = SharedEntityIds.UserId;
type TeamId = SharedEntityIds.TeamId;

/** A row as Better Auth gives it: without what only the database keeps. */
type Row<T extends Table> = Omit<InferSelectModel<T>, "version">;

type Permissions = Readonly<Record<string, ReadonlyArray<string>>>;

export type UserRow = Row<typeof IamDbSchema.user>;
export type SessionRow = Row<typeof IamDbSchema.session>;
export type OrganizationRow = Omit<Row<typeof IamDbSchema.organization>, "updatedAt">;
/** An organization as a change of it answers: with its metadata as they were given, and not as text. */
export type ChangedOrganization = Omit<OrganizationRow, "metadata"> & {
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};
export type MemberRow = Omit<Row<typeof IamDbSchema.member>, "updatedAt">;
export type InvitationRow = Omit<Row<typeof IamDbSchema.invitation>, "updatedAt">;
export type TeamRow = Omit<Row<typeof IamDbSchema.team>, "memberCount">;
export type TeamMemberRow = Pick<
  InferSelectModel<typeof IamDbSchema.teamMember>,
  "id" | "teamId" | "userId" | "createdAt"
>;
export type OrganizationRoleRow = Omit<Row<typeof IamDbSchema.organizationRole>, "permission"> & {
  readonly permission: Permissions;
};
export type ApiKeyRow = Omit<Row<typeof IamDbSchema.apiKey>, "key" | "metadata" | "permissions"> & {
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly permissions: Permissions | null;
};

/** A session and whose it is. */
export interface CurrentSession {
  readonly session: SessionRow;
  readonly user: UserRow;
}

type Member_ = MemberRow & { readonly user: Pick<UserRow, "id" | "name" | "email" | "image"> };

interface Called {
  readonly headers?: Headers;
}

interface CalledBy {
  readonly headers: Headers;
}

export interface Api {
  // Sign-up, sign-in, sessions
  readonly signUpEmail: (
    input: Called & {
      readonly body: {
        readonly name: string;
        readonly email: string;
        readonly password: string;
        readonly image?: string;
        readonly callbackURL?: string;
      };
    },
  ) => Promise<{ readonly token: string | null; readonly user: UserRow }>;
  readonly signInEmail: (
    input: Called & {
      readonly body: { readonly email: string; readonly password: string; readonly rememberMe?: boolean };
    },
  ) => Promise<{ readonly token: string; readonly user: UserRow }>;
  readonly signOut: (input: CalledBy) => Promise<{ readonly success: boolean }>;
  readonly getSession: (input: CalledBy) => Promise<CurrentSession | null>;
  readonly listSessions: (input: CalledBy) => Promise<ReadonlyArray<SessionRow>>;
  readonly revokeSession: (
    input: CalledBy & { readonly body: { readonly token: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly revokeSessions: (input: CalledBy) => Promise<{ readonly status: boolean }>;
  readonly revokeOtherSessions: (input: CalledBy) => Promise<{ readonly status: boolean }>;

  // The account
  readonly sendVerificationEmail: (
    input: Called & { readonly body: { readonly email: string; readonly callbackURL?: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly verifyEmail: (input: Called & { readonly query: { readonly token: string } }) => Promise<unknown>;
  readonly requestPasswordReset: (
    input: Called & { readonly body: { readonly email: string; readonly redirectTo?: string } },
  ) => Promise<{ readonly status: boolean; readonly message: string }>;
  readonly resetPassword: (
    input: Called & { readonly body: { readonly token: string; readonly newPassword: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly changePassword: (
    input: CalledBy & {
      readonly body: {
        readonly currentPassword: string;
        readonly newPassword: string;
        readonly revokeOtherSessions?: boolean;
      };
    },
  ) => Promise<{ readonly token: string | null; readonly user: UserRow }>;
  readonly updateUser: (
    input: CalledBy & { readonly body: { readonly name?: string; readonly image?: string | null } },
  ) => Promise<{ readonly status: boolean }>;

  // Organizations and their members
  readonly createOrganization: (
    input: Called & {
      readonly body: {
        readonly name: string;
        readonly slug: string;
        readonly logo?: string;
        readonly metadata?: Record<string, unknown>;
        /** In whose name, where there are no headers. */
        readonly userId?: UserId;
        readonly keepCurrentActiveOrganization?: boolean;
      };
    },
  ) => Promise<ChangedOrganization & { readonly members: ReadonlyArray<MemberRow> }>;
  readonly updateOrganization: (
    input: CalledBy & {
      readonly body: {
        readonly data: {
          readonly name?: string;
          readonly slug?: string;
          readonly logo?: string;
          readonly metadata?: Record<string, unknown>;
        };
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<ChangedOrganization | null>;
  readonly deleteOrganization: (
    input: CalledBy & { readonly body: { readonly organizationId: OrganizationId } },
  ) => Promise<OrganizationRow | null>;
  readonly setActiveOrganization: (
    input: CalledBy & { readonly body: { readonly organizationId: OrganizationId | null } },
  ) => Promise<OrganizationRow | null>;
  readonly listOrganizations: (input: CalledBy) => Promise<ReadonlyArray<OrganizationRow>>;
  readonly getFullOrganization: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<
    | (OrganizationRow & {
        readonly members: ReadonlyArray<Member_>;
        readonly invitations: ReadonlyArray<InvitationRow>;
        readonly teams: ReadonlyArray<TeamRow>;
      })
    | null
  >;
  readonly listMembers: (
    input: CalledBy & {
      readonly query?: { readonly organizationId?: OrganizationId; readonly limit?: number; readonly offset?: number };
    },
  ) => Promise<{ readonly members: ReadonlyArray<Member_>; readonly total: number }>;
  readonly addMember: (
    input: Called & {
      readonly body: { readonly userId: UserId; readonly role: string; readonly organizationId: OrganizationId };
    },
  ) => Promise<MemberRow | null>;
  readonly updateMemberRole: (
    input: CalledBy & {
      readonly body: {
        readonly memberId: IamEntityIds.MemberId;
        readonly role: string | Array<string>;
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<MemberRow>;
  readonly removeMember: (
    input: CalledBy & {
      readonly body: {
        /** A member's id, or an e-mail address. */
        readonly memberIdOrEmail: string;
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<{ readonly member: MemberRow } | null>;

  // Invitations
  readonly createInvitation: (
    input: CalledBy & {
      readonly body: {
        readonly email: string;
        readonly role: string | Array<string>;
        readonly organizationId?: OrganizationId;
        readonly teamId?: TeamId | Array<TeamId>;
        readonly resend?: boolean;
      };
    },
  ) => Promise<InvitationRow>;
  readonly acceptInvitation: (
    input: CalledBy & { readonly body: { readonly invitationId: IamEntityIds.InvitationId } },
  ) => Promise<{ readonly invitation: InvitationRow; readonly member: MemberRow } | null>;
  readonly rejectInvitation: (
    input: CalledBy & { readonly body: { readonly invitationId: IamEntityIds.InvitationId } },
  ) => Promise<{ readonly invitation: InvitationRow | null; readonly member: null }>;
  readonly cancelInvitation: (
    input: CalledBy & { readonly body: { readonly invitationId: IamEntityIds.InvitationId } },
  ) => Promise<InvitationRow | null>;
  readonly listInvitations: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<InvitationRow>>;

  // Teams and an organization's own roles
  readonly createTeam: (
    input: Called & { readonly body: { readonly name: string; readonly organizationId?: OrganizationId } },
  ) => Promise<TeamRow>;
  readonly listOrganizationTeams: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<TeamRow>>;
  readonly addTeamMember: (
    input: CalledBy & {
      readonly body: { readonly teamId: TeamId; readonly userId: UserId; readonly organizationId?: OrganizationId };
    },
  ) => Promise<TeamMemberRow>;
  readonly removeTeamMember: (
    input: CalledBy & {
      readonly body: { readonly teamId: TeamId; readonly userId: UserId; readonly organizationId?: OrganizationId };
    },
  ) => Promise<{ readonly message: string }>;
  readonly createOrgRole: (
    input: CalledBy & {
      readonly body: {
        readonly role: string;
        readonly permission: Record<string, Array<string>>;
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<{ readonly success: boolean; readonly roleData: OrganizationRoleRow }>;
  readonly hasPermission: (
    input: CalledBy & {
      readonly body: {
        readonly permissions: Record<string, Array<string>>;
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<{ readonly success: boolean; readonly error: null }>;

  // API keys
  readonly createApiKey: (
    input: Called & {
      readonly body: {
        readonly configId?: "default" | "organization";
        readonly name?: string;
        /** Seconds. */
        readonly expiresIn?: number | null;
        readonly organizationId?: OrganizationId;
        readonly userId?: UserId;
      };
    },
  ) => Promise<ApiKeyRow & { readonly key: string }>;
  readonly verifyApiKey: (input: {
    readonly body: { readonly key: string; readonly configId?: "default" | "organization" };
  }) => Promise<{
    readonly valid: boolean;
    readonly error: { readonly code: string; readonly message: unknown } | null;
    readonly key: ApiKeyRow | null;
  }>;

  // Administration of users
  readonly createUser: (
    input: Called & {
      readonly body: {
        readonly name: string;
        readonly email: string;
        readonly password?: string;
        readonly role?: "admin" | "user";
        readonly data?: Record<string, unknown>;
      };
    },
  ) => Promise<{ readonly user: UserRow }>;
  readonly listUsers: (
    input: CalledBy & {
      readonly query: { readonly limit?: number; readonly offset?: number; readonly searchValue?: string };
    },
  ) => Promise<{ readonly users: ReadonlyArray<UserRow>; readonly total: number }>;
  readonly setRole: (
    input: CalledBy & { readonly body: { readonly userId: UserId; readonly role: "admin" | "user" } },
  ) => Promise<{ readonly user: UserRow }>;
  readonly banUser: (
    input: CalledBy & {
      /** `banExpiresIn` in seconds. */
      readonly body: { readonly userId: UserId; readonly banReason?: string; readonly banExpiresIn?: number };
    },
  ) => Promise<{ readonly user: UserRow }>;
  readonly unbanUser: (
    input: CalledBy & { readonly body: { readonly userId: UserId } },
  ) => Promise<{ readonly user: UserRow }>;
}
