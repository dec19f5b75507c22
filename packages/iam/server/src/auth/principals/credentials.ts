/** Which of a request's credentials counts. There is one: what is presented beside it is not looked at. */
import * as Redacted from "effect/Redacted";

/** What a request presents. */
export type Presented =
  | { readonly _tag: "ApiKey"; readonly key: Redacted.Redacted }
  | { readonly _tag: "AccessToken"; readonly token: Redacted.Redacted }
  /** The token of a session, which the plugin `bearer` takes. */
  | { readonly _tag: "SessionToken" }
  /** The cookie of a session, or nothing at all. */
  | { readonly _tag: "Cookie" }
  /** What cannot be verified here: a token that is bound to a key (DPoP, RFC 9449). */
  | { readonly _tag: "Unusable" };

/** The header in which a key is presented. */
export const API_KEY_HEADER = "x-api-key";

/** What opaque access tokens begin with. */
export const ACCESS_TOKEN_PREFIX = "iam_at_";

/** Whether a token has the form of a signed one; that of a session has one dot. */
export const isSigned = (token: string): boolean => token.split(".").length === 3;

const SCHEME = /^(Bearer|DPoP)(?: +|$)/i;

/**
 * The credential that counts: a key before a token, and a token before the cookie. One that turns out not to hold is as
 * good as none, and no other takes its place.
 */
export const presented = (headers: Headers): Presented => {
  const key = headers.get(API_KEY_HEADER);
  if (key !== null) return { _tag: "ApiKey", key: Redacted.make(key) };
  const authorization = headers.get("authorization") ?? "";
  const [prefix, scheme] = SCHEME.exec(authorization) ?? [];
  // Another scheme is for whoever stands in front, a proxy that asks for a password say.
  if (prefix === undefined) return { _tag: "Cookie" };
  const token = authorization.slice(prefix.length).trim();
  if (scheme?.toLowerCase() === "dpop") return { _tag: "Unusable" };
  return token.startsWith(ACCESS_TOKEN_PREFIX) || isSigned(token)
    ? { _tag: "AccessToken", token: Redacted.make(token) }
    : { _tag: "SessionToken" };
};
