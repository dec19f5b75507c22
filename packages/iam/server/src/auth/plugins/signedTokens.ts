/**
 * Tokens that others verify by the published keys, signed by Better Auth's plugin with the keys of `SigningKeys`. What the
 * plugin has of a life of keys is not used: it is told of one key that it may sign with, and of the others as over.
 */
import { SigningKeyLife } from "@beep/iam-domain";
import { createAuthMiddleware } from "better-auth/api";
import { type Jwk, jwt } from "better-auth/plugins";
import * as Clock from "effect/Clock";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import { decodeJwt, type JSONWebKeySet, type JWK } from "jose";
import { ALGORITHM, type SigningKeys, type StoredKey } from "../../crypto/SigningKeys.ts";
import { asRefusal } from "../keeping.ts";
import { invalidValue } from "../malformed.ts";
import * as promises from "../promises.ts";

/** A key as the plugin knows it: of what is over it publishes all that it is told of, and signs with none. */
const asTheirs = ({ createdAt, id, publicKey }: StoredKey): Jwk => ({
  id,
  createdAt,
  publicKey,
  privateKey: "",
  alg: ALGORITHM,
  crv: "P-256",
  expiresAt: new Date(0),
});

/** The keys by which tokens verify, as whoever verifies is given them. */
export const publishedBy = async ({ published }: SigningKeys["Service"]): Promise<JSONWebKeySet> => ({
  keys: (await promises.leave(asRefusal(published))).map(({ id, publicKey }): JWK => {
    const key: JWK = JSON.parse(publicKey);
    return { ...key, alg: ALGORITHM, kid: id };
  }),
});

/** The plugin that signs, at `/token` and for the OAuth provider. */
export const signingTokensBy = (signingKeys: SigningKeys["Service"], issuer: string): ReturnType<typeof jwt> => {
  const plugin = jwt({
    // Else each look at a session would sign one.
    disableSettingJwtHeader: true,
    jwks: {
      keyPairConfig: { alg: ALGORITHM },
      // Sealed already: by a key that rotates, and that is not the one which signs cookies.
      disablePrivateKeyEncryption: true,
      gracePeriod: Number.POSITIVE_INFINITY,
    },
    adapter: {
      getJwks: async () => {
        const { privateKey, published, signer } = await promises.leave(asRefusal(signingKeys.current));
        return published.map((key) => {
          const { expiresAt: _, ...theirs } = asTheirs(key);
          return key.id === signer.id ? { ...theirs, privateKey: Redacted.value(privateKey) } : asTheirs(key);
        });
      },
      createJwk: () => Promise.reject(new Error("Among the keys there always is one that signs.")),
    },
    jwt: {
      issuer,
      // What a back end asks of a user. Whoever holds a token can read it, so that the rest of the row stays here.
      definePayload: ({ session, user: { name, email, emailVerified, image, role } }) => ({
        sid: session.id,
        name,
        email,
        emailVerified,
        image,
        role,
      }),
    },
  });
  const { signJWT } = plugin.endpoints;
  /** Refuses to sign what would outlive the key by which it verifies. */
  const signingWhatEnds = async (context: Parameters<typeof signJWT>[0]) => {
    const answer = await signJWT(context);
    // Where Better Auth itself calls it, it is asked for its headers too, which the type does not say.
    const { token } = Predicate.hasProperty(answer, "response") ? (answer.response as typeof answer) : answer;
    const { exp } = decodeJwt(token);
    const now = (await promises.leave(Clock.currentTimeMillis)) / 1_000;
    if (exp !== undefined && exp - now <= SigningKeyLife.LONGEST_TOKEN) return answer;
    throw invalidValue(`A token lives for ${SigningKeyLife.LONGEST_TOKEN} seconds at most.`);
  };
  return {
    ...plugin,
    endpoints: { ...plugin.endpoints, signJWT: Object.assign(signingWhatEnds, signJWT) },
    hooks: {
      ...plugin.hooks,
      after: [
        ...plugin.hooks.after,
        {
          matcher: ({ path }) => path === "/jwks",
          handler: createAuthMiddleware(async (context) => {
            context.setHeader("cache-control", `public, max-age=${SigningKeyLife.maxAge(signingKeys.plan)}`);
          }),
        },
      ],
    },
  };
};
