/** What roles permit, and what a membership lets its principal do, without a database. */
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as AccessControl from "../../src/AccessControl.ts";
import { Member } from "../../src/entities.ts";
import * as Membership from "../../src/Membership.ts";

const { formatRoles, includes, isRoleName, parseRoles, permits } = AccessControl;

/** What every object has, and nobody has given. */
const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"] as const;

const none: ReadonlyMap<string, AccessControl.Permissions> = new Map();

const asked = (resource: string, ...actions: ReadonlyArray<string>): AccessControl.Permissions =>
  Object.fromEntries([[resource, actions]]);

describe("roles", () => {
  it.prop("AZ-12: a list of roles is read as it was written", [Schema.Array(Schema.String)], ([roles]) => {
    const list = formatRoles(roles);
    assert.deepStrictEqual(formatRoles(parseRoles(list)), list);
    assert.deepStrictEqual(parseRoles(list), parseRoles(roles.join(",")));
  });

  it.prop("AZ-12: names that may be a role's survive the list, each once", [Schema.Array(Schema.String)], ([names]) => {
    const roles = names.filter(isRoleName);
    assert.deepStrictEqual(parseRoles(formatRoles(roles)), [...new Set(roles)]);
  });

  it("AZ-12: a name is no role's that would be several, or another, in a list", () => {
    for (const name of ["", " ", "editor,owner", ",", "editor,", " owner", "owner ", "\towner"]) {
      assert.isFalse(isRoleName(name), JSON.stringify(name));
    }
    for (const name of ["editor", "night shift", "вахта", "__proto__"]) assert.isTrue(isRoleName(name), name);
  });

  it("AZ-12: what Better Auth may have written is read: spaces and empty places", () => {
    assert.deepStrictEqual(parseRoles(" owner, admin ,,owner"), ["owner", "admin"]);
    assert.deepStrictEqual(parseRoles(""), []);
  });

  it("AZ-12: built in are exactly those of members", () => {
    assert.sameMembers(Object.keys(AccessControl.builtInRoles), [...Member.roles]);
    assert.isTrue(Member.roles.every(AccessControl.isBuiltIn));
    assert.isFalse(["Owner", "editor", ...inherited].some(AccessControl.isBuiltIn));
  });
});

describe("what roles permit", () => {
  const editor = new Map([["editor", { team: ["create"], invitation: ["create"] }]]);
  const both = new Map([
    ["teams", { team: ["create"] }],
    ["guests", { invitation: ["create"] }],
  ]);

  it("AZ-12: one role permits it alone, and two do not between them", () => {
    const wanted = { team: ["create"], invitation: ["create"] };
    assert.isTrue(permits(["editor"], editor, wanted));
    assert.isFalse(permits(["teams", "guests"], both, wanted));
    assert.isTrue(permits(["teams", "guests"], both, { team: ["create"] }));
  });

  it("AZ-1: what is not said is not permitted", () => {
    assert.isFalse(permits([], none, { team: ["create"] }));
    assert.isFalse(permits(["editor"], none, { team: ["create"] }));
    assert.isFalse(permits(["editor"], editor, { team: ["create", "delete"] }));
    assert.isFalse(permits(["member"], none, { team: ["create"] }));
    assert.isFalse(permits(["admin"], none, { organization: ["delete"] }));
    assert.isTrue(permits(["owner"], none, AccessControl.statements));
  });

  it("AZ-12: an organization's own role does not replace a built-in one", () => {
    const defined = new Map([["member", AccessControl.statements]]);
    assert.isFalse(permits(["member"], defined, { organization: ["delete"] }));
  });

  it("AZ-1: a role, a resource or an action of an inherited name permits nothing", () => {
    for (const name of inherited) {
      assert.isFalse(permits([name], none, { team: ["create"] }), name);
      assert.isFalse(permits(["owner"], none, asked(name, "create")), name);
      assert.isFalse(permits(["owner"], none, asked(name, "length")), name);
      assert.isFalse(permits(["owner"], none, asked("team", name)), name);
      assert.isFalse(includes({}, asked(name, "length")), name);
    }
  });

  const permissions = Schema.Record(
    Schema.Literals(["team", "member", ...inherited]),
    Schema.Array(Schema.Literals(["create", "delete", ...inherited])),
  );
  it.prop("AZ-1: a role permits what it says, and no action more", [permissions, permissions], ([said, wanted]) => {
    assert.isTrue(includes(said, said));
    const all = Object.entries(wanted).every(([resource, actions]) =>
      actions.every((action) =>
        new Map<string, ReadonlyArray<string>>(Object.entries(said)).get(resource)?.includes(action),
      ),
    );
    assert.strictEqual(includes(said, wanted), all);
  });
});

