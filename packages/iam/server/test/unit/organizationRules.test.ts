/** That one source says what roles of organizations permit, to our services and to Better Auth. */
import { AccessControl } from "@beep/iam-domain";
import { assert, describe, it } from "@effect/vitest";
import { hasPermission } from "better-auth/plugins/organization";
import { defaultRoles, defaultStatements } from "better-auth/plugins/organization/access";
import * as Effect from "effect/Effect";
import * as Record from "effect/Record";
import * as Schema from "effect/Schema";
import { organizationRules } from "../../src/auth/betterAuth.ts";

const resources = Object.keys(AccessControl.statements);
const actions = [...new Set(Object.values(AccessControl.statements).flat())];

const Action = Schema.Literals([...actions, "unheard"]);
// A request for no action at all is none of Better Auth's: it refuses what ours, which only demands a membership, grants.
const Asked = Schema.Record(Schema.Literals([...resources, "unheard"]), Schema.NonEmptyArray(Action)).check(
  Schema.isMinProperties(1),
);
const Defined = Schema.Record(
  Schema.Literals(["editor", "viewer"]),
  Schema.Record(Schema.Literals(resources), Schema.Array(Action)),
);
const Roles = Schema.Array(Schema.Literals(["owner", "admin", "member", "editor", "viewer", "unheard"]));

/** Better Auth's answer from the roles that it is given: its second argument only reads those of the database. */
const answer = async (
  roles: ReadonlyArray<string>,
  defined: ReadonlyMap<string, AccessControl.Permissions>,
  permissions: AccessControl.Permissions,
): Promise<unknown> => {
  const { ac, roles: builtIn } = organizationRules;
  const own = Record.map(Object.fromEntries(defined), (permitted) => ac.newRole(permitted));
  const options = { roles: { ...builtIn, ...own } };
  return Reflect.apply(hasPermission, undefined, [
    { role: roles.join(","), options, permissions, organizationId: "organization" },
  ]);
};

describe("roles of organizations", () => {
  it("AUTH-2: are Better Auth's own, so that an action of its next version is noticed", () => {
    // What is ours alone.
    const theirs = <Own>({ webhook: _, ...rest }: { readonly webhook?: unknown } & Own) => rest;
    assert.deepStrictEqual(theirs(organizationRules.ac.statements), defaultStatements);
    assert.deepStrictEqual(
      Record.map({ ...organizationRules.roles }, ({ statements }) => theirs(statements)),
      Record.map({ ...defaultRoles }, ({ statements }) => statements),
    );
  });

  it.effect.prop(
    "AUTH-2: permit our services what they permit Better Auth",
    [Roles, Defined, Asked],
    ([roles, own, asked]) =>
      Effect.gen(function* () {
        const defined = new Map(Object.entries(own));
        assert.strictEqual(
          AccessControl.permits(roles, defined, asked),
          yield* Effect.promise(() => answer(roles, defined, asked)),
        );
      }),
  );
});
