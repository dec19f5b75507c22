/** Who takes part in a flow of OAuth: people in their browsers, the client, and what the pages do in between. */
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as oauth from "openid-client";
import { at, type Browser, granted } from "../browser.ts";
import { Listening, listening } from "../listening.ts";

/** Where clients want people back. Nobody listens there: the address that a browser is sent to is read. */
export const callback = "https://client.example.com/callback";

/** A user whom the server itself made, at the server. */
const person = Effect.fnUntraced(function* (name: string, role: "admin" | "user") {
  const { api } = yield* Auth.Auth;
  const { open } = yield* Listening;
  const email = `${name}@example.com`;
  const { user } = yield* api.createUser({
    body: { name, email, password: IamTest.password, role, data: { emailVerified: true } },
  });
  const signedOut = () => ({ ...open(), id: user.id, name, email });
  const signedIn = Effect.suspend(() => {
    const browser = signedOut();
    return Effect.map(browser.post("/sign-in/email", { email, password: IamTest.password }), (answer) => {
      granted(answer);
      return browser;
    });
  });
  return { ...(yield* signedIn), signedOut, signedIn };
});

/** An administrator, and three users. */
export class Parties extends Context.Service<
  Parties,
  Readonly<Record<"root" | "ann" | "bob" | "cat", Effect.Success<ReturnType<typeof person>>>>
>()("test/auth/oauth/Parties") {
  /** At a server. */
  static readonly at = Layer.effect(
    Parties,
    Effect.all({
      root: person("root", "admin"),
      ann: person("ann", "user"),
      bob: person("bob", "user"),
      cat: person("cat", "user"),
    }),
  );

  static readonly layer = Layer.provideMerge(Parties.at, listening);
}

/** An address to which a browser is sent: of a redirection, or in the answer to a script. */
export const leadsTo = (answer: {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}): URL => {
  const address = answer.headers.get("location") ?? at(answer.body, "url");
  if (typeof address !== "string") throw new Error(`${answer.status} ${JSON.stringify(answer.body)} leads nowhere.`);
  return new URL(address, "http://localhost");
};

/** The query of a page's address as it is sent back with what the page asked for: signed, and so as it came. */
export const queryOf = ({ search }: URL): string => search.slice(1);

/** What the page to sign in does with its query. */
export const signIn = (browser: Browser, page: URL, email: string) =>
  Effect.map(
    browser.post("/sign-in/email", { email, password: IamTest.password, oauth_query: queryOf(page) }),
    leadsTo,
  );

/** What the page of consent does with its query. */
export const consent = (browser: Browser, page: URL, accept: boolean, scope?: string) =>
  Effect.map(browser.post("/oauth2/consent", { accept, oauth_query: queryOf(page), ...(scope && { scope }) }), leadsTo);

type Registration = Parameters<Auth.Auth["Service"]["api"]["adminCreateOAuthClient"]>[0]["body"];

/** Registers a client as an operator does. */
export const registered = Effect.fnUntraced(function* (metadata: Registration = {}) {
  const { api } = yield* Auth.Auth;
  const { root } = yield* Parties;
  const { client_id, client_secret } = yield* api.adminCreateOAuthClient({
    headers: root.headers(),
    body: {
      client_name: "Client",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      scope: "openid profile email offline_access",
      ...metadata,
    },
  });
  return { id: client_id, secret: client_secret };
});

/** A confidential client, and its side of the flow. */
export const confidential = Effect.fnUntraced(function* (metadata: Registration = {}) {
  const { id, secret } = yield* registered(metadata);
  return { id, secret, config: yield* discovered(id, oauth.ClientSecretBasic(secret)) };
});

/** The client's side, after it has looked up what the server can do. */
export const discovered = Effect.fnUntraced(function* (
  id: string,
  authentication: oauth.ClientAuth = oauth.None(),
  algorithm: "oidc" | "oauth2" = "oidc",
) {
  const { url } = yield* Listening;
  return yield* Effect.promise(() =>
    oauth.discovery(new URL(url), id, {}, authentication, { algorithm, execute: [oauth.allowInsecureRequests] }),
  );
});

/** What a client is refused. */
export const refusal = (ask: () => Promise<unknown>) =>
  Effect.promise(async () => {
    try {
      return { granted: await ask() };
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError) return { status: error.status, error: error.error };
      if (error instanceof oauth.AuthorizationResponseError) return { error: error.error };
      if (error instanceof oauth.WWWAuthenticateChallengeError) return { status: error.status };
      throw error;
    }
  });

/** What a client keeps while somebody is away to sign in. */
export interface Begun {
  readonly url: URL;
  readonly checks: {
    readonly pkceCodeVerifier: string;
    readonly expectedState: string;
    readonly expectedNonce: string;
    readonly idTokenExpected: true;
  };
}

/** Begins a flow: where the browser is to be sent. */
export const begun = (config: oauth.Configuration, more: Readonly<Record<string, string>> = {}): Effect.Effect<Begun> =>
  Effect.promise(async () => {
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [oauth.randomState(), oauth.randomNonce()];
    const url = oauth.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: "openid profile email offline_access",
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
      nonce: expectedNonce,
      ...more,
    });
    return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
  });

/** Where somebody who is signed in comes back to, having consented where that is asked. */
export const returned = Effect.fnUntraced(function* (browser: Browser, { url }: Pick<Begun, "url">) {
  const next = leadsTo(yield* browser.follow(url.href));
  return next.pathname === "/consent" ? yield* consent(browser, next, true) : next;
});

/** The tokens of somebody who is signed in. */
export const tokensOf = Effect.fnUntraced(function* (
  browser: Browser,
  config: oauth.Configuration,
  more: Readonly<Record<string, string>> = {},
) {
  const flow = yield* begun(config, more);
  const back = yield* returned(browser, flow);
  return yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
});

/** Whether a token is worth anything, as the client itself is told. */
export const isActive = (config: oauth.Configuration, token: string | undefined) =>
  Effect.promise(async () => (await oauth.tokenIntrospection(config, token ?? "")).active);
