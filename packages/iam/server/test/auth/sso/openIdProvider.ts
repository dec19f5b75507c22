/** A company's OpenID provider: panva's `oidc-provider`, at which whoever is next signs in without being asked. */
import * as Effect from "effect/Effect";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import { httpServer } from "./server.ts";

/** Somebody whom it knows. */
export interface Person {
  readonly sub: string;
  readonly email: string;
  readonly email_verified?: boolean;
  readonly name: string;
}

export const client = { clientId: "iam", clientSecret: "a secret between the two, and nobody else" } as const;

/** Starts it. The scope stops it. */
export const openIdProvider = Effect.fnUntraced(function* (redirectUri: string) {
  const { origin, listen } = yield* httpServer;
  const { privateKey } = yield* Effect.promise(() => generateKeyPair("ES256", { extractable: true }));
  const key = { ...(yield* Effect.promise(() => exportJWK(privateKey))), alg: "ES256", kid: "first", use: "sig" };
  const people = new Map<string, Person>();
  let next = "";

  const provider = new Provider(origin, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["of no consequence here"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...people.get(sub), sub }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        ...(oidc.client && { clientId: oidc.client.clientId }),
        ...(oidc.account && { accountId: oidc.account.accountId }),
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  listen((request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void answer(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: next } });
  });

  return {
    issuer: origin,
    /** What a browser does there: from the address where it is sent to the one where it is sent back. */
    signIn: (person: Person, address: string): Effect.Effect<string> =>
      Effect.promise(async () => {
        people.set(person.sub, person);
        next = person.sub;
        const cookies = new Map<string, string>();
        let location = address;
        while (location.startsWith(origin)) {
          const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
          const response = await fetch(location, { redirect: "manual", headers: { cookie } });
          for (const set of response.headers.getSetCookie()) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
            cookies.set(name, value);
          }
          const to = response.headers.get("location");
          if (to === null) throw new Error(`The provider answers ${response.status}: ${await response.text()}`);
          location = new URL(to, location).href;
        }
        return location;
      }),
  };
});
