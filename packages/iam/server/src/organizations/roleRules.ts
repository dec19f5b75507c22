/** Rules of who may have which roles, as the services of members and invitations share them. */
import { AccessControl, Membership, Problems } from "@beep/iam-domain";
import { IamDbSchema, type relations } from "@beep/iam-tables";
import { inArray } from "drizzle-orm";
import type { EffectPgDatabase } from "drizzle-orm/effect-postgres";
import * as Effect from "effect/Effect";

const { organizationRole } = IamDbSchema;

/** The roles to be given, each once; at least one, and none that the organization does not have. */
export const demandRoles = Effect.fnUntraced(function* (
  db: EffectPgDatabase<typeof relations>,
  asked: ReadonlyArray<string>,
) {
  const roles = AccessControl.parseRoles(asked.join(","));
  const defined = roles.filter((role) => !AccessControl.isBuiltIn(role));
  if (roles.length === 0) return yield* Problems.NotFound.of("ROLE_NOT_FOUND");
  if (defined.length > 0) {
    const found = yield* db.$count(organizationRole, inArray(organizationRole.role, defined));
    if (found < defined.length) return yield* Problems.NotFound.of("ROLE_NOT_FOUND");
  }
  return roles;
});

/** Owners make owners, and nobody else changes, removes or invites one. */
export const demandOwnerFor = (
  membership: Membership.Membership,
  ...lists: ReadonlyArray<ReadonlyArray<string>>
): Effect.Effect<void, Problems.PermissionMissing> =>
  Membership.isOwner(membership) || !lists.some((roles) => roles.includes(AccessControl.ownerRole))
    ? Effect.void
    : Effect.fail(new Problems.PermissionMissing({ permissions: {}, detail: "Only an owner may do this." }));
