/** Values that no column takes, over HTTP: they are the client's mistake, and say so. */
import { Auth, IamDb } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { and, eq, isNull } from "drizzle-orm";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";
import { authenticator } from "./authenticator.ts";
import {
  type Answer,
  administrator,
  assertRefused,
  at,
  type Browser,
  database,
  granted,
  joined,
  open,
  organizationOf,
  signedUp,
  text,
} from "./browser.ts";
import { oidcConfig } from "./sso/idleProvider.ts";

/** A request that is right but for what a test puts into it. */
interface Case {
  readonly by: Browser;
  readonly method: "get" | "post";
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The fields, as paths, that take ids. */
  readonly ids: ReadonlyArray<string>;
}

const withValue = (values: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  return { ...(values instanceof Object ? values : {}), [key]: withValue(at(values, key), rest, value) };
};

const send = ({ by, method, path }: Case, values: unknown): Effect.Effect<Answer> =>
  method === "post"
    ? by.post(path, values)
    : by.get(path, Object.fromEntries(Object.entries(Object(values)).map(([key, value]) => [key, String(value)])));

/** What makes the other requests right. */
const further: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/sign-up/email": { name: "Eve", email: "eve@example.com", password: IamTest.password },
  "/sign-in/email": { email: "eve@example.com", password: IamTest.password },
  "/request-password-reset": { email: "eve@example.com" },
  "/reset-password": { token: "token", newPassword: IamTest.password },
  "/verify-email": { token: "token" },
  "/change-password": { currentPassword: IamTest.password, newPassword: IamTest.password },
  "/two-factor/enable": { password: IamTest.password },
  "/two-factor/disable": { password: IamTest.password },
  "/two-factor/get-totp-uri": { password: IamTest.password },
  "/two-factor/verify-totp": { code: "123456" },
  "/two-factor/verify-backup-code": { code: "123456" },
  "/admin/create-user": { name: "Fay", email: "fay@example.com", password: IamTest.password, data: {} },
};

/** Fields named like ids that take none of ours, or that are answered before anything is looked up by them. */
const exempt: ReadonlySet<string> = new Set([
  // The name of a configured kind of key.
  "/api-key/create configId",
  "/api-key/get configId",
  "/api-key/list configId",
  "/api-key/update configId",
  // For calls on the server alone: over HTTP the session's user counts, and another is refused or not looked at.
  "/api-key/create userId",
  "/api-key/update userId",
  "/organization/create userId",
  "/get-access-token userId",
  "/refresh-token userId",
  // Compared with the ids of the user's own accounts, so that a malformed one is one that does not exist.
  "/get-access-token accountId",
  "/refresh-token accountId",
  "/unlink-account accountId",
  // A provider's own name, of its administrator's choice, and what the provider calls this server and its key.
  "/sign-in/sso providerId",
  "/sso/callback/{providerId} providerId",
  "/sso/delete-provider providerId",
  "/sso/get-provider providerId",
  "/sso/register oidcConfig.clientId",
  "/sso/register oidcConfig.privateKeyId",
  "/sso/register providerId",
  "/sso/request-domain-verification providerId",
  "/sso/saml2/logout/{providerId} providerId",
  "/sso/saml2/sp/acs/{providerId} providerId",
  "/sso/saml2/sp/metadata providerId",
  "/sso/saml2/sp/slo/{providerId} providerId",
  "/sso/update-provider oidcConfig.clientId",
  "/sso/update-provider oidcConfig.privateKeyId",
  "/sso/update-provider providerId",
  "/sso/verify-domain providerId",
  // Another protocol's: its ids are the directory's own, and what is none of ours is one that does not exist.
  "/scim/v2/Groups externalId",
  "/scim/v2/Groups/{groupId} externalId",
  "/scim/v2/Groups/{groupId} groupId",
  "/scim/v2/ResourceTypes/{resourceTypeId} resourceTypeId",
  "/scim/v2/Schemas/{schemaId} schemaId",
  "/scim/v2/Users externalId",
  "/scim/v2/Users/{userId} externalId",
  "/scim/v2/Users/{userId} userId",
]);

