import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { Called, CalledBy, InvitationRow, MemberRow, SettingCookies } from "./rows.ts";

type InvitationId = IamEntityIds.InvitationId;
type OrganizationId = SharedEntityIds.OrganizationId;
type TeamId = SharedEntityIds.TeamId;

/** Invitations of e-mail addresses into organizations, for those who invite and for those who are invited. */
export interface Invitations {
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
  /** The organization becomes the active one; so does the team, where the invitation names just one. */
  readonly acceptInvitation: SettingCookies<
    CalledBy & { readonly body: { readonly invitationId: InvitationId } },
    { readonly invitation: InvitationRow; readonly member: MemberRow }
  >;
  readonly rejectInvitation: (
    input: CalledBy & { readonly body: { readonly invitationId: InvitationId } },
  ) => Promise<{ readonly invitation: InvitationRow | null; readonly member: null }>;
  readonly cancelInvitation: (
    input: CalledBy & { readonly body: { readonly invitationId: InvitationId } },
  ) => Promise<InvitationRow | null>;
  /** For the one who is invited. */
  readonly getInvitation: (input: CalledBy & { readonly query: { readonly id: InvitationId } }) => Promise<
    InvitationRow & {
      readonly organizationName: string;
      readonly organizationSlug: string;
      readonly inviterEmail: string;
    }
  >;
  /** An organization's, in every state. */
  readonly listInvitations: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<InvitationRow>>;
  /** The pending ones of the caller, or of an address where there are no headers. */
  readonly listUserInvitations: (
    input: Called & { readonly query?: { readonly email?: string } },
  ) => Promise<ReadonlyArray<InvitationRow & { readonly organizationName: string }>>;
}
