/** Which roles the groups of a directory give. */
import type { SharedEntityIds } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";

/** A group of a directory, one of whose members is to get roles by it (RFC 7643, section 4.2). */
export interface Group {
  /** The organization that the directory provisions. */
  readonly organizationId: SharedEntityIds.OrganizationId;
  /** The connection by which the directory speaks, `ba_scim_connection_…`. */
  readonly connectionId: string;
  readonly displayName: string;
  /** The directory's own id of the group, where it states one. */
  readonly externalId: string | undefined;
}

/** The names of roles that a group's members get, in the group's organization. */
export type GroupRoles = (group: Group) => Effect.Effect<ReadonlyArray<string>>;

/**
 * Maps the groups of directories to roles: a group gives the role that it is called like, in small letters as roles are
 * written, unless another mapping is provided to `Iam.layer`, or to what is composed of `Auth.layer`:
 * `Iam.layer.pipe(Layer.provide(Layer.succeed(Directories.GroupRoles, mapping)))`. It runs inside the change that it
 * decides on: a defect undoes that. A name that is no role of the organization gives nothing, and `owner` nobody gets
 * from a directory. What a mapping decides otherwise than before is given by `reconcileSCIMProjection`.
 */
export const GroupRoles = Context.Reference<GroupRoles>("@beep/iam-server/auth/GroupRoles", {
  defaultValue:
    () =>
    ({ displayName }) =>
      Effect.succeed([displayName.toLowerCase()]),
});
