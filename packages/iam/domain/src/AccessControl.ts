/**
 * What may be done within an organization, and by whom: the actions on each resource, the roles that every organization
 * has, and whether roles permit something. Better Auth's endpoints are given the same resources and roles.
 */
import * as Schema from "effect/Schema";
import { roles as builtIn } from "./entities/Member.ts";

/** Actions by resource: what a role permits, or what is asked for. */
export type Permissions = Readonly<Record<string, ReadonlyArray<string>>>;

/** Permissions as a role's column has them: JSON text. */
export const PermissionsText = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Array(Schema.String)));

/** Every resource, and what may be done to it. */
export const statements = {
  organization: ["update", "delete"],
  member: ["create", "update", "delete"],
  invitation: ["create", "cancel"],
  team: ["create", "update", "delete"],
  ac: ["create", "read", "update", "delete"],
  webhook: ["create", "read", "update", "delete"],
} as const;

/** A resource of an organization; `ac` are its roles. */
export type Resource = keyof typeof statements;

/** Some actions on some resources of an organization. */
export type Asked = { readonly [R in Resource]?: ReadonlyArray<(typeof statements)[R][number]> };

/** A role that every organization has. */
export type BuiltInRole = (typeof builtIn)[number];

/** The role of whoever makes an organization. Only who has it gives it, and an organization always has one. */
export const ownerRole: BuiltInRole = "owner";

/** What the built-in roles permit. */
export const builtInRoles = {
  owner: statements,
  admin: { ...statements, organization: ["update"] },
  member: { organization: [], member: [], invitation: [], team: [], ac: ["read"], webhook: [] },
} as const satisfies Record<BuiltInRole, { readonly [R in Resource]: ReadonlyArray<string> }>;

/** Whether a role is one that every organization has. */
export const isBuiltIn = (role: string): role is BuiltInRole => builtIn.some((name) => name === role);

/** The roles of a list, as a member's column has them: separated by commas, each once, in the order of the list. */
export const parseRoles = (list: string): ReadonlyArray<string> => [
  ...new Set(
    list
      .split(",")
      .map((role) => role.trim())
      .filter((role) => role !== ""),
  ),
];

/** The list of roles, as a member's column has it. */
export const formatRoles = (roles: ReadonlyArray<string>): string => parseRoles(roles.join(",")).join(",");

/** Whether a role of this name stays one role of this name in a list of roles. */
export const isRoleName = (name: string): boolean => name !== "" && formatRoles([name]) === name && !name.includes(",");

/** Whether everything that is asked for is among what is permitted. */
export const includes = (permitted: Permissions, asked: Permissions): boolean =>
  Object.entries(asked).every(([resource, actions]) =>
    actions.every((action) => Object.hasOwn(permitted, resource) && permitted[resource]?.includes(action) === true),
  );

/**
 * Whether roles permit what is asked for. One of them has to permit all of it: roles that each permit a part do not.
 *
 * @param defined the roles that the organization defined itself
 */
export const permits = (
  roles: ReadonlyArray<string>,
  defined: ReadonlyMap<string, Permissions>,
  asked: Permissions,
): boolean =>
  roles.some((role) => {
    const permitted = isBuiltIn(role) ? builtInRoles[role] : defined.get(role);
    return permitted !== undefined && includes(permitted, asked);
  });
