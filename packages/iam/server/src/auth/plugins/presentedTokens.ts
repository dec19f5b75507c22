/**
 * What is presented to the provider as a token and is none of its own. Better Auth takes a signed token that is not the
 * server's, or is signed wrongly, for a failure of its own, and one to revoke that nobody knows for an error. To whoever
 * presents one it is a token that nobody knows, and as good as revoked.
 */
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import * as Predicate from "effect/Predicate";
import { createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet, jwtVerify } from "jose";
import type { SigningKeys } from "../../crypto/SigningKeys.ts";
import { isSigned } from "../principals/credentials.ts";
import { publishedBy } from "./signedTokens.ts";

/** As much of a request as is looked at. */
interface Presenting {
  readonly headers?: Headers;
  readonly body?: unknown;
  readonly query?: unknown;
  readonly context: Pick<AuthContext, "getPlugin">;
}

/** The endpoints to which tokens are presented. */
const presented: ReadonlyArray<string> = [
  "oauth2Introspect",
  "oauth2Revoke",
  "oauth2UserInfo",
  "oauth2EndSession",
  "verifyAccessToken",
];

/** In the place of such a token. */
const UNKNOWN = "unknown";

/** In an `authorization` header, and in the members of a body that may hold one. */
const SCHEME = /^(?:Bearer|DPoP) /i;
const members = ["token", "access_token"];

/** What holds an ID token by which somebody signs out, which may have expired. */
const HINT = "id_token_hint";

const isOfJose = (error: unknown): boolean => error instanceof errors.JOSEError || error instanceof TypeError;

/** Whether it has the form of a signed token, and is none that the issuer signed. */
const isForeign = async (token: string, issuer: string, keys: Keys): Promise<boolean> => {
  if (!isSigned(token)) return false;
  try {
    await jwtVerify(token, createLocalJWKSet(await keys()), { issuer });
    return false;
  } catch (error) {
    if (isOfJose(error)) return true;
    throw error;
  }
};

/** Whether the key that a token names is none of the issuer's any more. */
const isOfGoneKey = async (token: string, keys: Keys): Promise<boolean> => {
  try {
    const { kid } = decodeProtectedHeader(token);
    return !(await keys()).keys.some((key) => key.kid === kid);
  } catch (error) {
    if (isOfJose(error)) return true;
    throw error;
  }
};

type Keys = () => Promise<JSONWebKeySet>;

/** Whether there is nothing to revoke, which is no error of the client's (RFC 7009, section 2.2). */
const isGone = (error: unknown): boolean =>
  isAPIError(error) && /token not found$/.test(String(error.body?.error_description));

/** The members of a body or a query. */
const membersOf = (value: unknown): Record<string, unknown> => (Predicate.isObject(value) ? { ...value } : {});

/**
 * The context of a request, in which the provider asks for the published keys each time. It remembers them for five minutes
 * by the plugin that gives them, and whatever keys are made or revoked meanwhile: here, it meets another plugin each time,
 * which gives those that were just read.
 */
const forgetful = <Context extends Presenting["context"]>(context: Context, keys: Keys): Context => ({
  ...context,
  getPlugin: (id: Parameters<Context["getPlugin"]>[0]) => {
    const plugin: BetterAuthPlugin | null = context.getPlugin(id);
    if (id !== "jwt" || plugin === null) return plugin;
    return { ...plugin, endpoints: { ...plugin.endpoints, getJwks: async () => ({ response: await keys() }) } };
  },
});

/**
 * Lets the provider's endpoints see only those signed tokens that its issuer signed, by keys that are published now.
 *
 * @param signingKeys what has the keys by which the issuer's are verified
 */
export const knowingOwnTokens = <Plugin extends BetterAuthPlugin>(
  plugin: Plugin,
  issuer: string,
  signingKeys: SigningKeys["Service"],
): Plugin => {
  const known = async <Context extends Presenting>(context: Context): Promise<Context> => {
    let read: Promise<JSONWebKeySet> | undefined;
    const keys = () => {
      read ??= publishedBy(signingKeys);
      return read;
    };
    const headers = new Headers(context.headers);
    const scheme = SCHEME.exec(headers.get("authorization") ?? "")?.[0] ?? "";
    const bearer = (headers.get("authorization") ?? "").slice(scheme.length);
    if (scheme !== "" && (await isForeign(bearer, issuer, keys))) headers.set("authorization", `${scheme}${UNKNOWN}`);
    const body = membersOf(context.body);
    for (const member of members) {
      const token = body[member];
      if (typeof token === "string" && (await isForeign(token.replace(SCHEME, ""), issuer, keys)))
        Object.assign(body, { [member]: UNKNOWN });
    }
    const query = membersOf(context.query);
    for (const holder of [body, query]) {
      const hint = holder[HINT];
      if (typeof hint === "string" && (await isOfGoneKey(hint, keys))) Object.assign(holder, { [HINT]: UNKNOWN });
    }
    return { ...context, headers, body, query, context: forgetful(context.context, keys) };
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
