/** Somebody who verifies tokens elsewhere, and remembers the published keys for as long as the answer says. */
import { assert } from "@effect/vitest";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";

/** How long an answer may be remembered, in seconds. */
export const maxAgeOf = (headers: Headers): number => {
  const [, seconds] = /^public, max-age=(\d+)$/.exec(headers.get("cache-control") ?? "") ?? [];
  assert.isDefined(seconds, `${headers.get("cache-control")}`);
  return Number(seconds);
};

/**
 * A verifier that fetches the keys when what it remembers is too old, and never because it does not know a key: whoever
 * asked again for each unknown key would hide that one signs which was not published.
 *
 * @param fetched gives the keys
 * @param maxAge for how long it remembers them, in seconds
 */
export const verifier = (
  origin: string,
  maxAge: number,
  fetched: (url: string, init: RequestInit) => Promise<Response>,
) => {
  const keys = createRemoteJWKSet(new URL(`${origin}/api/auth/jwks`), {
    cacheMaxAge: maxAge * 1_000,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: fetched,
  });
  return (token: string) => jwtVerify(token, keys, { issuer: origin, algorithms: ["ES256"] });
};
