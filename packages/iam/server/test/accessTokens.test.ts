/** Access tokens of the OAuth provider, presented to routes of this server itself. */
import { Auth, IamDb } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import * as oauth from "openid-client";
import { vi } from "vitest";
import { asService } from "../src/tenancy/asService.ts";
import { at, granted, text } from "./auth/browser.ts";
import { Listening, listeningOn } from "./auth/listening.ts";
import { confidential, Parties, tokensOf } from "./auth/oauth/parties.ts";
import { guarded } from "./guarded.ts";

/** A client that may ask for tokens for this server, with what else it may. */
const client = Effect.fnUntraced(function* (resources: ReadonlyArray<string> = []) {
  const { api } = yield* Auth.Auth;
  const { root } = yield* Parties;
  const headers = root.headers();
  const made = yield* confidential({
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    scope: "openid offline_access orders:read",
    client_credentials_scopes: ["orders:read"],
  });
  for (const identifier of resources) {
    const known = yield* api.adminListOAuthResources({ headers });
    if (!known.some((resource) => resource.identifier === identifier))
      yield* api.adminCreateOAuthResource({ headers, body: { identifier } });
    yield* api.adminLinkClientResource({ headers, params: { identifier, client_id: made.id } });
  }
  return made;
});

const scope = "openid offline_access orders:read";
const elsewhere = "https://orders.example.com/";
const bearing = (token: string | undefined) => ({ authorization: `Bearer ${token}` });

const { oauthAccessToken, oauthClient } = IamDbSchema;

/** Changes the rows of a client's opaque tokens. */
const changeTokens = (clientId: string, values: Partial<typeof oauthAccessToken.$inferInsert>) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) =>
    asService(db.update(oauthAccessToken).set(values).where(eq(oauthAccessToken.clientId, clientId))),
  );

