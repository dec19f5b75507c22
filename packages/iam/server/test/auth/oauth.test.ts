/** OAuth 2.1 and OpenID Connect, asked by a certified client over HTTP. */
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  jwtVerify,
  SignJWT,
} from "jose";
import * as oauth from "openid-client";
import { atWrite, superuser } from "./atWrite.ts";
import { at, granted, text } from "./browser.ts";
import { Listening } from "./listening.ts";
import {
  begun,
  callback,
  confidential,
  consent,
  discovered,
  isActive,
  leadsTo,
  Parties,
  queryOf,
  refusal,
  registered,
  returned,
  signIn,
  tokensOf,
} from "./oauth/parties.ts";

/** What a client's side is told in the address to which a browser comes back. */
const told = ({ searchParams, hash }: URL) =>
  searchParams.get("error") ?? new URLSearchParams(hash.slice(1)).get("error");

/** As long as it takes until both sides of a race have come to write. */
const patient = 5_000;

/** Where one side waits for the other before it writes. */
const hasty = 100;

const rounds = 4;

layer(Parties.layer, { excludeTestServices: true })("an OAuth provider", (it) => {
  it.effect("AUTH-1: somebody signs in to a client, and consents", () =>
    Effect.gen(function* () {
      const { url } = yield* Listening;
      const { ann } = yield* Parties;
      const { id, config } = yield* confidential();
      assert.strictEqual(config.serverMetadata().issuer, url);

      const flow = yield* begun(config);
      const browser = ann.signedOut();
      const signInPage = leadsTo(yield* browser.follow(flow.url.href));
      assert.strictEqual(signInPage.pathname, "/sign-in");
      const asker = yield* browser.post("/oauth2/public-client-prelogin", {
        client_id: id,
        oauth_query: queryOf(signInPage),
      });
      assert.deepInclude(granted(asker), { client_id: id, client_name: "Client" });
      const consentPage = yield* signIn(browser, signInPage, ann.email);
      assert.strictEqual(consentPage.pathname, "/consent");
      assert.strictEqual(consentPage.searchParams.get("scope"), "openid profile email offline_access");
      const back = yield* consent(browser, consentPage, true);
      assert.strictEqual(`${back.origin}${back.pathname}`, callback);

      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
      assert.deepInclude(tokens.claims(), { iss: url, sub: ann.id, aud: id });
      assert.match(`${tokens.access_token} ${tokens.refresh_token}`, /^iam_at_\w{32} iam_rt_\w{32}$/);
      const info = yield* Effect.promise(() => oauth.fetchUserInfo(config, tokens.access_token, ann.id));
      assert.deepInclude(info, { sub: ann.id, email: ann.email, email_verified: true, name: "ann" });

      // What was consented to is not asked again; a scope more is.
      assert.isNull(told(leadsTo(yield* browser.follow((yield* begun(config, { prompt: "none" })).url.href))));
      const asked = yield* begun(config, { prompt: "consent" });
      assert.strictEqual(leadsTo(yield* browser.follow(asked.url.href)).pathname, "/consent");
    }),
  );

  it.effect("AUTH-1: a client that can keep no secret proves itself by PKCE alone, found by RFC 8414", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const redirect_uris = ["http://127.0.0.1/callback"];
      const { id } = yield* registered({
        token_endpoint_auth_method: "none",
        application_type: "native",
        skip_consent: true,
        redirect_uris,
      });
      const config = yield* discovered(id, oauth.None(), "oauth2");
      const flow = yield* begun(config, { redirect_uri: "http://127.0.0.1:49152/callback", scope: "openid" });
      const back = leadsTo(yield* ann.follow(flow.url.href));
      assert.strictEqual(back.host, "127.0.0.1:49152");
      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
      assert.strictEqual(tokens.claims()?.sub, ann.id);
      assert.isUndefined(tokens.refresh_token);
    }),
  );

  it.effect("AUTH-1: who does not consent is not let in, and fewer scopes may be", () =>
    Effect.gen(function* () {
      const { bob } = yield* Parties;
      const { config } = yield* confidential();
      const flow = yield* begun(config);
      const page = leadsTo(yield* bob.follow(flow.url.href));
      const back = yield* consent(bob, page, false);
      const denied = yield* refusal(() => oauth.authorizationCodeGrant(config, back, flow.checks));
      assert.deepStrictEqual(denied, { error: "access_denied" });

      const fewer = yield* consent(bob, page, true, "openid");
      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, fewer, flow.checks));
      assert.strictEqual(tokens.scope, "openid");
      const more = yield* bob.post("/oauth2/consent", {
        accept: true,
        oauth_query: queryOf(page),
        scope: "openid orders:read",
      });
      assert.deepInclude(more, { status: 400 });
      const changed = yield* bob.post("/oauth2/consent", {
        accept: true,
        oauth_query: queryOf(page).replace("profile", "orders%3Aread"),
      });
      assert.deepInclude(changed, { status: 400, body: { error: "invalid_signature" } });
    }),
  );

  it.effect("AUTH-1: prompt and max_age say what somebody is asked", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Parties;
      const { config } = yield* confidential();
      const browser = bob.signedOut();
      const asked = Effect.fnUntraced(function* (more: Readonly<Record<string, string>>) {
        const flow = yield* begun(config, more);
        const next = leadsTo(yield* browser.follow(flow.url.href));
        return { flow, next, error: told(next) };
      });
      assert.strictEqual((yield* asked({ prompt: "none" })).error, "login_required");
      const created = yield* asked({ prompt: "create" });
      assert.strictEqual(created.next.pathname, "/sign-up");
      yield* signIn(browser, (yield* asked({})).next, bob.email);
      // With the session that came about meanwhile the page goes on.
      const goesOn = { created: true, oauth_query: queryOf(created.next) };
      assert.strictEqual(leadsTo(yield* browser.post("/oauth2/continue", goesOn)).pathname, "/consent");
      assert.strictEqual((yield* asked({ prompt: "none" })).error, "consent_required");
      yield* returned(browser, (yield* asked({})).flow);
      assert.isNull((yield* asked({ prompt: "none" })).error);

      assert.isNull((yield* asked({ prompt: "none", max_age: "3600" })).error);
      assert.strictEqual((yield* asked({ prompt: "none", max_age: "0" })).error, "login_required");
      assert.strictEqual((yield* asked({ prompt: "none login" })).error, "invalid_request");
      // Who has to sign in again may be another then.
      for (const [prompt, who] of [
        ["login", bob],
        ["select_account", ann],
      ] as const) {
        const { flow, next } = yield* asked({ prompt, max_age: "0" });
        assert.strictEqual(next.pathname, "/sign-in", prompt);
        const after = yield* signIn(browser, next, who.email);
        const back = after.pathname === "/consent" ? yield* consent(browser, after, true) : after;
        const checks = { ...flow.checks, maxAge: 60 };
        const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, checks));
        assert.strictEqual(tokens.claims()?.sub, who.id, prompt);
      }
    }),
  );

  it.effect("AUTH-1: a request that is wrong in something leads to the client's error, or to nobody but our page", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { id, config } = yield* confidential();
      const sql = yield* superuser;
      const outcome = Effect.fnUntraced(function* (
        more: Readonly<Record<string, string>>,
        without: ReadonlyArray<string> = [],
      ) {
        const { url } = yield* begun(config, more);
        for (const name of without) url.searchParams.delete(name);
        const next = leadsTo(yield* ann.follow(url.href));
        return `${next.hostname}${next.pathname} ${told(next)}`;
      });
      const atClient = "client.example.com/callback";
      assert.strictEqual(yield* outcome({ scope: "openid nonsense" }), `${atClient} invalid_scope`);
      assert.strictEqual(yield* outcome({ scope: "openid orders:read" }), `${atClient} invalid_scope`);
      assert.strictEqual(
        yield* outcome({}, ["code_challenge", "code_challenge_method"]),
        `${atClient} invalid_request`,
      );
      assert.strictEqual(yield* outcome({ code_challenge_method: "plain" }), `${atClient} invalid_request`);
      assert.strictEqual(yield* outcome({ response_type: "token" }), `${atClient} unsupported_response_type`);
      assert.strictEqual(yield* outcome({ resource: "https://orders.example.com/" }), `${atClient} invalid_target`);
      assert.strictEqual(yield* outcome({ request: "x" }), `${atClient} request_not_supported`);
      for (const redirect_uri of [
        `${callback}/`,
        `${callback}?a=b`,
        "https://client.example.com.evil.example/callback",
        "javascript:alert(1)",
        "x",
      ]) {
        assert.match(yield* outcome({ redirect_uri }), /^localhost\/error invalid_/, redirect_uri);
      }
      assert.match(yield* outcome({}, ["redirect_uri"]), /^localhost\/error invalid_/);
      assert.strictEqual(yield* outcome({ client_id: "nobody" }), "localhost/error invalid_client");
      assert.match(yield* outcome({}, ["client_id"]), /^localhost\/error invalid_/);
      yield* sql`update iam_oauth_clients set disabled = true where client_id = ${id}`;
      assert.strictEqual(yield* outcome({}), "localhost/error client_disabled");
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-1: a code is for its client, its address and its verifier, for a while, and once", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { id, config, secret } = yield* confidential();
      const other = yield* confidential();
      const sql = yield* superuser;
      const code = Effect.fnUntraced(function* () {
        const flow = yield* begun(config);
        return { ...flow, back: yield* returned(ann, flow) };
      });
      const { back, checks } = yield* code();
      const redeem = (where: URL, stated: typeof checks, by = config) =>
        refusal(() => oauth.authorizationCodeGrant(by, where, stated));

      const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
      assert.deepStrictEqual(yield* redeem(back, { ...checks, pkceCodeVerifier }), {
        status: 401,
        error: "invalid_request",
      });
      // Whoever guessed had one guess.
      assert.deepStrictEqual(yield* redeem(back, checks), { status: 400, error: "invalid_grant" });

      const theirs = yield* code();
      assert.deepStrictEqual(yield* redeem(theirs.back, theirs.checks, other.config), {
        status: 400,
        error: "invalid_grant",
      });

      const late = yield* code();
      // All of them: what is written in one transaction has one time.
      yield* sql`update iam_verifications set expires_at = now() - interval '1 second'`;
      assert.deepStrictEqual(yield* redeem(late.back, late.checks), { status: 400, error: "invalid_grant" });

      const elsewhere = yield* code();
      const moved = new URL(elsewhere.back);
      moved.pathname = "/elsewhere";
      assert.deepStrictEqual(yield* redeem(moved, elsewhere.checks), { status: 400, error: "invalid_grant" });

      const twice = yield* code();
      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, twice.back, twice.checks));
      assert.isTrue(yield* isActive(config, tokens.access_token));
      assert.deepStrictEqual(yield* redeem(twice.back, twice.checks), { status: 400, error: "invalid_grant" });
      assert.isFalse(yield* isActive(config, tokens.access_token));
      assert.isFalse(yield* isActive(config, tokens.refresh_token));

      const wrong = yield* discovered(id, oauth.ClientSecretBasic(`${secret}x`));
      const kept = yield* code();
      assert.deepStrictEqual(yield* redeem(kept.back, kept.checks, wrong), { status: 401 });
      const ended = yield* code();
      yield* sql`update iam_oauth_clients set disabled = true where client_id = ${id}`;
      assert.deepStrictEqual(yield* redeem(ended.back, ended.checks), { status: 401 });
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-1: a refresh token is replaced with each use, and used later it ends what came of it", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { id, config } = yield* confidential();
      const other = yield* confidential();
      const sql = yield* superuser;
      const first = yield* tokensOf(ann, config);
      const refresh = (token: string | undefined, by = config) =>
        Effect.promise(() => oauth.refreshTokenGrant(by, token ?? ""));
      const second = yield* refresh(first.refresh_token);
      assert.notStrictEqual(second.refresh_token, first.refresh_token);
      assert.strictEqual(second.claims()?.sub, ann.id);
      // Whose answer was lost asks again at once, and is told the same.
      assert.strictEqual((yield* refresh(first.refresh_token)).refresh_token, second.refresh_token);
      assert.deepStrictEqual(yield* refusal(() => oauth.refreshTokenGrant(other.config, second.refresh_token ?? "")), {
        status: 400,
        error: "invalid_grant",
      });
      assert.isFalse(yield* isActive(other.config, second.access_token));
      assert.isTrue(yield* isActive(config, second.access_token));
      const scope = "openid orders:read";
      assert.deepStrictEqual(
        yield* refusal(() => oauth.refreshTokenGrant(config, second.refresh_token ?? "", { scope })),
        { status: 400, error: "invalid_scope" },
      );

      yield* sql`update iam_oauth_refresh_tokens set rotation_replay_expires_at = now() - interval '1 second'
        where client_id = ${id} and rotated_at is not null`;
      assert.deepStrictEqual(yield* refusal(() => oauth.refreshTokenGrant(config, first.refresh_token ?? "")), {
        status: 400,
        error: "invalid_grant",
      });
      assert.isFalse(yield* isActive(config, second.refresh_token));
      assert.isFalse(yield* isActive(config, second.access_token));
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-1: what is revoked is worth nothing any more, and only its client revokes it", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { config } = yield* confidential();
      const other = yield* confidential();
      const tokens = yield* tokensOf(ann, config);
      const revoke = (by: oauth.Configuration, token: string | undefined) =>
        refusal(() => oauth.tokenRevocation(by, token ?? ""));
      yield* revoke(other.config, tokens.access_token);
      yield* revoke(other.config, tokens.refresh_token);
      assert.isTrue(yield* isActive(config, tokens.access_token));
      assert.isTrue(yield* isActive(config, tokens.refresh_token));
      yield* revoke(config, tokens.access_token);
      assert.deepStrictEqual(yield* refusal(() => oauth.fetchUserInfo(config, tokens.access_token, ann.id)), {
        status: 401,
      });
      yield* revoke(config, tokens.refresh_token);
      assert.isFalse(yield* isActive(config, tokens.refresh_token));
      assert.deepInclude(yield* refusal(() => oauth.refreshTokenGrant(config, tokens.refresh_token ?? "")), {
        error: "invalid_grant",
      });
      yield* Effect.promise(() => oauth.tokenRevocation(config, "nonsense"));
    }),
  );

  it.effect("SES-1: with a session end the tokens that were asked for in it, and with a ban all of the user's", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { root, cat } = yield* Parties;
      const { config } = yield* confidential();
      for (const end of ["/sign-out", "/revoke-sessions"]) {
        const browser = yield* cat.signedIn;
        const tokens = yield* tokensOf(browser, config);
        granted(yield* browser.post(end));
        assert.isFalse(yield* isActive(config, tokens.access_token), end);
        // What was asked for to be used when nobody is there stays.
        const fresh = yield* Effect.promise(() => oauth.refreshTokenGrant(config, tokens.refresh_token ?? ""));
        assert.isTrue(yield* isActive(config, fresh.access_token), end);
      }
      const impersonating = cat.signedOut();
      yield* impersonating.post("/sign-in/email", { email: root.email, password: IamTest.password });
      granted(yield* impersonating.post("/admin/impersonate-user", { userId: cat.id }));
      const inTheirName = yield* tokensOf(impersonating, config);
      const tokens = yield* tokensOf(yield* cat.signedIn, config);
      const fresh = yield* Effect.promise(() => oauth.refreshTokenGrant(config, tokens.refresh_token ?? ""));
      yield* api.banUser({ headers: root.headers(), body: { userId: cat.id } });
      for (const { access_token } of [inTheirName, tokens, fresh])
        assert.isFalse(yield* isActive(config, access_token));
      assert.deepStrictEqual(yield* refusal(() => oauth.refreshTokenGrant(config, fresh.refresh_token ?? "")), {
        status: 400,
        error: "invalid_grant",
      });
      yield* api.unbanUser({ headers: root.headers(), body: { userId: cat.id } });
      yield* Effect.promise(() => oauth.refreshTokenGrant(config, fresh.refresh_token ?? ""));
    }),
  );

  it.effect("AUTH-1: a client that may ends the session, and gets its user back", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const post_logout_redirect_uris = ["https://client.example.com/bye"];
      const { config } = yield* confidential({ enable_end_session: true, post_logout_redirect_uris });
      const browser = yield* ann.signedIn;
      const tokens = yield* tokensOf(browser, config);
      const ends = (post_logout_redirect_uri: string) =>
        oauth.buildEndSessionUrl(config, {
          id_token_hint: tokens.id_token ?? "",
          post_logout_redirect_uri,
          state: "s",
        });
      const { href } = ends("https://client.example.com/bye");
      assert.strictEqual(leadsTo(yield* browser.follow(href)).href, "https://client.example.com/bye?state=s");
      assert.isNull((yield* browser.get("/get-session")).body);
      assert.isFalse(yield* isActive(config, tokens.access_token));
      const elsewhere = yield* (yield* ann.signedIn).follow(ends("https://evil.example/").href);
      assert.isNull(elsewhere.headers.get("location"));

      const { config: without } = yield* confidential();
      const stays = yield* ann.signedIn;
      const hint = (yield* tokensOf(stays, without)).id_token ?? "";
      const refused = yield* stays.follow(oauth.buildEndSessionUrl(without, { id_token_hint: hint }).href);
      assert.strictEqual(refused.status, 401);
      granted(yield* stays.get("/list-sessions"));
    }),
  );

  it.effect("AUTH-1: a device is let in or not by somebody elsewhere (RFC 8628)", () =>
    Effect.gen(function* () {
      const { url } = yield* Listening;
      const { ann, bob } = yield* Parties;
      const { config, id } = yield* confidential({
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        response_types: [],
      });
      const begin = Effect.promise(() => oauth.initiateDeviceAuthorization(config, { scope: "openid offline_access" }));
      const poll = (response: oauth.DeviceAuthorizationResponse) =>
        oauth.pollDeviceAuthorizationGrant(config, { ...response, interval: 0.05 });

      const device = yield* begin;
      assert.strictEqual(device.verification_uri, `${url}/device`);
      const once = yield* refusal(() =>
        oauth.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:device_code", {
          device_code: device.device_code,
        }),
      );
      assert.deepStrictEqual(once, { status: 400, error: "authorization_pending" });
      const query = { user_code: device.user_code };
      const early = yield* ann.post("/device/approve", { userCode: device.user_code });
      assert.deepInclude(early, { status: 400 });
      assert.deepInclude(granted(yield* ann.get("/device", query)), {
        status: "pending",
        client_id: id,
        scope: "openid offline_access",
      });
      assert.deepInclude(yield* bob.post("/device/approve", { userCode: device.user_code }), { status: 403 });
      granted(yield* ann.post("/device/approve", { userCode: device.user_code }));
      const sql = yield* superuser;
      const waited = sql`update iam_device_codes set last_polled_at = null, polling_interval = 0`;
      yield* waited;
      const tokens = yield* Effect.promise(() => poll(device));
      assert.strictEqual(tokens.claims()?.sub, ann.id);
      const info = yield* Effect.promise(() => oauth.fetchUserInfo(config, tokens.access_token, ann.id));
      assert.strictEqual(info.sub, ann.id);
      yield* Effect.promise(() => oauth.refreshTokenGrant(config, tokens.refresh_token ?? ""));
      assert.deepStrictEqual(yield* refusal(() => poll(device)), { status: 400, error: "invalid_grant" });

      const denied = yield* begin;
      granted(yield* bob.get("/device", { user_code: denied.user_code }));
      granted(yield* bob.post("/device/deny", { userCode: denied.user_code }));
      assert.deepStrictEqual(yield* refusal(() => poll(denied)), { status: 400, error: "access_denied" });

      const { config: not } = yield* confidential();
      assert.deepInclude(yield* refusal(() => oauth.initiateDeviceAuthorization(not, { scope: "openid" })), {
        error: "unauthorized_client",
      });
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-1: a client proves itself by a key, each assertion once", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { publicKey, privateKey } = yield* Effect.promise(() => generateKeyPair("ES256"));
      const key = { ...(yield* Effect.promise(() => exportJWK(publicKey))), kid: "one", alg: "ES256", use: "sig" };
      const { id } = yield* registered({
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [key] },
        client_credentials_scopes: ["orders:read"],
        grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      });
      const authentication = oauth.PrivateKeyJwt({ key: privateKey, kid: "one" });
      const config = yield* discovered(id, authentication);
      const tokens = yield* tokensOf(ann, config);
      assert.isTrue(yield* isActive(config, tokens.access_token));

      let fixed: string | undefined;
      const replaying = yield* discovered(id, async (...asked) => {
        await authentication(...asked);
        fixed ??= asked[2].get("client_assertion") ?? undefined;
        asked[2].set("client_assertion", fixed ?? "");
      });
      const ask = () => oauth.clientCredentialsGrant(replaying, { scope: "orders:read" });
      const { token_type } = yield* Effect.promise(ask);
      assert.strictEqual(token_type, "bearer");
      assert.deepStrictEqual(yield* refusal(ask), { status: 400, error: "invalid_client" });
      fixed = undefined;
      const sql = yield* superuser;
      const both = yield* atWrite(sql, "iam_oauth_client_assertions", [refusal(ask), refusal(ask)], patient);
      const refused = both.filter((each) => !("granted" in each));
      assert.deepStrictEqual(refused, [{ status: 400, error: "invalid_client" }]);
      const stranger = yield* Effect.promise(() => generateKeyPair("ES256"));
      const forged = yield* discovered(id, oauth.PrivateKeyJwt({ key: stranger.privateKey, kid: "one" }));
      assert.deepInclude(yield* refusal(() => oauth.clientCredentialsGrant(forged, { scope: "orders:read" })), {
        error: "invalid_client",
      });
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-1: a token for a resource is signed, for it alone, and of its scopes", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Listening;
      const { root, ann } = yield* Parties;
      const headers = root.headers();
      const identifier = "https://orders.example.com/";
      const { config, id } = yield* confidential({
        grant_types: ["authorization_code", "refresh_token", "client_credentials"],
        scope: "openid offline_access orders:read",
        client_credentials_scopes: ["orders:read"],
      });
      const asked = { resource: identifier, scope: "openid orders:read" };
      const own = () => oauth.clientCredentialsGrant(config, { resource: identifier, scope: "orders:read" });
      assert.deepInclude(yield* refusal(own), { error: "invalid_target" });
      yield* api.adminCreateOAuthResource({ headers, body: { identifier, accessTokenTtl: 60 } });
      assert.deepInclude(yield* refusal(own), { error: "invalid_target" });
      yield* api.adminLinkClientResource({ headers, params: { identifier, client_id: id } });

      const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ""));
      const verified = (token: string) =>
        Effect.promise(() => jwtVerify(token, keys, { issuer: url, audience: identifier, typ: "at+jwt" }));
      const { payload } = yield* verified((yield* tokensOf(ann, config, asked)).access_token);
      assert.deepInclude(payload, { sub: ann.id, client_id: id, scope: "openid orders:read" });
      assert.strictEqual((payload.exp ?? 0) - (payload.iat ?? 0), 60);
      const machine = yield* Effect.promise(own);
      assert.deepInclude((yield* verified(machine.access_token)).payload, { client_id: id, scope: "orders:read" });
      assert.isTrue(yield* isActive(config, machine.access_token));
      yield* api.adminUpdateOAuthResource({ headers, params: { identifier }, body: { disabled: true } });
      assert.deepInclude(yield* refusal(own), { error: "invalid_target" });
      assert.strictEqual(at(yield* api.adminDeleteOAuthResource({ headers, params: { identifier } }), "deleted"), true);
    }),
  );

  it.effect("AUTH-8: of two redemptions of a code one is granted, and its tokens end", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { config } = yield* confidential();
      const sql = yield* superuser;
      for (let round = 0; round < rounds; round++) {
        const flow = yield* begun(config);
        const back = yield* returned(ann, flow);
        const redeem = refusal(() => oauth.authorizationCodeGrant(config, back, flow.checks));
        const both = yield* atWrite(sql, "iam_verifications", [redeem, redeem], hasty);
        const [winner, ...more] = both.flatMap((each) => ("granted" in each ? [each.granted] : []));
        assert.lengthOf(more, 0);
        assert.deepInclude(both, { status: 400, error: "invalid_grant" });
        assert.isFalse(yield* isActive(config, text(winner, "access_token")));
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-8: two refreshes of one token at once are told the same", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { config } = yield* confidential();
      const sql = yield* superuser;
      let token = (yield* tokensOf(ann, config)).refresh_token ?? "";
      for (let round = 0; round < rounds; round++) {
        const refresh = Effect.promise(() => oauth.refreshTokenGrant(config, token));
        const [one, other] = yield* atWrite(sql, "iam_oauth_refresh_tokens", [refresh, refresh], patient);
        assert.strictEqual(one?.refresh_token, other?.refresh_token);
        assert.isTrue(yield* isActive(config, one?.access_token));
        token = one?.refresh_token ?? "";
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-8: two consents at once are one, and both lead back to the client", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const sql = yield* superuser;
      for (let round = 0; round < rounds; round++) {
        const { id, config } = yield* confidential();
        const flow = yield* begun(config);
        const page = leadsTo(yield* ann.follow(flow.url.href));
        const sides = [consent(ann, page, true), consent(ann, page, true)];
        for (const back of yield* atWrite(sql, "iam_oauth_consents", sides, patient)) {
          const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
          assert.strictEqual(tokens.claims()?.sub, ann.id);
        }
        assert.lengthOf(yield* sql`select id from iam_oauth_consents where client_id = ${id}`, 1);
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-8: two that sign for the first time at once make one key", () =>
    Effect.gen(function* () {
      const { url } = yield* Listening;
      const sql = yield* superuser;
      for (let round = 0; round < rounds; round++) {
        yield* sql`delete from iam_signing_keys`;
        const ask = Effect.promise(async () => (await fetch(`${url}/api/auth/jwks`)).json());
        const [one, other] = yield* atWrite(sql, "iam_signing_keys", [ask, ask], hasty);
        assert.isUndefined(at(one, "keys", 1));
        assert.isString(at(one, "keys", 0, "kid"));
        assert.deepStrictEqual(one, other);
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-6: a signed token that is not the server's is a token that nobody knows", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Listening;
      const { ann } = yield* Parties;
      const { config, id } = yield* confidential();
      const { privateKey } = yield* Effect.promise(() => generateKeyPair("ES256"));
      const tokens = yield* tokensOf(ann, config);
      const own = decodeProtectedHeader(tokens.id_token ?? "");
      const signed = (header: JWTHeaderParameters) =>
        new SignJWT({ azp: id }).setProtectedHeader(header).setIssuer(url).setExpirationTime("1h").sign(privateKey);
      const foreign = yield* Effect.promise(() =>
        Promise.all([
          signed({ alg: "ES256" }),
          signed({ alg: "ES256", kid: "signing_key_01h455vb4pex5vsknk084sn02q" }),
          signed({ alg: "ES256", kid: own.kid ?? "" }),
        ]),
      );
      const { token: elsewhere } = yield* api.signJWT({ body: { payload: { iss: "https://other.example", azp: id } } });
      for (const token of [
        ...foreign,
        elsewhere,
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJhbGciOiJFUzI1NiJ9..",
        tokens.id_token ?? "",
      ]) {
        assert.isFalse(yield* isActive(config, token), token);
        yield* Effect.promise(() => oauth.tokenRevocation(config, token));
        assert.deepStrictEqual(
          yield* refusal(() => oauth.fetchUserInfo(config, token, ann.id)),
          { status: 401 },
          token,
        );
      }
    }),
  );
});
