/**
 * The roles that an organization defines beside the built-in ones. Each operation runs in the name of the current member,
 * and is one transaction.
 */
import { SqlState } from "@beep/db-admin";
import { AccessControl, type Errors, Membership, type Page, Problems } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, gt } from "drizzle-orm";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import { hasRole } from "../auth/standing.ts";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as InOrganization from "./inOrganization.ts";
import * as Listing from "./Listing.ts";

type RoleId = IamEntityIds.OrganizationRoleId;
type CurrentMembership = Membership.CurrentMembership;

/** A role that an organization defined. */
export interface Role {
  readonly id: RoleId;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly role: string;
  readonly permissions: AccessControl.Permissions;
  readonly createdAt: Date;
}

const { invitation, member, organizationRole } = IamDbSchema;

/** Roles, as whom the current member is let see and change them. Nobody gives a role what they may not do themselves. */
export class Roles extends Context.Service<
  Roles,
  {
    /** A page of the roles: one statement. Needs `ac: read`. */
    readonly list: (
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<Role>,
      Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /** Needs `ac: create`. Names are kept in small letters. */
    readonly create: (input: {
      readonly role: string;
      readonly permissions: AccessControl.Asked;
    }) => Effect.Effect<Role, Problems.RoleNameInvalid | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** What the role permits from now on. Needs `ac: update`. */
    readonly update: (
      id: RoleId,
      permissions: AccessControl.Asked,
    ) => Effect.Effect<Role, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
    /** Refused while a member or a pending invitation has the role. Needs `ac: delete`. */
    readonly remove: (
      id: RoleId,
    ) => Effect.Effect<Role, Problems.NotFound | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
  }
>()("@beep/iam-server/organizations/Roles") {}

const decode = Schema.decodeEffect(AccessControl.PermissionsText);
const encode = Schema.encodeSync(AccessControl.PermissionsText);

/** Each action for itself: one role of whoever gives it has to permit it. */
const demandOwnPermissions = (
  membership: Membership.Membership,
  permissions: AccessControl.Asked,
): Effect.Effect<void, Problems.PermissionMissing> => {
  const lacking = Struct.keys(AccessControl.statements).flatMap((resource) =>
    (permissions[resource] ?? [])
      .filter((action) => !Membership.may(membership, { [resource]: [action] }))
      .map((action) => [resource, [action]] as const),
  );
  return lacking.length === 0 ? Effect.void : Effect.fail(Membership.missing(Object.fromEntries(lacking)));
};

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const { changing, reading } = yield* InOrganization.make;

  const columns = {
    id: organizationRole.id,
    organizationId: organizationRole.organizationId,
    role: organizationRole.role,
    permission: organizationRole.permission,
    createdAt: organizationRole.createdAt,
  };

  const page = Listing.make({
    list: "roles",
    Id: IamEntityIds.OrganizationRoleId,
    column: organizationRole.id,
    prepare: ({ behind, limit, order }) =>
      db.select(columns).from(organizationRole).where(behind).orderBy(order).limit(limit).prepare(),
  });

  type Row = { readonly [Column in Exclude<keyof Role, "permissions">]: Role[Column] } & {
    readonly permission: string;
  };
  const fromRow = ({ permission, ...row }: Row): Effect.Effect<Role> =>
    // As it is where somebody is let in: what nobody can read permits nothing.
    Effect.map(
      Effect.orElseSucceed(decode(permission), () => ({})),
      (permissions) => ({ ...row, permissions }),
    );

  const found = ([row]: ReadonlyArray<Row>): Effect.Effect<Role, Problems.NotFound> =>
    row === undefined ? Effect.fail(Problems.NotFound.of("ROLE_NOT_FOUND")) : fromRow(row);

  return Roles.of({
    list: Effect.fn("Roles.list")((request) =>
      reading("ac")((membership) =>
        Effect.gen(function* () {
          yield* Membership.demand(membership, { ac: ["read"] });
          const { items, next } = yield* page(membership.organizationId, request);
          return { items: yield* Effect.forEach(items, fromRow), next };
        }),
      ),
    ),
    create: Effect.fn("Roles.create")(({ permissions, role: name }) =>
      changing({ ac: ["create"] })((membership) =>
        Effect.gen(function* () {
          const role = name.toLowerCase();
          if (!AccessControl.isRoleName(role)) return yield* new Problems.RoleNameInvalid();
          const taken = Problems.Conflict.of("ROLE_NAME_TAKEN");
          if (AccessControl.isBuiltIn(role)) return yield* taken;
          yield* demandOwnPermissions(membership, permissions);
          const made = yield* db
            .insert(organizationRole)
            .values({ id: IamEntityIds.OrganizationRoleId.create(), role, permission: encode(permissions) })
            .returning(columns)
            .pipe(InOrganization.refusedBy(SqlState.uniqueViolation, taken));
          return yield* Effect.flatMap(InOrganization.oneRow(made), fromRow);
        }),
      ),
    ),
    update: Effect.fn("Roles.update")((id, permissions) =>
      changing({ ac: ["update"] })((membership) =>
        Effect.gen(function* () {
          yield* demandOwnPermissions(membership, permissions);
          const changed = yield* db
            .update(organizationRole)
            .set({ permission: encode(permissions) })
            .where(eq(organizationRole.id, id))
            .returning(columns);
          return yield* found(changed);
        }),
      ),
    ),
    remove: Effect.fn("Roles.remove")((id) =>
      changing({ ac: ["delete"] })(() =>
        Effect.gen(function* () {
          // The organization is locked, so that nobody is given the role meanwhile.
          const role = yield* Effect.flatMap(
            db.delete(organizationRole).where(eq(organizationRole.id, id)).returning(columns),
            found,
          );
          const members = yield* db.$count(member, hasRole(role.role, member.role));
          const invitations = yield* db.$count(
            invitation,
            and(
              eq(invitation.status, "pending"),
              gt(invitation.expiresAt, DateTime.toDate(yield* DateTime.now)),
              hasRole(role.role, invitation.role),
            ),
          );
          return members + invitations > 0 ? yield* Problems.Conflict.of("ROLE_IN_USE") : role;
        }),
      ),
    ),
  });
});

/** On the connection that a database layer opened. */
export const layer: Layer.Layer<Roles, never, IamDb | PgClient | ServiceConnection> = Layer.effect(Roles, make);