describe("a membership", () => {
  const organizationId = SharedEntityIds.OrganizationId.create();
  const apiKeyId = IamEntityIds.ApiKeyId.create();

  const membership = (
    principal: Principal.Principal,
    roles: ReadonlyArray<string>,
    defined = none,
  ): Membership.Membership => ({
    organizationId,
    principal,
    memberId: principal._tag === "User" ? IamEntityIds.MemberId.create() : null,
    roles,
    defined,
  });

  const user = (credential: Principal.Credential, impersonatedBy: SharedEntityIds.UserId | null = null) =>
    ({ _tag: "User", userId: SharedEntityIds.UserId.create(), impersonatedBy, credential }) as const;
  const session = { _tag: "Session", sessionId: IamEntityIds.SessionId.create() } as const;
  const key = (permissions: AccessControl.Permissions | null) => ({ _tag: "ApiKey", apiKeyId, permissions }) as const;
  const token = (...scopes: ReadonlyArray<string>) => ({ _tag: "Token", clientId: "television", scopes }) as const;
  const organization = (permissions: AccessControl.Permissions | null) =>
    ({ _tag: "Organization", organizationId, credential: key(permissions) }) as const;

  const createTeam = { team: ["create"] } as const;

  /** What a principal may do with a role, and what it may see. */
  const cases: ReadonlyArray<{
    readonly of: string;
    readonly principal: Principal.Principal;
    readonly role: string;
    readonly createsTeams: boolean;
    readonly seesTeams: boolean;
    readonly seesMembers: boolean;
  }> = [
    {
      of: "an owner's session",
      principal: user(session),
      role: "owner",
      createsTeams: true,
      seesTeams: true,
      seesMembers: true,
    },
    {
      of: "a member's session",
      principal: user(session),
      role: "member",
      createsTeams: false,
      seesTeams: true,
      seesMembers: true,
    },
    {
      of: "a session of a role that is gone",
      principal: user(session),
      role: "ghost",
      createsTeams: false,
      seesTeams: true,
      seesMembers: true,
    },
    {
      of: "an owner's key without limits",
      principal: user(key(null)),
      role: "owner",
      createsTeams: true,
      seesTeams: true,
      seesMembers: true,
    },
    {
      of: "an owner's key with no permission",
      principal: user(key({})),
      role: "owner",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an owner's key for it",
      principal: user(key({ team: ["create"] })),
      role: "owner",
      createsTeams: true,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an owner's key to look",
      principal: user(key({ team: ["read"] })),
      role: "owner",
      createsTeams: false,
      seesTeams: true,
      seesMembers: false,
    },
    {
      of: "a member's key for what the member may not",
      principal: user(key({ team: ["create"] })),
      role: "member",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an owner's token without scopes",
      principal: user(token()),
      role: "owner",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an owner's token for another thing",
      principal: user(token("openid", "team", "create", "team:*")),
      role: "owner",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an owner's token for it",
      principal: user(token("team:create", "member:read")),
      role: "owner",
      createsTeams: true,
      seesTeams: false,
      seesMembers: true,
    },
    {
      of: "a member's token for what the member may not",
      principal: user(token("team:create")),
      role: "member",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an organization's key without limits",
      principal: organization(null),
      role: "",
      createsTeams: false,
      seesTeams: true,
      seesMembers: true,
    },
    {
      of: "an organization's key with no permission",
      principal: organization({}),
      role: "",
      createsTeams: false,
      seesTeams: false,
      seesMembers: false,
    },
    {
      of: "an organization's key for it",
      principal: organization({ team: ["create", "read"] }),
      role: "",
      createsTeams: true,
      seesTeams: true,
      seesMembers: false,
    },
    {
      of: "the system",
      principal: Principal.system("test"),
      role: "",
      createsTeams: true,
      seesTeams: true,
      seesMembers: true,
    },
  ];

  for (const { createsTeams, of, principal, role, seesMembers, seesTeams } of cases) {
    it.effect(`AZ-3: of ${of} ${createsTeams ? "may" : "may not"}`, () =>
      Effect.gen(function* () {
        const it = membership(principal, [role]);
        assert.strictEqual(Membership.may(it, createTeam), createsTeams);
        const demanded = yield* Effect.exit(Membership.demand(it, createTeam));
        assert.strictEqual(demanded._tag === "Success", createsTeams);
        const teams = yield* Effect.exit(Membership.demandSight(it, "team"));
        assert.strictEqual(teams._tag === "Success", seesTeams);
        const members = yield* Effect.exit(Membership.demandSight(it, "member"));
        assert.strictEqual(members._tag === "Success", seesMembers);
      }),
    );
  }

  it("AZ-3: that is impersonated is the user's, no more and no less", () => {
    const [own, acted] = [null, SharedEntityIds.UserId.create()].map((by) => user(session, by));
    for (const principal of [own, acted]) {
      if (principal === undefined) return assert.fail();
      assert.isTrue(Membership.may(membership(principal, ["admin"]), createTeam));
      assert.isFalse(Membership.may(membership(principal, ["member"]), createTeam));
    }
  });

  it("AZ-12: is an owner's by the role alone, whatever the role's name is in", () => {
    assert.isTrue(Membership.isOwner(membership(user(session), ["member", "owner"])));
    assert.isTrue(Membership.isOwner(membership(Principal.system("test"), [])));
    for (const role of ["admin", "Owner", "owner2", "co-owner"]) {
      assert.isFalse(Membership.isOwner(membership(user(session), [role])), role);
    }
    assert.isFalse(Membership.isOwner(membership(organization(AccessControl.statements), [])));
  });

  it.effect("AZ-3: may be ended by its user, unless the credential is for something else", () =>
    Effect.gen(function* () {
      const may = (principal: Principal.Principal) =>
        Effect.map(
          Effect.exit(Membership.demandCredential(principal, { member: ["delete"] })),
          ({ _tag }) => _tag === "Success",
        );
      assert.isTrue(yield* may(user(session)));
      assert.isTrue(yield* may(user(key(null))));
      assert.isTrue(yield* may(user(token("member:delete"))));
      assert.isFalse(yield* may(user(key({ member: ["read"] }))));
      assert.isFalse(yield* may(user(token("openid", "member:read"))));
      // By which a change begins that needs no role.
      assert.isTrue(Membership.may(membership(user(session), ["ghost"]), {}));
      assert.isFalse(Membership.may(membership(organization(null), []), {}));
    }),
  );

  it.effect("AZ-3: that lacks something is told what", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Membership.demand(membership(user(session), ["member"]), createTeam));
      assert.deepInclude(error, { _tag: "PermissionMissing", code: "PERMISSION_MISSING", status: 403 });
      assert.deepStrictEqual(error.permissions, { team: ["create"] });
    }),
  );
});
