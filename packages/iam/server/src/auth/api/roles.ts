import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { CalledBy, OrganizationRoleRow, PermissionsInput } from "./rows.ts";

type OrganizationId = SharedEntityIds.OrganizationId;

/** A role of an organization by its name or by its id. */
type OneRole = { readonly organizationId?: OrganizationId } & (
  | { readonly roleName: string }
  | { readonly roleId: IamEntityIds.OrganizationRoleId }
);

/** The roles that organizations define themselves, and what a member may do. */
export interface Roles {
  /** Nobody gives away what they may not do themselves. */
  readonly createOrgRole: (
    input: CalledBy & {
      readonly body: {
        readonly role: string;
        readonly permission: PermissionsInput;
        readonly organizationId?: OrganizationId;
      };
    },
  ) => Promise<{ readonly success: boolean; readonly roleData: OrganizationRoleRow }>;
  readonly updateOrgRole: (
    input: CalledBy & {
      readonly body: OneRole & {
        readonly data: { readonly permission?: PermissionsInput; readonly roleName?: string };
      };
    },
  ) => Promise<{ readonly success: boolean; readonly roleData: OrganizationRoleRow }>;
  /** Refuses a role that a member has. */
  readonly deleteOrgRole: (input: CalledBy & { readonly body: OneRole }) => Promise<{ readonly success: boolean }>;
  readonly listOrgRoles: (
    input: CalledBy & { readonly query?: { readonly organizationId?: OrganizationId } },
  ) => Promise<ReadonlyArray<OrganizationRoleRow>>;
  readonly getOrgRole: (input: CalledBy & { readonly query: OneRole }) => Promise<OrganizationRoleRow>;
  /** Whether the caller may, in the organization. */
  readonly hasPermission: (
    input: CalledBy & {
      readonly body: { readonly permissions: PermissionsInput; readonly organizationId?: OrganizationId };
    },
  ) => Promise<{ readonly success: boolean; readonly error: null }>;
}
