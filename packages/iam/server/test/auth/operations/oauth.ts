import { OauthConsent, OauthResource } from "@beep/iam-domain/entities";
import { Auth } from "@beep/iam-server";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import type { OAuth } from "../../../src/auth/api/oauth.ts";
import { at, text } from "../browser.ts";
import { type Answers, answer, list } from "./answers.ts";
import { type Operations, person } from "./verified.ts";

const { Boolean, Literal, Literals, Number, String, Undefined, Unknown, optional } = Schema;

const texts = optional(list(String));
const client = answer({
  client_id: String,
  redirect_uris: list(String),
  client_id_issued_at: optional(Number),
  client_secret_expires_at: optional(Number),
  disabled: optional(Boolean),
  skip_consent: optional(Boolean),
  enable_end_session: optional(Boolean),
  reference_id: optional(String),
  client_name: optional(String),
  client_uri: optional(String),
  logo_uri: optional(String),
  contacts: texts,
  tos_uri: optional(String),
  policy_uri: optional(String),
  software_id: optional(String),
  software_version: optional(String),
  software_statement: optional(String),
  post_logout_redirect_uris: texts,
  backchannel_logout_uri: optional(String),
  backchannel_logout_session_required: optional(Boolean),
  grant_types: texts,
  response_types: optional(list(Literal("code"))),
  application_type: optional(Literals(["web", "native"])),
  scope: optional(String),
  token_endpoint_auth_method: optional(
    Literals(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
  ),
  jwks: optional(answer({ keys: list(Schema.Record(String, Unknown)) })),
  jwks_uri: optional(String),
  dpop_bound_access_tokens: optional(Boolean),
  // Never stated here: it is the installation's, of no subject type of its own, and always needs PKCE.
  user_id: optional(Undefined),
  require_pkce: optional(Undefined),
  subject_type: optional(Undefined),
  client_secret: optional(Undefined),
});
const own = { client_credentials_scopes: list(String) };
const withSecret = answer({ ...client.fields, client_secret: optional(String) });

const consent = answer(Struct.omit(OauthConsent.Model.select.fields, ["version"]));
const resource = answer(Struct.omit(OauthResource.Model.select.fields, ["version"]));

const answers = {
  createOAuthClient: withSecret,
  adminCreateOAuthClient: answer({ ...withSecret.fields, ...own }),
  getOAuthClient: client,
  getOAuthClients: list(client),
  getOAuthClientPublic: client,
  updateOAuthClient: client,
  adminUpdateOAuthClient: answer({ ...client.fields, ...own }),
  rotateClientSecret: withSecret,
  deleteOAuthClient: Undefined,
  getOAuthConsents: list(consent),
  getOAuthConsent: consent,
  updateOAuthConsent: consent,
  deleteOAuthConsent: Undefined,
  adminCreateOAuthResource: resource,
  adminListOAuthResources: list(resource),
  adminGetOAuthResource: resource,
  adminUpdateOAuthResource: resource,
  adminDeleteOAuthResource: answer({ deleted: Boolean }),
  adminLinkClientResource: answer({ linked: Boolean }),
  adminUnlinkClientResource: answer({ unlinked: Boolean }),
} satisfies Answers<keyof OAuth>;

const protocol = "An endpoint of the protocol, which a client or a browser asks over HTTP.";
const page = "It continues what a browser began at `oauth2Authorize`, and wants that request.";
const document = "A document of the protocol, which `IamHttp` serves where clients look for it.";

/** A request to a route of the protocol; what is answered, as JSON. */
const asked = Effect.fnUntraced(function* (path: string, sent: RequestInit) {
  const { handler } = yield* Auth.Auth;
  const headers = { ...Object.fromEntries(new Headers(sent.headers)), accept: "application/json" };
  const response = yield* handler(new Request(`http://localhost:3000/api/auth${path}`, { ...sent, headers }));
  const body: unknown = yield* Effect.promise(() => response.json());
  return body;
});

const posted = (path: string, body: unknown, headers = new Headers()) => {
  const sent = { ...Object.fromEntries(headers), "content-type": "application/json", origin: "http://localhost:3000" };
  return asked(path, { method: "POST", headers: sent, body: JSON.stringify(body) });
};

/** The code that a device shows: a program of one's own, which needs no registration, asks for it over HTTP. */
const shown = Effect.map(posted("/device/code", { client_id: "television" }), (body) => text(body, "user_code"));

/** Lets a client in, as the page of consent does. */
const consented = Effect.fnUntraced(function* (headers: Headers, client_id: string, redirect_uri: string) {
  const code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const request = { response_type: "code", scope: "openid email", code_challenge, code_challenge_method: "S256" };
  const query = new URLSearchParams({ ...request, client_id, redirect_uri });
  const page = text(yield* asked(`/oauth2/authorize?${query}`, { headers }), "url");
  yield* posted("/oauth2/consent", { accept: true, oauth_query: page.slice(page.indexOf("?") + 1) }, headers);
});

/** Clients, resources and consents. */
export const oauth = {
  title: "OAuth",
  answers,
  leftOut: {
    getOAuthServerConfig: document,
    getOpenIdConfig: document,
    oauth2Authorize: protocol,
    oauth2Token: protocol,
    oauth2Introspect: protocol,
    oauth2Revoke: protocol,
    oauth2UserInfo: protocol,
    oauth2EndSession: protocol,
    oauth2EndSessionConfirmation: protocol,
    registerOAuthClient: protocol,
    oauth2Consent: page,
    oauth2Continue: page,
    getOAuthClientPublicPrelogin: page,
    verifyAccessToken: "It is what `Auth.principal` asks, which also asks whether the user may act.",
  },
  scenario: Effect.fnUntraced(function* (api: Operations) {
    const { headers } = yield* person("olga", "admin");
    const redirect_uri = "https://client.example.com/callback";
    const redirect_uris = [redirect_uri];
    const { client_id } = yield* api.createOAuthClient({ headers, body: { client_name: "Shop", redirect_uris } });
    const trusted = yield* api.adminCreateOAuthClient({
      headers,
      body: {
        redirect_uris,
        token_endpoint_auth_method: "none",
        application_type: "native",
        skip_consent: true,
        enable_end_session: true,
        metadata: {},
      },
    });
    assert.isUndefined(trusted.client_secret);
    yield* api.getOAuthClient({ headers, query: { client_id } });
    const clients = yield* api.getOAuthClients({ headers });
    assert.includeMembers(
      clients.map((each) => each.client_id),
      [client_id, trusted.client_id],
    );
    const update = { client_name: "The shop", scope: "openid email" };
    yield* api.updateOAuthClient({ headers, body: { client_id, update } });
    yield* api.adminUpdateOAuthClient({ headers, body: { client_id, update: { enable_end_session: true } } });
    const { client_secret } = yield* api.rotateClientSecret({ headers, body: { client_id } });
    assert.match(client_secret ?? "", /^iam_cs_/);

    const identifier = "https://orders.example.com/";
    yield* api.adminCreateOAuthResource({ headers, body: { identifier, accessTokenTtl: 60 } });
    yield* api.adminListOAuthResources({ headers });
    yield* api.adminGetOAuthResource({ headers, params: { identifier } });
    yield* api.adminUpdateOAuthResource({ headers, params: { identifier }, body: { name: "Orders", disabled: true } });
    yield* api.adminLinkClientResource({ headers, params: { identifier, client_id } });
    yield* api.adminUnlinkClientResource({ headers, params: { identifier, client_id } });
    yield* api.adminDeleteOAuthResource({ headers, params: { identifier } });

    const pam = yield* person("pam");
    yield* api.getOAuthClientPublic({ headers: pam.headers, query: { client_id } });
    yield* consented(pam.headers, client_id, redirect_uri);
    const [given] = yield* api.getOAuthConsents({ headers: pam.headers });
    const id = given?.id ?? assert.fail("There is no consent.");
    yield* api.getOAuthConsent({ headers: pam.headers, query: { id } });
    yield* api.updateOAuthConsent({ headers: pam.headers, body: { id, update: { scopes: ["openid"] } } });
    yield* api.deleteOAuthConsent({ headers: pam.headers, body: { id } });
    yield* api.deleteOAuthClient({ headers, body: { client_id } });

    const { keys } = yield* api.getJwks({});
    assert.deepInclude(at(keys, 0), { alg: "ES256" });
    const { token } = yield* api.getToken({ headers: pam.headers });
    const { payload } = yield* api.verifyJWT({ body: { token } });
    assert.deepInclude(payload, { sub: pam.id, email: pam.email, iss: "http://localhost:3000" });
    yield* api.verifyJWT({ body: { token: (yield* api.signJWT({ body: { payload: { sub: "job" } } })).token } });
    assert.deepStrictEqual(yield* api.verifyJWT({ body: { token: "nonsense" } }), { payload: null });

    const [one, other] = [yield* shown, yield* shown];
    yield* api.deviceVerify({ query: { user_code: one } });
    for (const user_code of [one, other]) yield* api.deviceVerify({ headers: pam.headers, query: { user_code } });
    yield* api.deviceApprove({ headers: pam.headers, body: { userCode: one } });
    yield* api.deviceDeny({ headers: pam.headers, body: { userCode: other } });
  }),
};
