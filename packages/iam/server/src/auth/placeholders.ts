/**
 * Addresses that stand in for none: a guest's, and those of who came by a phone number or an Ethereum account. Their
 * domain exists nowhere (RFC 6761, 6.4).
 */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError, BASE_ERROR_CODES } from "@better-auth/core/error";
import { createAuthMiddleware } from "better-auth/api";

/** Whether no mail can ever reach an address. */
export const isPlaceholder = (address: string): boolean => /[@.]invalid\.?$/i.test(address);

/** Refuses requests that name such an address: nobody has it, and who came first would keep it from whom it stands for. */
export const refusingPlaceholders = {
  id: "iam-placeholders",
  hooks: {
    before: [
      {
        matcher: ({ body }) =>
          [body?.email, body?.newEmail].some((one) => typeof one === "string" && isPlaceholder(one)),
        handler: createAuthMiddleware(async () => {
          throw APIError.from("BAD_REQUEST", BASE_ERROR_CODES.INVALID_EMAIL);
        }),
      },
    ],
  },
} satisfies BetterAuthPlugin;
