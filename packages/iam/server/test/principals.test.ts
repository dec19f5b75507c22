/** Whose request it is, and in which organization: over HTTP, as an application's own routes are guarded. */
import { Auth, IamDb } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { type IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer, test } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { asService } from "../src/tenancy/asService.ts";
import { administrator, at, granted } from "./auth/browser.ts";
import { type Answer, Api, guarded } from "./guarded.ts";
import { Sent } from "./support/Sent.ts";

const origin = "http://localhost:3000";
const trusted = "https://app.example";
const settings = { IAM_TRUSTED_ORIGINS: trusted };

/** The session's cookie alone, as `IamTest.signedUp` has it beside the origin. */
const cookieOf = (headers: Headers) => ({ cookie: headers.get("cookie") ?? "" });

const assertRefused = (answer: Answer, status: number, code: string): void => {
  const type = answer.headers.get("content-type");
  assert.deepStrictEqual(
    { status: answer.status, type, code: at(answer.json, "code") },
    { status, type: "application/problem+json", code },
    answer.text,
  );
};

const assertNobody = (answer: Answer): void => {
  assertRefused(answer, 401, "UNAUTHORIZED");
  assert.strictEqual(answer.headers.get("www-authenticate"), "Bearer");
};

/** A user's key, with what only the server says of it. */
const keyOf = Effect.fnUntraced(function* (
  userId: SharedEntityIds.UserId,
  more: { readonly permissions?: Record<string, Array<string>>; readonly remaining?: number } = {},
) {
  const { api } = yield* Auth.Auth;
  return yield* api.createApiKey({ body: { userId, rateLimitEnabled: false, ...more } });
});

/** An organization's key, made by its owner. */
const keyOfOrganization = Effect.fnUntraced(function* (
  owner: IamTest.SignedUp,
  organizationId: SharedEntityIds.OrganizationId,
) {
  const { api } = yield* Auth.Auth;
  return yield* api.createApiKey({ headers: owner.headers, body: { configId: "organization", organizationId } });
});

const suspended = (id: SharedEntityIds.OrganizationId, suspendedAt: Date | null) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) =>
    asService(db.update(IamDbSchema.organization).set({ suspendedAt }).where(eq(IamDbSchema.organization.id, id))),
  );

const changeKey = (id: IamEntityIds.ApiKeyId, values: { readonly expiresAt?: Date; readonly enabled?: boolean }) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) =>
    asService(db.update(IamDbSchema.apiKey).set(values).where(eq(IamDbSchema.apiKey.id, id))),
  );

