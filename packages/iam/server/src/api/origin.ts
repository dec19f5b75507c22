/** Whether a page may have sent a request: cookies come along with what any page of a sibling domain sends. */
import * as Effect from "effect/Effect";
import type * as HttpServerRequest from "effect/http/HttpServerRequest";
import type { Auth } from "../auth/Auth.ts";
import { OriginRefused } from "./problem.ts";

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a change by a cookie that neither a page of our own nor one of a trusted origin has asked for. It is the rule
 * that Better Auth has for its routes: the origin is what `Origin` says or else `Referer`, and there has to be one.
 */
export const demandTrustedOrigin = (
  { headers, method }: HttpServerRequest.HttpServerRequest,
  { isTrustedOrigin }: Auth["Service"],
): Effect.Effect<void, OriginRefused> => {
  if (safe.has(method)) return Effect.void;
  const from = headers.origin || headers.referer || "";
  // A page that tells nobody where it is; no page can say `same-origin` of itself.
  if (from === "null" && headers["sec-fetch-site"] === "same-origin") return Effect.void;
  if (from === "" || from === "null") return Effect.fail(OriginRefused.of("MISSING_OR_NULL_ORIGIN"));
  return isTrustedOrigin(from) ? Effect.void : Effect.fail(OriginRefused.of("INVALID_ORIGIN"));
};
