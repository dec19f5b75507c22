/** A principal within an organization: what it may do there is decided from this alone. */
import type { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as AccessControl from "./AccessControl.ts";
import * as Problems from "./Problems.ts";

/** A principal that an organization has let in. */
export interface Membership {
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly principal: Principal.Principal;
  /** The user's own row among the members; `null` for who is none, an organization by its key say. */
  readonly memberId: IamEntityIds.MemberId | null;
  readonly roles: ReadonlyArray<string>;
  /** What those roles permit that the organization defined itself. */
  readonly defined: ReadonlyMap<string, AccessControl.Permissions>;
}

/**
 * The membership in whose name this fiber runs.
 *
 * @effect-leakable-service
 */
export class CurrentMembership extends Context.Service<CurrentMembership, Membership>()(
  "@beep/iam-domain/CurrentMembership",
) {}

/** Whether the principal's credential lets it do what is asked for, whoever it is of. */
const isWithinCredential = (principal: Principal.Principal, asked: AccessControl.Permissions): boolean => {
  if (principal._tag === "System") return true;
  const { credential } = principal;
  switch (credential._tag) {
    case "Session":
      return true;
    case "ApiKey":
      return credential.permissions === null || AccessControl.includes(credential.permissions, asked);
    case "Token":
      return Object.entries(asked).every(([resource, actions]) =>
        actions.every((action) => credential.scopes.includes(`${resource}:${action}`)),
      );
  }
};

/**
 * Whether a member may do something: by one role of the member's, and within what the credential is limited to. An
 * organization's own key may do what its permissions say, and without any it changes nothing.
 */
export const may = ({ defined, principal, roles }: Membership, asked: AccessControl.Asked): boolean => {
  if (!isWithinCredential(principal, asked)) return false;
  switch (principal._tag) {
    case "System":
      return true;
    case "Organization":
      return principal.credential.permissions !== null;
    case "User":
      // Nothing is asked of who leaves, whose roles may all be gone.
      return Object.keys(asked).length === 0 || AccessControl.permits(roles, defined, asked);
  }
};

/** Whether a member owns the organization: only owners make owners, and change or remove them. */
export const isOwner = ({ principal, roles }: Membership): boolean =>
  principal._tag === "System" || roles.includes(AccessControl.ownerRole);

/** The error of who lacks what was asked for. */
export const missing = (asked: AccessControl.Permissions): Problems.PermissionMissing =>
  new Problems.PermissionMissing({ permissions: asked, detail: "The role or the credential does not permit this." });

/** Fails unless a member may do something. */
export const demand = (
  membership: Membership,
  asked: AccessControl.Asked,
): Effect.Effect<void, Problems.PermissionMissing> =>
  may(membership, asked) ? Effect.void : Effect.fail(missing(asked));

/** Fails unless a principal's credential lets it do what needs no role: what users do in no organization, and leaving one. */
export const demandCredential = (
  principal: Principal.Principal,
  asked: AccessControl.Permissions,
): Effect.Effect<void, Problems.PermissionMissing> =>
  isWithinCredential(principal, asked) ? Effect.void : Effect.fail(missing(asked));

/**
 * Fails unless a member may see a kind of things: every member may, and so may the organization's own key, unless the
 * credential is limited to something else.
 */
export const demandSight = (
  { principal }: Membership,
  resource: AccessControl.Resource,
): Effect.Effect<void, Problems.PermissionMissing> => demandCredential(principal, { [resource]: ["read"] });
