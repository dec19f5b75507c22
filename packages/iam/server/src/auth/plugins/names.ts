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
 * Those that are enabled where nothing is said: they add ways to prove oneself and ask nothing of the installation. The
 * others need a provider, let in whoever comes, or put a session's token where scripts can read it.
 */
export const enabledByDefault: ReadonlyArray<Plugin> = [
  "device-authorization",
  "email-otp",
  "jwt",
  "magic-link",
  "oauth-provider",
  "passkey",
];
