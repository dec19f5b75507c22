/** What is known of a user because it happened, and is not to be stated, also not by an administrator. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { createAuthMiddleware } from "better-auth/api";
import * as Predicate from "effect/Predicate";

/**
 * The second factor is there when its secret is: stated away, a password that is short because of it would be all that is
 * left. How somebody came in last, and whether as a guest, only a sign-in can tell.
 */
const facts: ReadonlyArray<string> = ["twoFactorEnabled", "isAnonymous", "lastLoginMethod"];

/** Refuses them where Better Auth's administrators may change a user. */
export const factsOfUsers = {
  id: "iam-facts-of-users",
  hooks: {
    before: [
      {
        matcher: ({ path }) => path === "/admin/update-user" || path === "/admin/create-user",
        handler: createAuthMiddleware(async ({ body }) => {
          const data: unknown = Predicate.isObject(body) && "data" in body ? body.data : undefined;
          const stated = Predicate.isObject(data) ? facts.find((field) => field in data) : undefined;
          if (stated === undefined) return;
          throw new APIError("BAD_REQUEST", { code: "FIELD_NOT_ALLOWED", message: `"${stated}" cannot be stated.` });
        }),
      },
    ],
  },
} satisfies BetterAuthPlugin;
