/** What an installation says about authentication. */
import * as Array from "effect/Array";
import * as Config from "effect/Config";
import * as Schema from "effect/Schema";
import * as Setting from "../config/Setting.ts";
import * as plugins from "./plugins/names.ts";

const BaseUrl = Schema.URLFromString.check(
  Schema.makeFilter(({ href, origin, protocol }) => /^https?:$/.test(protocol) && href === `${origin}/`, {
    expected: "http:// or https:// with a host and no path",
  }),
);

const Origin = Schema.Trim.check(
  Schema.makeFilter((text) => URL.canParse(text) && new URL(text).origin === text, {
    expected: "an origin like https://app.example.com",
  }),
);

/** RFC 6749, section 3.3. */
const Scope = Schema.Trim.check(
  Schema.makeFilter((text) => /^[!#-+\--[\]-~]+$/.test(text), {
    expected: "a scope like orders:read, without spaces, quotation marks and backslashes",
  }),
);

const Secret = Schema.RedactedFromValue(Schema.String.check(Schema.isMinLength(32)));

/** A number within bounds. */
const whole = (minimum: number, maximum: number) => (key: string) =>
  Config.schema(Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum })), key);

const RangeUrl = Schema.URLFromString.check(
  Schema.makeFilter(
    ({ hash, pathname, protocol, search }) =>
      /^https?:$/.test(protocol) && pathname.endsWith("/") && hash === "" && search === "",
    {
      expected: "http:// or https:// with a path that ends in /",
    },
  ),
);

/** What may be said of authentication. */
export const keys = {
  baseUrl: Setting.required("IAM_BASE_URL", (key) => Config.schema(BaseUrl, key), {
    type: "`http` or `https` address without a path",
    says: "The address under which browsers reach the server.",
  }),
  secret: Setting.required("IAM_SECRET", (key) => Config.schema(Secret, key), {
    type: "32 characters or more",
    says: "What cookies and links are signed with, from a random source: `openssl rand -base64 32`.",
  }),
  appName: Setting.withDefault("IAM_APP_NAME", Config.NonEmptyString, {
    type: "text",
    value: "iam",
    says: "The name that mails and authenticator apps show.",
  }),
  trustedOrigins: Setting.withDefault("IAM_TRUSTED_ORIGINS", (key) => Config.Array(Origin, key), {
    type: "origins, separated by commas",
    value: Array.empty<string>(),
    fallback: "none",
    says: "Further origins whose pages may call the server with a session and be returned to: `https://app.example.com`.",
  }),
  rateLimit: Setting.withDefault("IAM_RATE_LIMIT", Config.Boolean, {
    type: "`true` or `false`",
    value: true,
    says: "Whether requests are counted and slowed for each client address, and failed sign-ins for each account.",
  }),
  // The least is OWASP's smallest for argon2id, of the memory and of the passes.
  passwordHashMemory: Setting.withDefault("IAM_PASSWORD_HASH_MEMORY", whole(19, 1_024), {
    type: "MiB, from 19 to 1024",
    value: 19,
    says: "The memory that hashing a password takes (argon2id), each time: at sign-ins it is taken many times at once. Weaker hashes are renewed when their users sign in.",
  }),
  passwordHashIterations: Setting.withDefault("IAM_PASSWORD_HASH_ITERATIONS", whole(2, 100), {
    type: "number, from 2 to 100",
    value: 2,
    says: "How many passes over that memory hashing a password makes.",
  }),
  pwnedPasswordsUrl: Setting.optional("IAM_PWNED_PASSWORDS_URL", (key) => Config.schema(RangeUrl, key), {
    type: "`http` or `https` address that ends in `/`",
    fallback: "only the list that comes along is asked",
    says: "A service of compromised passwords that new ones are looked up at, by five characters of their hash: `https://api.pwnedpasswords.com/range/`, or a mirror of it. Where it does not answer, the list that comes along counts.",
  }),
  plugins: Setting.withDefault("IAM_PLUGINS", (key) => Config.Array(plugins.Plugin, key), {
    type: "names, separated by commas",
    value: plugins.enabledByDefault,
    fallback: plugins.enabledByDefault.map((name) => `\`${name}\``).join(", "),
    says: `Which of Better Auth's plugins are enabled, beside those that always are: ${plugins.all.map((name) => `\`${name}\``).join(", ")}.`,
  }),
  ssoOrigins: Setting.withDefault("IAM_SSO_ORIGINS", (key) => Config.Array(Origin, key), {
    type: "origins, separated by commas",
    value: Array.empty<string>(),
    fallback: "none",
    says: "Origins of identity providers that may be asked for their configuration, and be on a private network: `https://login.example.com`. Their pages are not trusted.",
  }),
  deviceClients: Setting.withDefault("IAM_DEVICE_CLIENTS", (key) => Config.Array(Schema.NonEmptyString, key), {
    type: "names, separated by commas",
    value: Array.empty<string>(),
    fallback: "none but OAuth clients",
    says: "Your own programs that may ask for a session by a device code, by the `client_id` that they state. Their tokens are taken where `bearer` is enabled.",
  }),
  oauthScopes: Setting.withDefault("IAM_OAUTH_SCOPES", (key) => Config.Array(Scope, key), {
    type: "names, separated by commas",
    value: Array.empty<string>(),
    fallback: "none",
    says: "Further scopes that OAuth clients may ask for, beside `openid`, `profile`, `email` and `offline_access`.",
  }),
  organizationMembers: Setting.withDefault("IAM_ORGANIZATION_MEMBERS", whole(1, 50_000), {
    type: "number, from 1 to 50000",
    value: 10_000,
    says: "How many members an organization may have. Whom a directory or an identity provider brings is let in all the same.",
  }),
  organizationInvitations: Setting.withDefault("IAM_ORGANIZATION_INVITATIONS", whole(1, 50_000), {
    type: "number, from 1 to 50000",
    value: 100,
    says: "How many invitations of an organization may wait to be accepted.",
  }),
  clientAddressHeader: Setting.optional("IAM_CLIENT_ADDRESS_HEADER", Config.NonEmptyString, {
    type: "name of a header",
    fallback: "the connection's address counts",
    says: "The header in which a proxy in front states the client's address; the last address in it counts.",
  }),
};

/** What Config says about authentication. */
export const settings = Config.all(keys);

/** The settings as they were read. */
export type Settings = Config.Success<typeof settings>;
