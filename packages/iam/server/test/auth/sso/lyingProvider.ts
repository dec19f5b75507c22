/** An OpenID provider that says whatever a test wants: what an honest one cannot be made to say. */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as Effect from "effect/Effect";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { httpServer } from "./server.ts";

/** What it says next; an honest answer where nothing is stated. */
export interface Lie {
  /** Claims that are other than they should be; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signed?: "by another key" | "not" | "with the public key as a secret";
  /** What the userinfo endpoint says besides. */
  readonly userInfo?: Readonly<Record<string, unknown>> | "hangs up";
  /** The token endpoint answers when it is told to, without an ID token, or an error, or nothing at all, or sends elsewhere. */
  readonly token?: "late" | "without an ID token" | "an error" | "nothing" | "a redirection" | "no JSON";
}

const withDefined = (claims: Readonly<Record<string, unknown>>): JWTPayload =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));

const json = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** Starts it. The scope stops it. */
export const lyingProvider = Effect.gen(function* () {
  const { origin, listen } = yield* httpServer;
  const [own, other] = yield* Effect.promise(() =>
    Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")] as const),
  );
  const publicKey = {
    ...(yield* Effect.promise(() => exportJWK(own.publicKey))),
    kid: "own",
    alg: "ES256",
    use: "sig",
  };
  const publicText = yield* Effect.promise(() => exportSPKI(own.publicKey));
  let claims: Readonly<Record<string, unknown>> = {};
  let who: Readonly<Record<string, unknown>> = {};
  let lie: Lie = {};

  const idToken = async (): Promise<string> => {
    const payload = withDefined({ ...claims, ...lie.claims });
    if (lie.signed === "not") return new UnsecuredJWT(payload).encode();
    if (lie.signed === "with the public key as a secret") {
      const token = new SignJWT(payload).setProtectedHeader({ alg: "HS256", kid: "own" });
      return token.sign(new TextEncoder().encode(publicText));
    }
    const key = lie.signed === "by another key" ? other.privateKey : own.privateKey;
    return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: "own" }).sign(key);
  };

  const [untilTold, untilInformed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const token = async (response: ServerResponse): Promise<void> => {
    const tokens = { access_token: "an access token", token_type: "Bearer", expires_in: 60 };
    switch (lie.token) {
      case "nothing":
        return;
      case "an error":
        return json(response, 400, { error: "invalid_grant", error_description: "the code is of another client" });
      case "a redirection":
        return void response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
      case "no JSON":
        return void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
      case "without an ID token":
        return json(response, 200, tokens);
      case "late":
        await untilTold.promise;
        return json(response, 200, { ...tokens, id_token: await idToken() });
      default:
        return json(response, 200, { ...tokens, id_token: await idToken() });
    }
  };

  /** What the discovery document says, where a test has it registered by discovery. */
  let discovery: Readonly<Record<string, unknown>> | "a redirection" = {};
  const routes: Readonly<Record<string, (response: ServerResponse) => void>> = {
    "/.well-known/openid-configuration": (response) =>
      discovery === "a redirection"
        ? void response.writeHead(302, { location: "http://169.254.169.254/latest" }).end()
        : json(response, 200, {
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            jwks_uri: `${origin}/jwks`,
            ...discovery,
          }),
    "/jwks": (response) => json(response, 200, { keys: [publicKey] }),
    "/token": (response) => void token(response),
    "/userinfo": (response) => {
      response.once("close", () => untilInformed.resolve());
      return lie.userInfo === "hangs up"
        ? void response.destroy()
        : json(response, 200, { ...withDefined({ ...claims, ...lie.claims, ...who }), ...lie.userInfo });
    },
  };
  listen((request: IncomingMessage, response) =>
    (routes[request.url ?? ""] ?? ((none) => json(none, 404, {})))(response),
  );

  return {
    issuer: origin,
    /** As somebody registers it who states everything. */
    configuration: {
      clientId: "iam",
      clientSecret: "of no consequence here",
      skipDiscovery: true,
      authorizationEndpoint: `${origin}/authorize`,
      tokenEndpoint: `${origin}/token`,
      jwksEndpoint: `${origin}/jwks`,
      userInfoEndpoint: `${origin}/userinfo`,
    },
    /** Lets the late answer go, and waits until all is said. */
    answerAtLast: Effect.suspend(() => {
      untilTold.resolve();
      return Effect.promise(() => untilInformed.promise);
    }),
    /** Says how the discovery document lies from now on. */
    discovered: (how: typeof discovery): void => {
      discovery = how;
    },
    /** Says who signs in at the address where the browser was sent, and how it lies; answers where it sends back. */
    signIn: (address: string, person: { readonly sub: string; readonly email: string }, how: Lie = {}): string => {
      const asked = new URL(address).searchParams;
      const now = Math.floor(Date.now() / 1000);
      claims = {
        ...person,
        name: person.sub,
        iss: origin,
        aud: asked.get("client_id"),
        nonce: asked.get("nonce") ?? undefined,
        iat: now,
        exp: now + 60,
      };
      who = person;
      lie = how;
      const back = new URL(asked.get("redirect_uri") ?? "");
      back.searchParams.set("code", "a code");
      back.searchParams.set("state", asked.get("state") ?? "");
      return back.href;
    },
  };
});