for (const database of [
  { name: "PostgreSQL 18", layer: Layer.provideMerge(IamTest.configured(settings), TestDatabase.layer()) },
  { name: "embedded", layer: IamTest.configuredEmbedded(settings) },
]) {
  layer(Layer.provideMerge(database.layer, Logger.layer([])), { excludeTestServices: true, timeout: 60_000 })(
    `the principal of a request, on ${database.name}`,
    (it) => {
      it.effect("AUTH-1: a session's is its user, and the administrator behind is told", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const ann = yield* IamTest.signedUp("ann");
          const { json } = yield* request("/who", cookieOf(ann.headers));
          assert.deepInclude(at(json, "principal"), { _tag: "User", userId: ann.id, impersonatedBy: null });
          assert.strictEqual(at(json, "principal", "credential", "_tag"), "Session");
          const adam = yield* administrator("adam");
          granted(yield* adam.post("/admin/impersonate-user", { userId: ann.id }));
          const impersonating = yield* request("/who", cookieOf(adam.headers()));
          assert.deepStrictEqual(at(impersonating.json, "actor"), {
            _tag: "User",
            userId: ann.id,
            impersonatedBy: adam.id,
          });
        }).pipe(Effect.scoped),
      );

      it.effect(
        "AUTH-1: a user's key is the user, within the key's permissions; an organization's is the organization",
        () =>
          Effect.gen(function* () {
            const request = yield* guarded;
            const bea = yield* IamTest.signedUp("bea");
            const acme = yield* IamTest.organizationOf(bea, "acme-keys");
            const plain = yield* keyOf(bea.id);
            assert.deepStrictEqual((yield* request("/who", { "x-api-key": plain.key })).json, {
              principal: {
                _tag: "User",
                userId: bea.id,
                impersonatedBy: null,
                credential: { _tag: "ApiKey", apiKeyId: plain.id, permissions: null },
              },
              actor: { _tag: "User", userId: bea.id, impersonatedBy: null },
            });
            const permissions = { member: ["read"] };
            const limited = yield* keyOf(bea.id, { permissions });
            const { json } = yield* request("/who", { "X-API-Key": limited.key });
            assert.deepStrictEqual(at(json, "principal", "credential", "permissions"), permissions);
            const robot = yield* keyOfOrganization(bea, acme.id);
            assert.deepStrictEqual((yield* request("/who", { "x-api-key": robot.key })).json, {
              principal: {
                _tag: "Organization",
                organizationId: acme.id,
                credential: { _tag: "ApiKey", apiKeyId: robot.id, permissions: null },
              },
              actor: { _tag: "Organization", organizationId: acme.id, apiKeyId: robot.id },
            });
          }).pipe(Effect.scoped),
      );

      it.effect("AUTH-1: without a credential that holds there is nobody, and no other takes its place", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const { api } = yield* Auth.Auth;
          const cid = yield* IamTest.signedUp("cid");
          const cookie = cookieOf(cid.headers);
          assertNobody(yield* request("/who"));
          assertNobody(yield* request("/who", { cookie: "better-auth.session_token=x.y" }));
          for (const presented of [
            { "x-api-key": "nonsense" },
            { "x-api-key": "" },
            { authorization: "Bearer nonsense" },
            { authorization: "Bearer" },
            { authorization: "bearer iam_at_nonsense" },
            { authorization: "Bearer a.b.c" },
            { authorization: "DPoP nonsense" },
          ]) {
            assertNobody(yield* request("/who", presented));
            assertNobody(yield* request("/who", { ...cookie, ...presented }));
          }
          // What is for a proxy in front is no credential here.
          assert.strictEqual((yield* request("/who", { ...cookie, authorization: "Basic YTpi" })).status, 200);

          const key = yield* keyOf(cid.id);
          const dan = yield* IamTest.signedUp("dan");
          const beside = { ...cookieOf(dan.headers), authorization: "Bearer nonsense", "x-api-key": key.key };
          assert.strictEqual(at((yield* request("/who", beside)).json, "principal", "userId"), cid.id);

          const disabled = yield* keyOf(cid.id);
          yield* changeKey(disabled.id, { enabled: false });
          assertNobody(yield* request("/who", { "x-api-key": disabled.key }));
          const expired = yield* keyOf(cid.id);
          yield* changeKey(expired.id, { expiresAt: new Date(Date.now() - 1_000) });
          assertNobody(yield* request("/who", { "x-api-key": expired.key }));
          // Each use is counted once.
          const spent = yield* keyOf(cid.id, { remaining: 2 });
          assert.strictEqual((yield* request("/who", { "x-api-key": spent.key })).status, 200);
          assert.strictEqual((yield* request("/who", { "x-api-key": spent.key })).status, 200);
          assertNobody(yield* request("/who", { "x-api-key": spent.key }));

          const adam = yield* administrator("adele");
          yield* api.banUser({ headers: adam.headers(), body: { userId: cid.id } });
          assertNobody(yield* request("/who", { "x-api-key": key.key }));
          assertNobody(yield* request("/who", cookie));
        }).pipe(Effect.scoped),
      );

      it.effect("AUTH-1: a session's token in a header is a session, and the cookie beside it is not looked at", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const eve = yield* IamTest.signedUp("eve");
          const fay = yield* IamTest.signedUp("fay");
          const token = /session_token=([^;]+)/.exec(eve.headers.get("cookie") ?? "")?.[1] ?? "";
          const bearing = { ...cookieOf(fay.headers), authorization: `Bearer ${token}` };
          for (const method of ["GET", "POST"]) {
            const { json } = yield* request("/who", bearing, method);
            assert.strictEqual(at(json, "principal", "userId"), eve.id);
          }
          const [unsigned] = token.split(".");
          assertNobody(yield* request("/who", { ...bearing, authorization: `Bearer ${unsigned}` }));
          assertNobody(yield* request("/who", { ...bearing, authorization: `Bearer ${unsigned}.forged` }));
        }).pipe(Effect.scoped),
      );

      it.effect("AUTH-6: a change by a cookie is taken from our own pages and from trusted origins only", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const gil = yield* IamTest.signedUp("gil");
          const cookie = cookieOf(gil.headers);
          const key = yield* keyOf(gil.id);
          for (const path of ["/who", "/sessions"]) {
            const change = (headers: Readonly<Record<string, string>>) =>
              request(path, { ...cookie, ...headers }, "POST");
            for (const from of [
              { origin },
              { origin: trusted },
              { referer: `${trusted}/page?a=b` },
              { origin: "null", "sec-fetch-site": "same-origin" },
            ])
              assert.strictEqual((yield* change(from)).status, 200, JSON.stringify(from));
            for (const from of [
              { origin: "https://evil.example" },
              { origin: "https://sub.app.example" },
              { origin: `${trusted}.evil.example` },
              { origin: "http://app.example" },
              { origin: "nonsense" },
              { origin: "/" },
              { referer: "https://evil.example/?https://app.example" },
            ])
              assertRefused(yield* change(from), 403, "INVALID_ORIGIN");
            for (const from of [{}, { origin: "null" }, { origin: "null", "sec-fetch-site": "same-site" }])
              assertRefused(yield* change(from), 403, "MISSING_OR_NULL_ORIGIN");
            assert.strictEqual((yield* request(path, { origin: "https://evil.example" }, "POST")).status, 401);
          }
          // What no page sends by itself needs no page.
          const evil = { origin: "https://evil.example", ...cookie };
          assert.strictEqual((yield* request("/who", { ...evil, "x-api-key": key.key }, "POST")).status, 200);
          assert.strictEqual((yield* request("/who", evil)).status, 200);
        }).pipe(Effect.scoped),
      );

      it.effect(
        "TEN-6: whoever is not let in is told the same, whether for want of a membership or of the organization",
        () =>
          Effect.gen(function* () {
            const request = yield* guarded;
            const hal = yield* IamTest.signedUp("hal");
            const ivy = yield* IamTest.signedUp("ivy");
            const mine = yield* IamTest.organizationOf(hal, "mine");
            const theirs = yield* IamTest.organizationOf(ivy, "theirs");
            const closed = yield* IamTest.organizationOf(hal, "closed");
            const robot = yield* keyOfOrganization(hal, mine.id);
            yield* suspended(closed.id, new Date());
            const cookie = cookieOf(hal.headers);
            const nowhere = SharedEntityIds.OrganizationId.create();
            const refusals = yield* Effect.all([
              request(`/organizations/${nowhere}`, cookie),
              request(`/organizations/${closed.id}`, cookie),
              request(`/organizations/${theirs.id}`, cookie),
              request(`/organizations/${theirs.id}`, { "x-api-key": robot.key }),
              request("/here", { ...cookie, "iam-organization": theirs.id }),
            ]);
            const [first] = refusals;
            for (const answer of refusals) {
              assertRefused(answer, 404, "ORGANIZATION_NOT_FOUND");
              assert.strictEqual(answer.text, first.text);
              assert.deepStrictEqual([...answer.headers], [...first.headers]);
            }
            yield* suspended(closed.id, null);
            assert.strictEqual((yield* request(`/organizations/${closed.id}`, cookie)).status, 200);
          }).pipe(Effect.scoped),
      );

      it.effect(
        "TEN-4: a request is in the organization that it names, or else in its principal's; and in none by itself",
        () =>
          Effect.gen(function* () {
            const request = yield* guarded;
            const { api } = yield* Auth.Auth;
            const jon = yield* IamTest.signedUp("jon");
            const first = yield* IamTest.organizationOf(jon, "first");
            const second = yield* IamTest.organizationOf(jon, "second");
            const key = yield* keyOf(jon.id);
            const robot = yield* keyOfOrganization(jon, first.id);
            const cookie = cookieOf(jon.headers);
            yield* api.setActiveOrganization({ headers: jon.headers, body: { organizationId: second.id } });

            const seen = (answer: Answer) => [
              answer.status,
              at(answer.json, "organizationId"),
              at(answer.json, "memberId"),
            ];
            const asMember = { first: [200, first.id, first.memberId], second: [200, second.id, second.memberId] };
            const named = { "iam-organization": first.id };
            assert.deepStrictEqual(seen(yield* request("/here", cookie)), asMember.second);
            assert.deepStrictEqual(seen(yield* request("/here", { ...cookie, ...named })), asMember.first);
            assert.deepStrictEqual(seen(yield* request(`/organizations/${first.id}`, cookie)), asMember.first);
            assert.deepStrictEqual(
              seen(yield* request(`/organizations/${first.id}`, { ...cookie, ...named })),
              asMember.first,
            );
            assert.deepStrictEqual(seen(yield* request("/here", { ...named, "x-api-key": key.key })), asMember.first);
            const byRobot = yield* request("/here", { "x-api-key": robot.key });
            assert.deepStrictEqual(seen(byRobot), [200, first.id, null]);
            assert.deepStrictEqual(at(byRobot.json, "actor"), {
              _tag: "Organization",
              organizationId: first.id,
              apiKeyId: robot.id,
            });
            // The tenant of a request opens no scope, and a scope that was open leaves nothing behind.
            assert.deepInclude(byRobot.json, { within: 1, without: 0 });
            assert.deepInclude((yield* request("/here", cookie)).json, { within: 1, without: 0, roles: ["owner"] });

            yield* api.setActiveOrganization({ headers: jon.headers, body: { organizationId: null } });
            assertRefused(yield* request("/here", cookie), 400, "TENANT_MISSING");
            assertRefused(yield* request("/here", { "x-api-key": key.key }), 400, "TENANT_MISSING");
            assertNobody(yield* request("/here", named));
            assertNobody(yield* request(`/organizations/${first.id}`));
          }).pipe(Effect.scoped),
      );

      it.effect("AUTH-6: what is malformed is 4xx with a code, whichever part of a request it is", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const kim = yield* IamTest.signedUp("kim");
          const acme = yield* IamTest.organizationOf(kim, "acme-malformed");
          const cookie = cookieOf(kim.headers);
          const other = SharedEntityIds.OrganizationId.create();
          for (const name of [
            "",
            "acme",
            kim.id,
            `${acme.id}x`,
            acme.id.toUpperCase(),
            `${acme.id}, ${acme.id}`,
            "%00",
          ])
            assertRefused(yield* request("/here", { ...cookie, "iam-organization": name }), 400, "INVALID_ID");
          for (const name of ["acme", kim.id, `${acme.id}x`, "%00", `${acme.id}%0a`])
            assertRefused(yield* request(`/organizations/${name}`, cookie), 400, "INVALID_ID");
          for (const name of ["", "acme", other]) {
            const both = { ...cookie, "iam-organization": name };
            assertRefused(yield* request(`/organizations/${acme.id}`, both), 400, "INVALID_ID");
          }
          const long = "a".repeat(10_000);
          const values = [
            "",
            " ",
            "\u00ff",
            "%00",
            ".",
            "..",
            "a.b",
            "a.b.c",
            "e30.e30.",
            "iam_at_",
            `iam_at_${"\u00e9"}`,
            long,
          ];
          for (const value of values) {
            for (const presented of [
              { "x-api-key": value },
              { authorization: value },
              { authorization: `Bearer ${value}` },
              { authorization: `DPoP ${value}` },
              { authorization: `Bearer iam_at_${value}` },
              { authorization: `Bearer eyJhbGciOiJFUzI1NiJ9.${value}.${value}` },
              { cookie: value },
              { cookie: `better-auth.session_token=${value}` },
              { cookie: `better-auth.session_token=${value}.${value}` },
            ])
              assertRefused(yield* request("/who", presented), 401, "UNAUTHORIZED");
          }
        }).pipe(Effect.scoped),
      );

      it.effect("AUTH-1: a suspended organization acts by none of its keys, and they seem gone", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const { api } = yield* Auth.Auth;
          const lou = yield* IamTest.signedUp("lou");
          const acme = yield* IamTest.organizationOf(lou, "acme-suspended");
          const robot = yield* keyOfOrganization(lou, acme.id);
          const gone = yield* keyOfOrganization(lou, acme.id);
          yield* api.deleteApiKey({ headers: lou.headers, body: { configId: "organization", keyId: gone.id } });
          yield* suspended(acme.id, new Date());
          const verify = (key: string) => api.verifyApiKey({ body: { key } });
          assert.deepStrictEqual(yield* verify(robot.key), yield* verify(gone.key));
          assertNobody(yield* request("/who", { "x-api-key": robot.key }));
          assertNobody(yield* request(`/organizations/${acme.id}`, { "x-api-key": robot.key }));
          yield* suspended(acme.id, null);
          assert.strictEqual((yield* request("/here", { "x-api-key": robot.key })).status, 200);
        }).pipe(Effect.scoped),
      );
    },
  );
}

