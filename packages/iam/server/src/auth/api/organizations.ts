import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type {
  Called,
  CalledBy,
  ChangedOrganization,
  Filter,
  FullTeamRow,
  InvitationRow,
  MemberRow,
  MemberWithUser,
  OrganizationRow,
  Page,
  SettingCookies,
} from "./rows.ts";

type OrganizationId = SharedEntityIds.OrganizationId;
type UserId = SharedEntityIds.UserId;

/** Organizations and who belongs to them. Where none is named, the session's active one is meant. */
export interface Organizations {
  readonly createOrganization: (
    input: Called & {
      readonly body: {
        readonly name: string;
        readonly slug: string;
        readonly logo?: string | null;
        readonly metadata?: Record<string, unknown>;
        /** In whose name, where there are no headers. */
        readonly userId?: UserId;
        readonly keepCurrentActiveOrganization?: boolean;
      };
    },
  ) => Promise<ChangedOrganization & { readonly members: ReadonlyArray<MemberRow> }>;
  /** Fails when the slug is taken. */
  readonly checkOrganizationSlug: (
    input: Called & { readonly body: { readonly slug: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly updateOrganization: (
    input: CalledBy & {
      readonly body: {
        readonly data: {
          readonly name?: string;
          readonly slug?: string;
          readonly logo?: string | null;
          readonly metadata?: Record<string, unknown>;
        };
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<ChangedOrganization | null>;
  readonly deleteOrganization: (
    input: CalledBy & { readonly body: { readonly organizationId: OrganizationId } },
  ) => Promise<OrganizationRow>;
  readonly setActiveOrganization: SettingCookies<
    CalledBy & {
      readonly body: { readonly organizationId?: OrganizationId | null; readonly organizationSlug?: string };
    },
    OrganizationRow | null
  >;
  readonly listOrganizations: (input: CalledBy) => Promise<ReadonlyArray<OrganizationRow>>;
  readonly getOrganization: (
    input: CalledBy & {
      readonly query?: { readonly organizationId?: OrganizationId; readonly organizationSlug?: string };
    },
  ) => Promise<OrganizationRow | null>;
  readonly getFullOrganization: (
    input: CalledBy & {
      readonly query?: {
        readonly organizationId?: OrganizationId;
        readonly organizationSlug?: string;
        readonly membersLimit?: number;
      };
    },
  ) => Promise<
    | (OrganizationRow & {
        readonly members: ReadonlyArray<MemberWithUser>;
        /** Empty for who may not see them. */
        readonly invitations: ReadonlyArray<InvitationRow>;
        readonly teams: ReadonlyArray<FullTeamRow>;
      })
    | null
  >;

  // Members
  readonly listMembers: (
    input: CalledBy & {
      readonly query?: Page<MemberRow> &
        Filter<MemberRow> & { readonly organizationId?: OrganizationId; readonly organizationSlug?: string };
    },
  ) => Promise<{ readonly members: ReadonlyArray<MemberWithUser>; readonly total: number }>;
  /** Without an invitation and without asking whether the caller may: for the server only. */
  readonly addMember: (
    input: Called & {
      readonly body: {
        readonly userId: UserId;
        readonly role: string | Array<string>;
        readonly organizationId?: OrganizationId;
        readonly teamId?: SharedEntityIds.TeamId;
      };
    },
  ) => Promise<MemberRow>;
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
  ) => Promise<{ readonly member: MemberRow }>;
  readonly leaveOrganization: (
    input: CalledBy & { readonly body: { readonly organizationId: OrganizationId } },
  ) => Promise<MemberWithUser>;
  readonly getActiveMember: (input: CalledBy) => Promise<MemberWithUser>;
  /** The role of the caller, or of another member. */
  readonly getActiveMemberRole: (
    input: CalledBy & {
      readonly query?: {
        readonly userId?: UserId;
        readonly organizationId?: OrganizationId;
        readonly organizationSlug?: string;
      };
    },
  ) => Promise<Pick<MemberRow, "role">>;
}
