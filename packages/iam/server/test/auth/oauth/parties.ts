/** Who takes part in a flow of OAuth: people in their browsers, the client, and what the pages do in between. */
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as oauth from "openid-client";
import { at, type Browser, granted, text } from "../browser.ts";
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

/** An administrator, and two users. */
export class Parties extends Context.Service<
  Parties,
  Readonly<Record<"root" | "ann" | "bob", Effect.Success<ReturnType<typeof person>>>>
>()("test/auth/oauth/Parties") {
  static readonly layer = Layer.effect(
    Parties,
    Effect.all({ root: person("root", "admin"), ann: person("ann", "user"), bob: person("bob", "user") }),
  ).pipe(Layer.provideMerge(listening));
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

/** Registers a client as an administrator does; its answer is the one that has the secret. */
export const registered = Effect.fnUntraced(function* (metadata: Readonly<Record<string, unknown>> = {}) {
  const { root } = yield* Parties;
  const answer = yield* root.post("/oauth2/create-client", {
    client_name: "Client",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    scope: "openid profile email offline_access",
    ...metadata,
  });
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body));
  return { id: text(answer.body, "client_id"), secret: at(answer.body, "client_secret") };
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
