/** Access tokens of the provider where they are presented to this service itself, and not to a resource elsewhere. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { getOAuthProviderApi, type oauthProvider } from "@better-auth/oauth-provider";
import { createAuthEndpoint, isAPIError } from "better-auth/api";
import * as Schema from "effect/Schema";
import { decodeProtectedHeader } from "jose";
import { isSigned } from "../principals/credentials.ts";

/** What a token that is live says. */
export interface AccessToken {
  /** Whose it is: a user's id or, where a client acts for itself, the client's. */
  readonly subject: string | undefined;
  readonly clientId: string;
  readonly scopes: ReadonlyArray<string>;
  /** The session in which it was granted. */
  readonly sessionId: string | undefined;
}

/** The types of a signed access token (RFC 9068, section 4); an ID token has another. */
const types: ReadonlyArray<unknown> = ["at+jwt", "application/at+jwt"];

const Claims = Schema.Struct({
  sub: Schema.optional(Schema.String),
  aud: Schema.optional(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  client_id: Schema.String,
  scope: Schema.optional(Schema.String),
  sid: Schema.optional(Schema.NullOr(Schema.String)),
  cnf: Schema.optional(Schema.Null),
});

/**
 * Whether a token is for this service. A signed one names it as an audience: else a service for which a token was made
 * could act here with it. An opaque one that names no resource is for its issuer.
 */
const isFor = (origin: string, token: string, audience: (typeof Claims.Type)["aud"]): boolean =>
  audience === undefined
    ? !isSigned(token)
    : (!isSigned(token) || types.includes(decodeProtectedHeader(token).typ)) &&
      [audience].flat().some((named) => named === origin || named === `${origin}/`);

const isClaims = Schema.is(Claims);

/**
 * Gives the provider an operation that verifies a token as its own endpoints do: whether it has expired or was revoked,
 * whether the session and the client are still there. It has no route.
 *
 * @param origin by which audiences name this service
 */
export const verifyingAccessTokens = (
  provider: ReturnType<typeof oauthProvider>,
  origin: string,
): BetterAuthPlugin => ({
  ...provider,
  endpoints: {
    ...provider.endpoints,
    verifyAccessToken: createAuthEndpoint.serverOnly(
      { method: "POST", body: Schema.toStandardSchemaV1(Schema.Struct({ token: Schema.String })) },
      async (context): Promise<AccessToken | null> => {
        const { token } = context.body;
        try {
          const claims: unknown = await getOAuthProviderApi(context, provider.options).requireActiveAccessToken(token);
          // Who presents one that is bound to a key would have to prove the key.
          if (!isClaims(claims)) return null;
          const { aud, client_id, scope = "", sid, sub } = claims;
          if (!isFor(origin, token, aud)) return null;
          const scopes = scope.split(" ").filter((one) => one !== "");
          return { subject: sub, clientId: client_id, scopes, sessionId: sid ?? undefined };
        } catch (error) {
          if (isAPIError(error) && error.statusCode < 500) return null;
          throw error;
        }
      },
    ),
  },
});
