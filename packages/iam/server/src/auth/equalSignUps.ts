/** That a sign-up does not tell whether its address is known. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { createAuthMiddleware } from "better-auth/api";

/** Refuses at once what Better Auth refuses only of an address that nobody has. */
export const equalSignUps = {
  id: "equal-sign-ups",
  hooks: {
    before: [
      {
        matcher: ({ path }) => path === "/sign-up/email",
        handler: createAuthMiddleware(async ({ body }) => {
          for (const field of ["username", "displayUsername"]) {
            if (!["string", "undefined"].includes(typeof body[field])) {
              throw new APIError("BAD_REQUEST", { code: "VALIDATION_ERROR", message: `"${field}" is no text.` });
            }
          }
          if (body.phoneNumber) {
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
