/**
 * What is presented to the provider as a token and is none of its own. Better Auth takes a signed token that is not the
 * server's, or is signed wrongly, for a failure of its own, and one to revoke that nobody knows for an error. To whoever
 * presents one it is a token that nobody knows, and as good as revoked.
 */
import type { BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import { getJwks } from "better-auth/oauth2";
import type { jwt } from "better-auth/plugins";
import * as Predicate from "effect/Predicate";
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { isSigned } from "../principals/credentials.ts";

/** As much of a request as is looked at. */
interface Presenting {
  readonly headers?: Headers;
  readonly body?: unknown;
}

/** The endpoints to which tokens are presented. */
const presented: ReadonlyArray<string> = ["oauth2Introspect", "oauth2Revoke", "oauth2UserInfo", "verifyAccessToken"];

/** In the place of such a token. */
const UNKNOWN = "unknown";

/** In an `authorization` header, and in the members of a body that may hold one. */
const SCHEME = /^(?:Bearer|DPoP) /i;
const members = ["token", "access_token"];

/** Whether it has the form of a signed token, and is none that the issuer signed. */
const isForeign = async (token: string, issuer: string, keys: () => Promise<JSONWebKeySet>): Promise<boolean> => {
  if (!isSigned(token)) return false;
  try {
    await jwtVerify(token, createLocalJWKSet(await getJwks(token, { jwksFetch: keys })), { issuer });
    return false;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return true;
    throw error;
  }
};

/** Whether there is nothing to revoke, which is no error of the client's (RFC 7009, section 2.2). */
const isGone = (error: unknown): boolean =>
  isAPIError(error) && /token not found$/.test(String(error.body?.error_description));

/**
 * Lets the provider's endpoints see only those signed tokens that its issuer signed.
 *
 * @param signing what has the keys by which the issuer's are verified
 */
export const knowingOwnTokens = <Plugin extends BetterAuthPlugin>(
  plugin: Plugin,
  issuer: string,
  signing: ReturnType<typeof jwt>,
): Plugin => {
  const known = async <Context extends Presenting>(context: Context): Promise<Context> => {
    const keys = () =>
      signing.endpoints.getJwks({ ...context, body: undefined, returnHeaders: false, returnStatus: false });
    const headers = new Headers(context.headers);
    const scheme = SCHEME.exec(headers.get("authorization") ?? "")?.[0] ?? "";
    const bearer = (headers.get("authorization") ?? "").slice(scheme.length);
    if (scheme !== "" && (await isForeign(bearer, issuer, keys))) headers.set("authorization", `${scheme}${UNKNOWN}`);
    const body = Predicate.isObject(context.body) ? { ...context.body } : {};
    for (const member of members) {
      const token = Predicate.hasProperty(body, member) ? body[member] : undefined;
      if (typeof token === "string" && (await isForeign(token.replace(SCHEME, ""), issuer, keys)))
        Object.assign(body, { [member]: UNKNOWN });
    }
    return { ...context, headers, body };
  };

  for (const name of presented) {
    const endpoint = plugin.endpoints?.[name];
    if (endpoint === undefined || plugin.endpoints === undefined) continue;
    const wrapped = async (context: Parameters<typeof endpoint>[0]) => {
      try {
        return await endpoint(await known(context));
      } catch (error) {
        if (name === "oauth2Revoke" && isGone(error)) return new Response();
        throw error;
      }
    };
    plugin.endpoints[name] = Object.assign(wrapped, endpoint);
  }
  return plugin;
};
