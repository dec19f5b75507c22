/** What an installation says about authentication. */
import * as Array from "effect/Array";
import * as Config from "effect/Config";
import * as Schema from "effect/Schema";

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

/** What Config says about it. */
export const settings = Config.all({
  /** The name that mails and authenticator apps show. */
  appName: Config.withDefault(Config.NonEmptyString("IAM_APP_NAME"), "iam"),
  /** The address under which browsers reach the server, without a path. */
  baseUrl: Config.schema(BaseUrl, "IAM_BASE_URL"),
  /** What cookies and links are signed with: 32 characters at least, from a random source. */
  secret: Config.schema(Schema.RedactedFromValue(Schema.String.check(Schema.isMinLength(32))), "IAM_SECRET"),
  /** Further origins whose pages may call the server with a session and be returned to, separated by commas. */
  trustedOrigins: Config.withDefault(Config.Array(Origin, "IAM_TRUSTED_ORIGINS"), Array.empty<string>()),
  /** Whether requests are counted and slowed for each client address. */
  rateLimit: Config.withDefault(Config.Boolean("IAM_RATE_LIMIT"), true),
  /** The header in which a proxy in front states the client's address. Without one, the connection's address counts. */
  clientAddressHeader: Config.option(Config.NonEmptyString("IAM_CLIENT_ADDRESS_HEADER")),
});

/** The settings as they were read. */
export type Settings = Config.Success<typeof settings>;
