/** The end of an impersonation whose administrator is no longer signed in. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { isAPIError } from "better-auth/api";

/** What Better Auth says, as its own failure, where the administrator's cookie or session is gone. */
const ADMINISTRATOR_GONE = "Failed to find admin session";

/** Lets the plugin refuse to stop impersonating without the administrator's session, where Better Auth answers 500. */
export const refusingWithoutAdministrator = <Plugin extends BetterAuthPlugin>(plugin: Plugin): Plugin => {
  const stop = plugin.endpoints?.stopImpersonating;
  if (plugin.endpoints === undefined || stop === undefined) return plugin;
  const wrapped = (context: Parameters<typeof stop>[0]) =>
    Promise.resolve(stop(context)).catch((error: unknown) => {
      if (!isAPIError(error) || error.body?.message !== ADMINISTRATOR_GONE) throw error;
      throw new APIError("UNAUTHORIZED", {
        code: "SESSION_EXPIRED",
        message: "The administrator's own session is over. Sign out, and sign in again.",
      });
    });
  plugin.endpoints.stopImpersonating = Object.assign(wrapped, stop);
  return plugin;
};
