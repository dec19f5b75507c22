/** Of whom the second factor is asked. */
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { createAuthMiddleware, isAPIError } from "better-auth/api";
import type { Page } from "./pages.ts";

/**
 * Sign-ins that prove one factor, beside those with a password, of which Better Auth itself asks for the second: who reads
 * a mailbox or holds a phone or a key need not be who set the second factor up (NIST SP 800-63B-4, 3.1.3: a mailbox is no
 * factor at all). A passkey is both factors, since it is only taken with its PIN or biometrics.
 */
const oneFactor: ReadonlySet<string | undefined> = new Set([
  "/magic-link/verify",
  "/phone-number/verify",
  "/sign-in/email-otp",
  "/siwe/verify",
  "/sso/callback",
  "/sso/callback/:providerId",
  "/sso/saml2/sp/acs/:providerId",
]);

/** Where a sign-in that a browser came to by a link, or back from its provider, would have led. */
const destinations = new WeakMap<AuthContext, string>();

const destinationOf = (returned: unknown): string | undefined =>
  isAPIError(returned) && returned.statusCode === 302
    ? (new Headers(returned.headers).get("location") ?? undefined)
    : undefined;

/**
 * Lets the plugin ask for the second factor after these sign-ins, too.
 *
 * @param page where a browser is led that followed a link; others are answered as after a password
 */
export const askedOfEverybody = <Plugin extends BetterAuthPlugin>(plugin: Plugin, page: Page): Plugin => ({
  ...plugin,
  hooks: {
    ...plugin.hooks,
    after: [
      {
        matcher: ({ path }) => oneFactor.has(path),
        handler: createAuthMiddleware(async ({ context }) => {
          const destination = destinationOf(context.returned);
          if (destination !== undefined) destinations.set(context, destination);
        }),
      },
      ...(plugin.hooks?.after ?? []).map(({ matcher, handler }) => ({
        matcher: (context: Parameters<typeof matcher>[0]) => matcher(context) || oneFactor.has(context.path),
        handler,
      })),
      {
        matcher: ({ path }) => oneFactor.has(path),
        handler: createAuthMiddleware(async ({ context, redirect }) => {
          const { returned } = context;
          const destination = destinations.get(context);
          if (destination === undefined || !(returned instanceof Object && "twoFactorRedirect" in returned)) return;
          const there = new URL(page.href);
          there.searchParams.set("next", destination);
          throw redirect(there.href);
        }),
      },
    ],
  },
});
