/** The names of Better Auth's plugins that an installation may enable. */
import * as Schema from "effect/Schema";

/** A plugin that may be enabled, by the name that Better Auth's documentation has for it. */
export const Plugin = Schema.Literals([
  "anonymous",
  "bearer",
  "device-authorization",
  "email-otp",
  "jwt",
  "last-login-method",
  "magic-link",
  "multi-session",
  "oauth-provider",
  "one-time-token",
  "passkey",
  "phone-number",
  "scim",
  "siwe",
  "sso",
  "username",
]);
export type Plugin = typeof Plugin.Type;

/** Each of them. */
export const all: ReadonlyArray<Plugin> = Plugin.literals;

/**
 * Those that are enabled where nothing is said: what an identity server is there for, and asks nothing more of the
 * installation. Why each of the others waits to be named stands in the table of the package's page.
 */
export const enabledByDefault: ReadonlyArray<Plugin> = [
  "device-authorization",
  "email-otp",
  "jwt",
  "magic-link",
  "oauth-provider",
  "passkey",
];
