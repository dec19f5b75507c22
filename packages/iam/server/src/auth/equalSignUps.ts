/** What users say of themselves besides a name: that it has its form, and that a sign-up does not tell who is known by it. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { createAuthMiddleware } from "better-auth/api";

/** Refuses at once what Better Auth refuses only of an address that nobody has, or does not look at. */
export const equalSignUps = {
  id: "iam-equal-sign-ups",
  hooks: {
    before: [
      {
        matcher: ({ path }) => path === "/sign-up/email" || path === "/update-user",
        handler: createAuthMiddleware(async ({ body, path }) => {
          for (const field of ["username", "displayUsername"]) {
            const value: unknown = body?.[field] ?? "";
            if (typeof value !== "string") {
              throw new APIError("BAD_REQUEST", { code: "VALIDATION_ERROR", message: `"${field}" is no text.` });
            }
          }
          if (path === "/sign-up/email" && body?.phoneNumber) {
            throw new APIError("BAD_REQUEST", {
              code: "PHONE_NUMBER_CANNOT_BE_SET",
              message: "A phone number is set by verifying it.",
            });
          }
        }),
      },
    ],
  },
} satisfies BetterAuthPlugin;
