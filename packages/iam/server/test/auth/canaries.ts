/**
 * Every flow in which there is a secret, over HTTP, with all that was answered: what the flows were given, canaries which
 * nobody else has, and what they were told.
 */
import { randomBytes } from "node:crypto";
import { Auth } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { type Answer, type Browser, browserOf, organizationOf, text } from "./browser.ts";
import { connected, directory, userOf } from "./directory.ts";
import { Listening } from "./listening.ts";
import { callback, leadsTo, queryOf } from "./oauth/parties.ts";
import { oidcConfig } from "./sso/idleProvider.ts";
import { keyPair, samlProvider } from "./sso/samlProvider.ts";
import { codeNow } from "./totp.ts";

/** What was asked, and what was answered. */
export interface Exchange {
  readonly asked: string;
  /** The credentials that came with the question. */
  readonly presented: string;
  readonly answered: string;
}

/** What a secret is called, by the secret. */
export type Secrets = ReadonlyMap<string, string>;

/** What the flows leave. */
export interface Swept {
  readonly exchanges: ReadonlyArray<Exchange>;
  /** What only the flows knew: no answer has it. */
  readonly planted: Secrets;
  /** What an answer or a cookie told first: no other answer has it. */
  readonly told: Secrets;
}

/** Members of answers that hold secrets, at whatever depth. */
const members: ReadonlySet<string> = new Set([
  "access_token",
  "backupCodes",
  "clientSecret",
  "client_secret",
  "device_code",
  "id_token",
  "key",
  "nonce",
  "refresh_token",
  "token",
  "totpURI",
  "user_code",
]);

/** What is shorter may stand anywhere by chance, and a digest is no secret. */
const isSecret = (value: string): boolean => value.length >= 8 && !value.startsWith("digest:1:");

const secretsIn = (name: string, value: unknown): ReadonlyArray<readonly [secret: string, name: string]> => {
  if (Array.isArray(value)) return value.flatMap((part) => secretsIn(name, part));
  if (value instanceof Object) return Object.entries(value).flatMap(([inner, part]) => secretsIn(inner, part));
  if (typeof value !== "string") return [];
  if (name === "url") {
    const code = URL.canParse(value) ? new URL(value).searchParams.get("code") : null;
    return code === null ? [] : [[code, "code"]];
  }
  const secret = value.startsWith("otpauth:") ? (new URL(value).searchParams.get("secret") ?? "") : value;
  return members.has(name) && isSecret(secret) ? [[secret, name]] : [];
};

const cookiesIn = (headers: Headers): ReadonlyArray<readonly [secret: string, name: string]> =>
  headers.getSetCookie().flatMap((cookie) => {
    const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(cookie) ?? [];
    const [secret = ""] = decodeURIComponent(value).split(".");
    return secret.length > 15 ? [[secret, name] as const] : [];
  });

/** The answer's body, when the request was granted: with 200, 201 or 204. */
const granted = ({ body, status }: Answer): unknown => {
  assert.isBelow(status, 300, JSON.stringify(body));
  return body;
};

/** A line in the middle of a key, which is in it however it is written. */
const lineOf = (pem: string): string => pem.split("\n")[5] ?? "";

