/**
 * Input that no operation means: text that the database cannot hold, names of what every object has, and depths that
 * no form has. What Better Auth makes of these is not always a refusal.
 */
import type { EntityId } from "@beep/shared-domain";
import { APIError, BASE_ERROR_CODES } from "@better-auth/core/error";
import { createAuthMiddleware } from "better-auth/api";
import * as Predicate from "effect/Predicate";

/** Refuses a value that no column takes. */
export const invalidValue = (message: string) => new APIError("BAD_REQUEST", { code: "INVALID_VALUE", message });

/** Refuses what is no id of the kind that a field holds. */
export const invalidId = (field: string, { prefix }: EntityId.Any) =>
  new APIError("BAD_REQUEST", { code: "INVALID_ID", message: `"${field}" is not an id of the form ${prefix}_….` });

const MAX_DEPTH = 32;

/** Names under which a plain object answers although nobody put them there. */
const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Operations whose body the hooks of plugins read before its form is looked at. */
const readByHooks: ReadonlySet<string | undefined> = new Set(["/sign-up/email", "/update-user"]);

/** Refuses a malformed body or query before an operation sees it. */
export const refuseMalformed = createAuthMiddleware(async ({ body, query, path }) => {
  if (readByHooks.has(path) && !Predicate.isObject(body)) {
    throw APIError.from("BAD_REQUEST", BASE_ERROR_CODES.BODY_MUST_BE_AN_OBJECT);
  }
  // The OAuth provider takes it from any body.
  if (Predicate.hasProperty(body, "oauth_query") && typeof body.oauth_query !== "string") {
    throw invalidValue("`oauth_query` is the query of a page, as text.");
  }
  // Level by level and without recursion, since a client decides how deep a body goes.
  let level: ReadonlyArray<unknown> = [body, query];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw invalidValue(`Nothing here is nested more than ${MAX_DEPTH} deep.`);
    level = level.flatMap((value) => {
      if (typeof value === "string") return checkText(value);
      if (typeof value !== "object" || value === null) return [];
      if (Array.isArray(value)) return value;
      return Object.entries(value).flatMap(([name, part]) => {
        if (inherited.has(name)) throw invalidValue(`"${name}" is no name.`);
        checkText(name);
        return [part];
      });
    });
  }
});

/** PostgreSQL holds no U+0000, and half a surrogate pair is not what comes back. */
const checkText = (text: string): ReadonlyArray<never> => {
  if (text.includes("\0") || !text.isWellFormed()) throw invalidValue("Text cannot hold this character.");
  return [];
};
