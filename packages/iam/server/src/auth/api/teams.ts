import type { SharedEntityIds } from "@beep/shared-domain";
import type { Called, CalledBy, SettingCookies, TeamMemberRow, TeamRow } from "./rows.ts";

type OrganizationId = SharedEntityIds.OrganizationId;
type TeamId = SharedEntityIds.TeamId;
type UserId = SharedEntityIds.UserId;

/** An organization's teams and who belongs to them. */
export interface Teams {
  readonly createTeam: (
    input: Called & { readonly body: { readonly name: string; readonly organizationId?: OrganizationId } },
  ) => Promise<TeamRow>;
  readonly updateTeam: (
    input: CalledBy & {
      readonly body: {
        readonly teamId: TeamId;
        /** The organization is where the team is: a team stays in its own. */
        readonly data: { readonly name?: string; readonly organizationId?: OrganizationId };
      };
    },
  ) => Promise<TeamRow | null>;
  /** Refuses an organization's last team, and the caller's active one. */
  readonly removeTeam: (
    input: Called & { readonly body: { readonly teamId: TeamId; readonly organizationId?: OrganizationId } },
  ) => Promise<{ readonly message: string }>;
  readonly listOrganizationTeams: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<TeamRow>>;
  /** The teams of the caller, in every organization unless one is named; or those of another member. */
  readonly listUserTeams: (
    input: CalledBy & { readonly query?: { readonly userId?: UserId; readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<TeamRow>>;
  /** One of the active organization's. */
  readonly setActiveTeam: SettingCookies<
    CalledBy & { readonly body: { readonly teamId?: TeamId | null } },
    TeamRow | null
  >;

  // Their members
  /** For the team's members only. */
  readonly listTeamMembers: (
    input: CalledBy & { readonly query?: { readonly teamId?: TeamId } },
  ) => Promise<ReadonlyArray<TeamMemberRow>>;
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
}
