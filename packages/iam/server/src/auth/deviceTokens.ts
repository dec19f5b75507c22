/** The tokens of devices that signed in by a code. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { createAuthMiddleware } from "better-auth/api";
import { serializeSignedCookie } from "better-call";

/**
 * Lets a device's token be one that the bearer plugin takes: with the signature that a browser's cookie has. As Better
 * Auth gives it, it is what the database holds, which is not enough to be let in.
 */
export const signingTokens = <Plugin extends BetterAuthPlugin>(plugin: Plugin): Plugin => ({
  ...plugin,
  hooks: {
    ...plugin.hooks,
    after: [
      ...(plugin.hooks?.after ?? []),
      {
        matcher: ({ path }) => path === "/device/token",
        handler: createAuthMiddleware(async (context) => {
          const { returned, secret } = context.context;
          if (!(returned instanceof Object && "access_token" in returned)) return;
          const cookie = await serializeSignedCookie("", String(returned.access_token), secret);
          return context.json({ ...returned, access_token: decodeURIComponent(cookie.replace("=", "")) });
        }),
      },
    ],
  },
});