/** Every field of a request's schema, in depth, as a path. */
const fieldsOf = (schema: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<string> => [
  ...["anyOf", "allOf", "oneOf"].flatMap((key) => {
    const parts = at(schema, key);
    return Array.isArray(parts) ? parts.flatMap((part) => fieldsOf(part, path)) : [];
  }),
  ...Object.entries(Object(at(schema, "properties"))).flatMap(([name, property]) => [
    [...path, name].join("."),
    ...fieldsOf(property, [...path, name]),
  ]),
];

const isNamedLikeAnId = (field: string): boolean => /(^|\.)id$|Id$|IdOrEmail$/.test(field);

/**
 * A request of every kind that takes ids, each with ids that exist.
 *
 * @param ours what keeps the names of one test from those of another
 */
const prepare = Effect.fnUntraced(function* (ours: string) {
  const ann = yield* signedUp(`ann-${ours}`);
  const bob = yield* signedUp(`bob-${ours}`);
  const root = yield* administrator(`root-${ours}`);
  const { id: organizationId, teamId } = yield* organizationOf(ann, `acme-${ours}`);
  const { memberId } = yield* joined({ id: organizationId }, ann, bob);
  const keyId = text(granted(yield* ann.post("/api-key/create", { name: "robot" })), "id");
  const wanted = granted(yield* ann.get("/passkey/generate-register-options"));
  const response = authenticator().create(Object(wanted));
  const passkeyId = text(granted(yield* ann.post("/passkey/verify-registration", { response })), "id");

  const case_ =
    (by: Browser, method: "get" | "post") =>
    (path: string, values: Readonly<Record<string, unknown>>, ...ids: ReadonlyArray<string>): Case => ({
      by,
      method,
      path,
      values,
      ids: ids.length > 0 ? ids : Object.keys(values),
    });
  const [get, post] = [case_(ann, "get"), case_(ann, "post")];
  const [getAsRoot, postAsRoot] = [case_(root, "get"), case_(root, "post")];
  const invitation = { email: "cat@example.com", role: "member", organizationId, teamId };
  const roleId = IamEntityIds.OrganizationRoleId.create();
  const role = { role: "editor", permission: {}, organizationId };
  const id = IamEntityIds.OauthConsentId.create();
  const provider = {
    providerId: `provider-${ours}`,
    issuer: "https://login.example",
    domain: "login.example",
    organizationId,
    oidcConfig,
  };
  return {
    ann,
    root,
    cases: [
      post("/organization/update", { data: { name: "Acme" }, organizationId }, "organizationId"),
      post("/organization/delete", { organizationId }),
      post("/organization/leave", { organizationId }),
      post("/organization/set-active", { organizationId }),
      get("/organization/get-organization", { organizationId }),
      get("/organization/get-full-organization", { organizationId }),
      get("/organization/list-members", { organizationId }),
      get("/organization/get-active-member-role", { organizationId, userId: bob.id }),
      get("/organization/list-invitations", { organizationId }),
      post("/organization/invite-member", invitation, "organizationId", "teamId"),
      post("/organization/accept-invitation", { invitationId: IamEntityIds.InvitationId.create() }),
      post("/organization/reject-invitation", { invitationId: IamEntityIds.InvitationId.create() }),
      post("/organization/cancel-invitation", { invitationId: IamEntityIds.InvitationId.create() }),
      get("/organization/get-invitation", { id: IamEntityIds.InvitationId.create() }),
      post("/organization/remove-member", { memberIdOrEmail: memberId, organizationId }),
      post(
        "/organization/update-member-role",
        { memberId, role: "member", organizationId },
        "memberId",
        "organizationId",
      ),
      post("/organization/create-team", { name: "Night", organizationId }, "organizationId"),
      get("/organization/list-teams", { organizationId }),
      post(
        "/organization/update-team",
        { teamId, data: { name: "Day", organizationId } },
        "teamId",
        "data.organizationId",
      ),
      post("/organization/remove-team", { teamId, organizationId }),
      post("/organization/set-active-team", { teamId }),
      get("/organization/list-user-teams", { userId: bob.id, organizationId }),
      get("/organization/list-team-members", { teamId }),
      post("/organization/add-team-member", { teamId, userId: bob.id, organizationId }),
      post("/organization/remove-team-member", { teamId, userId: bob.id, organizationId }),
      post("/organization/create-role", role, "organizationId"),
      get("/organization/list-roles", { organizationId }),
      get("/organization/get-role", { roleId, organizationId }),
      post(
        "/organization/update-role",
        { roleId, data: { permission: {} }, organizationId },
        "roleId",
        "organizationId",
      ),
      post("/organization/delete-role", { roleId, organizationId }),
      post("/api-key/create", { configId: "organization", organizationId }, "organizationId"),
      get("/api-key/get", { id: keyId }),
      get("/api-key/list", { configId: "organization", organizationId }, "organizationId"),
      post("/api-key/update", { keyId, name: "robot" }, "keyId"),
      post("/api-key/delete", { keyId }),
      post("/passkey/update-passkey", { id: passkeyId, name: "phone" }, "id"),
      post("/passkey/delete-passkey", { id: passkeyId }),
      get("/oauth2/get-consent", { id }),
      post("/oauth2/update-consent", { id, update: { scopes: ["openid"] } }, "id"),
      post("/oauth2/delete-consent", { id }),
      post("/sso/register", provider, "organizationId"),
      getAsRoot("/admin/get-user", { id: bob.id }),
      postAsRoot("/admin/set-role", { userId: bob.id, role: "user" }, "userId"),
      postAsRoot("/admin/update-user", { userId: bob.id, data: { name: "Bob" } }, "userId"),
      postAsRoot("/admin/list-user-sessions", { userId: bob.id }),
      postAsRoot("/admin/ban-user", { userId: bob.id }),
      postAsRoot("/admin/unban-user", { userId: bob.id }),
      postAsRoot("/admin/impersonate-user", { userId: bob.id }),
      postAsRoot("/admin/revoke-user-sessions", { userId: bob.id }),
      postAsRoot("/admin/remove-user", { userId: bob.id }),
      postAsRoot("/admin/set-user-password", { userId: bob.id, newPassword: IamTest.password }, "userId"),
    ],
  };
});

/** The fields that Better Auth documents for a request. */
const documented = (operation: unknown): ReadonlyArray<string> => {
  const parameters = at(operation, "parameters");
  return [
    ...(Array.isArray(parameters) ? parameters.map((parameter) => text(parameter, "name")) : []),
    ...fieldsOf(at(operation, "requestBody", "content", "application/json", "schema")),
  ];
};

layer(database, { excludeTestServices: true })((it) => {
  it.effect("AUTH-6: a malformed id, or another entity's, is 400 INVALID_ID in every field that takes one", () =>
    Effect.gen(function* () {
      const { cases } = yield* prepare("ids");
      const wrong = [
        "nonsense",
        IamEntityIds.SessionId.create(),
        IamEntityIds.SessionId.toUuid(IamEntityIds.SessionId.create()),
      ];
      const answers = yield* Effect.forEach(cases, (one) =>
        Effect.forEach(one.ids, (field) =>
          Effect.forEach(wrong, (value) =>
            Effect.map(send(one, withValue(one.values, field.split("."), value)), ({ status, code }) =>
              status === 400 && code === "INVALID_ID" ? [] : [{ path: one.path, field, value, status, code }],
            ),
          ),
        ),
      );
      assert.deepStrictEqual(answers.flat(3), []);

      const { openApi } = yield* Auth.Auth;
      const covered = new Set(cases.flatMap(({ path, ids }) => ids.map((field) => `${path} ${field}`)));
      const declared = Object.entries((yield* openApi).paths)
        .filter(([path]) => path !== "/callback/{id}")
        .flatMap(([path, methods]) =>
          Object.values(Object(methods))
            .flatMap(documented)
            .filter(isNamedLikeAnId)
            .map((field) => `${path} ${field}`),
        );
      assert.isAbove(declared.length, 50);
      assert.deepStrictEqual(
        declared.filter((field) => !covered.has(field) && !exempt.has(field)),
        [],
      );
    }),
  );

  it.effect("AUTH-6: text with a NUL and numbers that nothing holds are 4xx in every documented field", () =>
    Effect.gen(function* () {
      const { ann, root, cases } = yield* prepare("text");
      const nobody = yield* open;
      const by = (path: string) => (path.startsWith("/admin/") ? root : /^.sign-/.test(path) ? nobody : ann);
      const { openApi } = yield* Auth.Auth;
      const isNumber = (field: string) => /limit|offset|In$|Max$|Amount$|Interval$|Window$|remaining/i.test(field);
      const wrong = [];
      let sent = 0;
      for (const [path, methods] of Object.entries((yield* openApi).paths)) {
        for (const method of ["get", "post"] as const) {
          const right = cases.find((one) => one.path === path && one.method === method);
          const one = right ?? { by: by(path), method, path, values: further[path] ?? {}, ids: [] };
          for (const field of documented(at(methods, method))) {
            for (const value of ["long enough a text\0", method === "get" || isNumber(field) ? 1e300 : {}]) {
              const { status, code } = yield* send(one, withValue(one.values, field.split("."), value));
              sent++;
              const isRefused = status >= 400 && status < 500 && typeof code === "string";
              if (typeof value === "string" ? !isRefused : status >= 500)
                wrong.push({ method, path, field, value, status, code });
            }
          }
        }
      }
      assert.isAbove(sent, 300);
      assert.deepStrictEqual(wrong, []);
    }),
  );

  it.effect("AUTH-6: names that every object has, comparisons that do not fit, depths and lengths are 4xx", () =>
    Effect.gen(function* () {
      const { ann } = yield* prepare("names");
      const { id: organizationId } = yield* organizationOf(ann, "names-and-depths");
      const members = (query: Readonly<Record<string, string>>) =>
        ann.get(`/organization/list-members?${new URLSearchParams({ organizationId, ...query })}`);
      const deep = (depth: number): unknown => (depth === 0 ? "end" : { a: deep(depth - 1) });
      const inherited = ["constructor", "toString", "hasOwnProperty", "__proto__"];
      const requests = [
        ...inherited.flatMap((name) => [
          members({ filterField: name, filterValue: "x" }),
          members({ sortBy: name }),
          ann.post("/organization/has-permission", { permissions: JSON.parse(`{"${name}":["y"]}`), organizationId }),
        ]),
        members({ filterField: "role", filterOperator: "in", filterValue: "x" }),
        members({ filterField: "createdAt", filterOperator: "contains", filterValue: "x" }),
        members({ filterField: "userId", filterOperator: "starts_with", filterValue: "user" }),
        ann.post("/organization/create", { name: "Deep", slug: "deep", metadata: deep(500) }),
        ann.post("/update-user", { name: "half a pair \ud800" }),
        ann.get(`/${"x".repeat(6_000)}`),
      ];
      for (const [index, request] of requests.entries()) {
        const { status } = yield* request;
        assert.isTrue(status >= 400 && status < 500, `request ${index} was answered ${status}`);
      }
    }),
  );

  it.effect("AUTH-6: what a plugin reads of any body is looked at first", () =>
    Effect.gen(function* () {
      const ann = yield* signedUp("ann-bodies");
      const { handler } = yield* Auth.Auth;
      for (const body of [null, "", "[]", "5", '"text"']) {
        const headers = ann.headers();
        headers.set("content-type", body === null ? "application/x-www-form-urlencoded" : "application/json");
        for (const path of ["/update-user", "/sign-up/email"]) {
          const request = new Request(`http://localhost:3000/api/auth${path}`, { method: "POST", headers, body });
          assert.strictEqual((yield* handler(request)).status, 400, `${path} with ${body}`);
        }
      }
      for (const oauth_query of [["a=b"], ["a", "b"], { a: "b" }, 5, null]) {
        for (const path of ["/oauth2/public-client-prelogin", "/sign-in/email", "/update-user"]) {
          assertRefused(yield* ann.post(path, { oauth_query }), 400, "INVALID_VALUE");
        }
      }
    }),
  );

  it.effect("AUTH-6: an impersonation cannot be ended without the administrator's session, and that is a refusal", () =>
    Effect.gen(function* () {
      const { handler } = yield* Auth.Auth;
      const root = yield* administrator("root-impersonating");
      const ann = yield* signedUp("ann-impersonated");
      granted(yield* root.post("/admin/impersonate-user", { userId: ann.id }));

      const headers = root.headers();
      headers.set("cookie", /better-auth\.session_token=[^;]*/.exec(headers.get("cookie") ?? "")?.[0] ?? "");
      const withoutCookie = yield* handler(
        new Request("http://localhost:3000/api/auth/admin/stop-impersonating", { method: "POST", headers }),
      );
      assert.strictEqual(withoutCookie.status, 401);

      // Its own session alone: who ends all of an administrator's ends the impersonation with them.
      const { db } = yield* IamDb.IamDb;
      const { session } = IamDbSchema;
      const id = SharedEntityIds.UserId.fromUuid(SharedEntityIds.UserId.toUuid(root.id));
      const own = and(eq(session.userId, id), isNull(session.impersonatedBy));
      yield* asService(db.delete(session).where(own));
      assertRefused(yield* root.post("/admin/stop-impersonating"), 401, "SESSION_EXPIRED");
    }),
  );

  it.effect("AUTH-6: a value of another type than its column's is 400 INVALID_VALUE", () =>
    Effect.gen(function* () {
      const root = yield* administrator("root-types");
      const bob = yield* signedUp("bob-types");
      const values = [
        { emailVerified: 1 },
        { emailVerified: 2 ** 31 },
        { phoneNumberVerified: "true" },
        { name: 7 },
        { banExpires: 7 },
        { banExpires: true },
        { banExpires: "tomorrow" },
        { banExpires: "2026-02-31T25:61:00Z" },
        { updatedAt: "" },
        { createdAt: 0 },
      ];
      for (const [index, data] of values.entries()) {
        const user = { name: "Cat", email: `cat-${index}@example.com`, data };
        assertRefused(yield* root.post("/admin/update-user", { userId: bob.id, data }), 400, "INVALID_VALUE");
        if (!("name" in data)) assertRefused(yield* root.post("/admin/create-user", user), 400, "INVALID_VALUE");
      }
      granted(yield* root.post("/admin/update-user", { userId: bob.id, data: { banExpires: "2100-01-01T00:00:00Z" } }));
    }),
  );

  it.effect("AUTH-6: what a row is given once cannot be changed, and that is a refusal", () =>
    Effect.gen(function* () {
      const root = yield* administrator("root-creation");
      for (const createdAt of [null, "2001-01-01T00:00:00Z"]) {
        const changed = yield* root.post("/admin/update-user", { userId: root.id, data: { createdAt } });
        assertRefused(changed, 400, "FIELD_NOT_ALLOWED");
      }
    }),
  );
});