layer(Layer.provideMerge(IamTest.onDatabase, Sent.database), { excludeTestServices: true })("its cost", (it) => {
  it.effect("SES-4: a guarded route costs one statement for the session, and one for the organization", () =>
    Effect.gen(function* () {
      const request = yield* guarded;
      const { during } = yield* Sent;
      const ann = yield* IamTest.signedUp("ann");
      const acme = yield* IamTest.organizationOf(ann, "acme");
      const named = { ...cookieOf(ann.headers), "iam-organization": acme.id };
      const principal = yield* during(request("/who", named));
      assert.lengthOf(principal.statements, 1, principal.statements.join("\n"));
      assert.match(principal.statements[0] ?? "", /from "iam_sessions" inner join "iam_users"/);
      const { result, statements } = yield* during(request("/bare", named));
      assert.deepStrictEqual(result.json, ["owner"]);
      assert.lengthOf(statements, 2, statements.join("\n"));
      assert.match(statements[1] ?? "", /from iam_organizations o\s+left join iam_members m/);
      // What does not hold by one scheme is not tried by the next.
      const refused = yield* during(request("/who", { "x-api-key": "nonsense" }));
      assert.lengthOf(refused.statements, 1, refused.statements.join("\n"));
    }).pipe(Effect.scoped),
  );
});

test("API-1: the definition has each credential, and each refusal", () => {
  const { components, paths } = OpenApi.fromApi(Api);
  const operation = paths["/organizations/{organizationId}"]?.get;
  assert.deepStrictEqual(operation?.security, [{ apiKey: [] }, { accessToken: [] }, { session: [] }]);
  assert.deepInclude(components.securitySchemes.apiKey, { type: "apiKey", in: "header", name: "x-api-key" });
  assert.deepInclude(components.securitySchemes.accessToken, { type: "http", scheme: "Bearer" });
  assert.includeMembers(Object.keys(operation?.responses ?? {}), ["200", "400", "401", "403", "404"]);
});