for (const database of [
  {
    name: "PostgreSQL 18",
    layer: listeningOn((stated) => Layer.provideMerge(IamTest.configured(stated), TestDatabase.layer())),
  },
  { name: "embedded", layer: listeningOn(IamTest.configuredEmbedded) },
]) {
  layer(Layer.provideMerge(Parties.at, database.layer), { excludeTestServices: true, timeout: 60_000 })(
    `an access token, on ${database.name}`,
    (it) => {
      it.effect("AUTH-1: is its user's, within its scopes, whether it is opaque or signed for this server", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const { url } = yield* Listening;
          const { ann } = yield* Parties;
          for (const resource of [undefined, url, `${url}/`]) {
            const { id, config } = yield* client(resource === undefined ? [] : [resource]);
            const { access_token } = yield* tokensOf(ann, config, {
              scope,
              ...(resource !== undefined && { resource }),
            });
            assert.strictEqual(access_token.startsWith("iam_at_"), resource === undefined);
            for (const scheme of ["Bearer", "bearer"]) {
              assert.deepStrictEqual((yield* request("/who", { authorization: `${scheme} ${access_token}` })).json, {
                principal: {
                  _tag: "User",
                  userId: ann.id,
                  impersonatedBy: null,
                  credential: { _tag: "Token", clientId: id, scopes: scope.split(" ") },
                },
                actor: { _tag: "User", userId: ann.id, impersonatedBy: null },
              });
            }
            const cookie = { cookie: "better-auth.session_token=x.y", origin: "https://evil.example" };
            const change = yield* request("/who", { ...bearing(access_token), ...cookie }, "POST");
            assert.strictEqual(change.status, 200);
            assert.strictEqual((yield* request("/who", { authorization: `DPoP ${access_token}` })).status, 401);
          }
        }).pipe(Effect.scoped),
      );

      it.effect(
        "AUTH-1: tells the administrator who asked for it as somebody else, and is let in where its user is",
        () =>
          Effect.gen(function* () {
            const request = yield* guarded;
            const { root, bob } = yield* Parties;
            const { config } = yield* client();
            const impersonating = bob.signedOut();
            yield* impersonating.post("/sign-in/email", { email: root.email, password: IamTest.password });
            granted(yield* impersonating.post("/admin/impersonate-user", { userId: bob.id }));
            const { access_token } = yield* tokensOf(impersonating, config, { scope });
            const { json } = yield* request("/who", bearing(access_token));
            assert.deepStrictEqual(at(json, "actor"), { _tag: "User", userId: bob.id, impersonatedBy: root.id });

            const acme = text(granted(yield* bob.post("/organization/create", { name: "acme", slug: "acme" })), "id");
            const other = text(
              granted(yield* root.post("/organization/create", { name: "other", slug: "other" })),
              "id",
            );
            const named = (id: string) => request("/here", { ...bearing(access_token), "iam-organization": id });
            assert.deepInclude((yield* named(acme)).json, { organizationId: acme, roles: ["owner"] });
            assert.strictEqual((yield* named(other)).status, 404);
            // The active organization is the browser's, and nobody else's.
            assert.strictEqual((yield* request("/here", bearing(access_token))).status, 400);
          }).pipe(Effect.scoped),
      );

      it.effect("AUTH-1: made for another service is none here, and no other signed token is one", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const { api } = yield* Auth.Auth;
          const { url } = yield* Listening;
          const { ann } = yield* Parties;
          const { id, config } = yield* client([elsewhere, url]);
          const assertNone = (token: string | undefined, why: string) =>
            Effect.map(
              request("/who", { ...bearing(token), cookie: ann.headers().get("cookie") ?? "" }),
              ({ status }) => assert.strictEqual(status, 401, why),
            );
          // With `openid` it names the provider's own `userinfo` too.
          const theirs = yield* tokensOf(ann, config, { scope, resource: elsewhere });
          assert.include(JSON.stringify(decodeJwt(theirs.access_token).aud), "/oauth2/userinfo");
          yield* assertNone(theirs.access_token, "another service's");
          yield* assertNone(theirs.id_token, "an ID token");
          yield* assertNone(theirs.refresh_token, "a refresh token");
          const { token } = yield* api.getToken({ headers: ann.headers() });
          yield* assertNone(token, "a session's");

          const ours = yield* tokensOf(ann, config, { scope, resource: url });
          assert.strictEqual((yield* request("/who", bearing(ours.access_token))).status, 200);
          const payload = decodeJwt(ours.access_token);
          const signed = (more: JWTPayload) => api.signJWT({ body: { payload: { ...payload, ...more } } });
          yield* assertNone((yield* signed({})).token, "of no type");
          yield* assertNone((yield* signed({ iss: "https://other.example" })).token, "another issuer's");
          const { privateKey } = yield* Effect.promise(() => generateKeyPair("ES256"));
          const { kid = "" } = decodeProtectedHeader(ours.access_token);
          for (const header of [
            { alg: "ES256", typ: "at+jwt", kid },
            { alg: "ES256", typ: "at+jwt" },
          ]) {
            const forged = new SignJWT(payload).setProtectedHeader(header);
            yield* assertNone(yield* Effect.promise(() => forged.sign(privateKey)), "signed by another key");
          }
          const [head = "", body = "", signature = ""] = ours.access_token.split(".");
          const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid })).toString("base64url");
          yield* assertNone(`${none}.${body}.`, "not signed");
          const changed = Buffer.from(JSON.stringify({ ...payload, sub: "user_01h455vb4pex5vsknk084sn02q" }));
          yield* assertNone(`${head}.${changed.toString("base64url")}.${signature}`, "changed");

          const own = { resource: url, scope: "orders:read" };
          const machine = yield* Effect.promise(() => oauth.clientCredentialsGrant(config, own));
          assert.strictEqual(decodeJwt(machine.access_token).sub, id);
          yield* assertNone(machine.access_token, "the client's own, signed");
          const opaque = yield* Effect.promise(() => oauth.clientCredentialsGrant(config, { scope: "orders:read" }));
          yield* assertNone(opaque.access_token, "the client's own");
        }).pipe(Effect.scoped),
      );

      it.effect("SES-1: ends when it expires, is revoked, and with its session, its client and its user", () =>
        Effect.gen(function* () {
          const request = yield* guarded;
          const { api } = yield* Auth.Auth;
          const { db } = yield* IamDb.IamDb;
          const { url } = yield* Listening;
          const { root, cat } = yield* Parties;
          const status = (token: string) => Effect.map(request("/who", bearing(token)), (answer) => answer.status);
          for (const resource of [undefined, url]) {
            const { id, config } = yield* client(resource === undefined ? [] : [resource]);
            const asked = { scope, ...(resource !== undefined && { resource }) };
            const about = resource ?? "opaque";

            const browser = yield* cat.signedIn;
            const tokens = yield* tokensOf(browser, config, asked);
            assert.strictEqual(yield* status(tokens.access_token), 200, about);
            yield* Effect.acquireUseRelease(
              Effect.sync(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 16 * 60_000 })),
              () => Effect.map(status(tokens.access_token), (late) => assert.strictEqual(late, 401, about)),
              () => Effect.sync(() => vi.useRealTimers()),
            );
            granted(yield* browser.post("/sign-out"));
            assert.strictEqual(yield* status(tokens.access_token), 401, about);

            // What was asked for to be used when nobody is there outlives the session, and not the user.
            const { access_token } = yield* Effect.promise(() =>
              oauth.refreshTokenGrant(config, tokens.refresh_token ?? ""),
            );
            assert.strictEqual(access_token.startsWith("iam_at_"), resource === undefined);
            assert.strictEqual(yield* status(access_token), 200, about);
            yield* api.banUser({ headers: root.headers(), body: { userId: cat.id } });
            assert.strictEqual(yield* status(access_token), 401, about);
            yield* api.unbanUser({ headers: root.headers(), body: { userId: cat.id } });
            assert.strictEqual(yield* status(access_token), 200, about);

            const ofClient = eq(oauthClient.clientId, id);
            yield* asService(db.update(oauthClient).set({ disabled: true }).where(ofClient));
            assert.strictEqual(yield* status(access_token), 401, about);
            yield* asService(db.update(oauthClient).set({ disabled: false }).where(ofClient));
            if (resource === undefined) {
              // One that is bound to a key is more than whoever bears it can prove.
              yield* changeTokens(id, { confirmation: { jkt: "x" } });
              assert.strictEqual(yield* status(access_token), 401, about);
              yield* changeTokens(id, { confirmation: null });
              assert.strictEqual(yield* status(access_token), 200, about);
              yield* Effect.promise(() => oauth.tokenRevocation(config, access_token));
              assert.strictEqual(yield* status(access_token), 401, about);
            }
            const last = yield* tokensOf(yield* cat.signedIn, config, asked);
            assert.strictEqual(yield* status(last.access_token), 200, about);
            yield* api.deleteOAuthClient({ headers: root.headers(), body: { client_id: id } });
            assert.strictEqual(yield* status(last.access_token), 401, about);
          }
        }).pipe(Effect.scoped),
      );
    },
  );
}

layer(Layer.provideMerge(IamTest.configured({ IAM_PLUGINS: "magic-link" }), TestDatabase.layer()), {
  excludeTestServices: true,
})("without the OAuth provider", (it) => {
  it.effect("AUTH-6: no token is one, and none is a failure", () =>
    Effect.gen(function* () {
      const request = yield* guarded;
      for (const token of ["iam_at_nonsense", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.", "nonsense", "non.sense"])
        assert.strictEqual((yield* request("/who", bearing(token))).status, 401, token);
    }).pipe(Effect.scoped),
  );
});