/** Runs the flows. */
export const swept = Effect.gen(function* () {
  const { url } = yield* Listening;
  const { api } = yield* Auth.Auth;
  const { next } = yield* IamTest.Mailbox;
  const exchanges: Array<Exchange> = [];
  const planted = new Map<string, string>();
  const told = new Map<string, string>();

  const plant = (name: string): string => {
    const canary = `Canary-${randomBytes(18).toString("base64url")}`;
    planted.set(canary, name);
    return canary;
  };

  const send = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const presented = ["cookie", "authorization", "x-api-key"].map((name) => request.headers.get(name) ?? "");
    const response = await fetch(request, { redirect: "manual" });
    const answered = await response.clone().text();
    exchanges.push({
      asked: `${request.method} ${pathname.replace("/api/auth", "")}`,
      // The code that a device shows is what a browser asks about.
      presented: decodeURIComponent([...presented, pathname.endsWith("/device") ? search : ""].join(" ")),
      answered,
    });
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    const secrets = [
      ...cookiesIn(response.headers),
      ...(isJson && answered !== "" ? secretsIn("", JSON.parse(answered)) : []),
    ];
    for (const [secret, name] of secrets) if (!told.has(secret)) told.set(secret, `${name} of ${pathname}`);
    return response;
  };
  const open = () => browserOf(url, (request) => Effect.promise(() => send(request)));

  /** What a client asks by a form. */
  const form = (path: string, fields: Readonly<Record<string, string>>, id: string, secret: string) =>
    Effect.promise(async () => {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
      const body = new URLSearchParams(fields);
      const response = await send(
        new Request(`${url}/api/auth${path}`, { method: "POST", headers: { authorization }, body }),
      );
      assert.strictEqual(response.status, 200, path);
      const answer: unknown = JSON.parse((await response.text()) || "null");
      return answer;
    });

  const link = Effect.map(next, (message) => {
    const href = IamTest.linkIn(message);
    const { pathname, searchParams } = new URL(href);
    const token = searchParams.get("token") ?? pathname.split("/").at(-1) ?? "";
    planted.set(token, "a mailed token");
    return { href, token };
  });

  const someone = Effect.fnUntraced(function* (name: string, role: "admin" | "user") {
    const password = plant(`the password of ${name}`);
    const email = `${name}@example.com`;
    yield* api.createUser({ body: { name, email, password, role, data: { emailVerified: true } } });
    const browser = open();
    granted(yield* browser.post("/sign-in/email", { email, password }));
    return { ...browser, email, password };
  });

  const passwords = Effect.gen(function* () {
    const [first, second, third] = [plant("a first password"), plant("a second one"), plant("a third one")];
    const wrong = plant("a password that is wrong");
    const email = "canary@example.com";
    const person = open();
    granted(yield* person.post("/sign-up/email", { name: "canary", email, password: first }));
    yield* person.follow((yield* link).href);
    yield* person.post("/sign-in/email", { email, password: wrong });
    // Who types the password where the name is asked for.
    yield* person.post("/sign-in/username", { username: first, password: first });
    granted(yield* person.post("/sign-in/email", { email, password: first }));
    granted(yield* person.post("/change-password", { currentPassword: first, newPassword: second }));
    granted(yield* person.post("/request-password-reset", { email, redirectTo: "/" }));
    const { token } = yield* link;
    granted(yield* person.post("/reset-password", { token, newPassword: third }));
    granted(yield* person.post("/sign-in/magic-link", { email }));
    const other = open();
    yield* other.follow((yield* link).href);
    granted(yield* person.post("/sign-in/email", { email, password: third }));
    for (const path of ["/get-session", "/list-sessions", "/multi-session/list-device-sessions", "/list-accounts"]) {
      granted(yield* person.get(path));
    }
    granted(yield* person.get("/one-time-token/generate"));
    granted(yield* person.get("/token"));
    granted(yield* person.post("/siwe/nonce"));
    return { person, password: third, email };
  });

  const secondFactor = Effect.fnUntraced(function* ({
    email,
    password,
    person,
  }: {
    readonly email: string;
    readonly password: string;
    readonly person: Browser;
  }) {
    const enabled = granted(yield* person.post("/two-factor/enable", { password }));
    const uri = text(enabled, "totpURI");
    granted(yield* person.post("/two-factor/verify-totp", { code: codeNow(uri) }));
    granted(yield* person.post("/two-factor/get-totp-uri", { password }));
    const browser = open();
    granted(yield* browser.post("/sign-in/email", { email, password }));
    granted(yield* browser.post("/two-factor/verify-backup-code", { code: text(enabled, "backupCodes", 0) }));
    granted(yield* browser.post("/two-factor/generate-backup-codes", { password }));
    granted(yield* browser.get("/get-session"));
  });

  const keys = Effect.fnUntraced(function* (owner: Browser, organizationId: string) {
    for (const of of [{ configId: "default" }, { configId: "organization", organizationId }]) {
      const created = granted(yield* owner.post("/api-key/create", { name: "key", ...of }));
      const { configId } = of;
      const query = { id: text(created, "id"), configId };
      granted(yield* owner.get("/api-key/get", query));
      granted(yield* owner.get("/api-key/list", of));
      granted(yield* owner.post("/api-key/update", { keyId: query.id, configId, name: "renamed" }));
    }
  });

  const providers = Effect.fnUntraced(function* (owner: Browser, organizationId: string) {
    const clientSecret = plant("the client's secret at a provider");
    const oidc = { providerId: "canary-oidc", issuer: "https://login.canary.example", domain: "canary.example" };
    granted(
      yield* owner.post("/sso/register", { ...oidc, organizationId, oidcConfig: { ...oidcConfig, clientSecret } }),
    );
    const own = yield* keyPair("iam");
    planted.set(lineOf(own.privateKey), "the key that signs requests to a provider");
    const saml = samlProvider("https://saml.canary.example", yield* keyPair("canary"));
    const samlConfig = {
      entryPoint: "https://saml.canary.example/sign-in",
      idpMetadata: { metadata: saml.metadata },
      spMetadata: { privateKey: own.privateKey },
    };
    const provider = { providerId: "canary-saml", issuer: `${url}/saml`, domain: "saml.canary.example" };
    granted(yield* owner.post("/sso/register", { ...provider, organizationId, samlConfig }));
    granted(yield* owner.get("/sso/providers"));
    const { providerId } = oidc;
    const changed = { clientSecret: plant("another secret at the provider") };
    granted(yield* owner.post("/sso/update-provider", { providerId, oidcConfig: changed }));
    for (const each of [providerId, provider.providerId]) {
      granted(yield* owner.get("/sso/get-provider", { providerId: each }));
    }
    granted(yield* owner.post("/sso/request-domain-verification", { providerId }));
    assert.strictEqual((yield* owner.get("/sso/saml2/sp/metadata", { providerId: provider.providerId })).status, 200);
  });

  const clients = Effect.fnUntraced(function* (root: Browser, person: Browser) {
    const metadata = {
      client_name: "Client",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      scope: "openid email offline_access",
    };
    const created = granted(yield* root.post("/oauth2/create-client", metadata));
    const client_id = text(created, "client_id");
    // Strangers register nothing here.
    assert.isAbove((yield* open().post("/oauth2/register", metadata)).status, 399);
    granted(yield* root.get("/oauth2/get-clients"));
    granted(yield* root.get("/oauth2/get-client", { client_id }));
    granted(yield* root.post("/oauth2/update-client", { client_id, update: { client_name: "Renamed" } }));
    const secret = text(granted(yield* root.post("/oauth2/client/rotate-secret", { client_id })), "client_secret");
    granted(yield* root.get("/oauth2/get-client", { client_id }));

    const code_verifier = plant("what a client proves its request by");
    const challenge = yield* Effect.promise(() => crypto.subtle.digest("SHA-256", Buffer.from(code_verifier)));
    const page = leadsTo(
      yield* person.get("/oauth2/authorize", {
        client_id,
        redirect_uri: callback,
        response_type: "code",
        scope: metadata.scope,
        code_challenge: Buffer.from(challenge).toString("base64url"),
        code_challenge_method: "S256",
      }),
    );
    const back = leadsTo(yield* person.post("/oauth2/consent", { accept: true, oauth_query: queryOf(page) }));
    const code = back.searchParams.get("code") ?? assert.fail(back.href);
    const grant = { grant_type: "authorization_code", code, redirect_uri: callback, code_verifier };
    const tokens = yield* form("/oauth2/token", grant, client_id, secret);
    const refresh_token = text(tokens, "refresh_token");
    const renewed = yield* form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, client_id, secret);
    for (const name of ["access_token", "refresh_token"]) {
      yield* form("/oauth2/introspect", { token: text(renewed, name) }, client_id, secret);
    }
    const bearer = open();
    bearer.bear(text(renewed, "access_token"));
    granted(yield* bearer.get("/oauth2/userinfo"));
    granted(yield* person.get("/oauth2/get-consents"));
    yield* form("/oauth2/revoke", { token: text(renewed, "refresh_token") }, client_id, secret);

    const asked = granted(yield* open().post("/device/code", { client_id: "television" }));
    granted(yield* person.get("/device", { user_code: text(asked, "user_code") }));
    granted(yield* person.post("/device/approve", { userCode: text(asked, "user_code") }));
    granted(
      yield* open().post("/device/token", {
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: text(asked, "device_code"),
        client_id: "television",
      }),
    );
  });

  const directories = Effect.fnUntraced(function* (organizationId: string) {
    const provisioningDomainId = SharedEntityIds.OrganizationId.make(organizationId);
    const issued = yield* connected(provisioningDomainId);
    const ofConnection = { provisioningDomainId, connectionId: issued.connection.connectionId };
    const rotated = yield* api.rotateSCIMManagedCredential({
      body: {
        ...ofConnection,
        actorId: "test",
        scopes: issued.credential.scopes,
        expiresAt: issued.credential.expiresAt,
      },
    });
    for (const { token } of [issued, rotated]) planted.set(token, "the token of a directory");
    const listed = [
      yield* api.listSCIMManagedConnections({ body: { provisioningDomainId } }),
      yield* api.getSCIMManagedConnection({ body: ofConnection }),
    ];
    exchanges.push({ asked: "the operator's own look", presented: "", answered: JSON.stringify(listed) });
    const asked = directory(url, rotated.token);
    for (const answer of [yield* asked("POST", "/Users", userOf("dir")), yield* asked("GET", "/Users")]) {
      assert.isBelow(answer.status, 300);
      exchanges.push({ asked: "SCIM", presented: "", answered: JSON.stringify(answer.body) });
    }
  });

  const administration = Effect.fnUntraced(function* (root: Browser) {
    const [first, second] = [plant("a password that an administrator set"), plant("another such")];
    const account = { name: "made", email: "made@example.com", password: first, role: "user" };
    const userId = text(granted(yield* root.post("/admin/create-user", account)), "user", "id");
    granted(yield* root.post("/admin/set-user-password", { userId, newPassword: second }));
    granted(yield* root.post("/admin/impersonate-user", { userId }));
    granted(yield* root.post("/admin/stop-impersonating"));
    granted(yield* root.post("/admin/list-user-sessions", { userId }));
    granted(yield* root.get("/admin/list-users"));
  });

  const root = yield* someone("root", "admin");
  const owner = yield* someone("owner", "user");
  const { id: organizationId } = yield* organizationOf(owner, "canary");
  const person = yield* passwords;
  yield* keys(owner, organizationId);
  yield* providers(owner, organizationId);
  yield* clients(root, owner);
  yield* directories(organizationId);
  yield* administration(root);
  yield* secondFactor(person);
  return { exchanges, planted, told } satisfies Swept;
});

/** What an answer may tell again, as the package's page says: to who gives the password once more. */
const again: Readonly<Record<string, string>> = {
  "POST /two-factor/get-totp-uri": "totpURI of /api/auth/two-factor/enable",
};

/** What was shown that was not to be: a planted secret ever, and one that an answer told in any other answer. */
export const shown = ({ exchanges, planted, told }: Swept): ReadonlyArray<string> => [
  ...[...planted].flatMap(([secret, name]) =>
    exchanges.filter(({ answered }) => answered.includes(secret)).map(({ asked }) => `${asked} shows ${name}`),
  ),
  ...[...told].flatMap(([secret, name]) =>
    exchanges
      .filter(({ answered }) => answered.includes(secret))
      .slice(1)
      // Who presents a credential, and so has it, may be told which one it was.
      .filter(({ asked, presented }) => !presented.includes(secret) && again[asked] !== name)
      .map(({ asked }) => `${asked} shows ${name} again`),
  ),
];
