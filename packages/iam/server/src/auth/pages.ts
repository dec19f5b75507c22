/**
 * Where the pages are to which people are led: by mails, by Better Auth, and by each other. `iam serve` has them all; an
 * application that has one of its own states where, and that page is then nobody else's.
 */
import * as Config from "effect/Config";
import * as Option from "effect/Option";
import * as Record from "effect/Record";
import * as Schema from "effect/Schema";
import * as Setting from "../config/Setting.ts";
import { keys as authKeys } from "./settings.ts";

/** The paths at which `iam serve` has its pages. */
export const paths = {
  signIn: "/sign-in",
  signUp: "/sign-up",
  verification: "/verify-email",
  forgottenPassword: "/forgotten-password",
  password: "/password",
  twoFactor: "/two-factor",
  device: "/device",
  consent: "/consent",
  account: "/account",
  invitation: "/invitations/:id",
  setup: "/setup",
  error: "/error",
} as const;

/** A page by its name. */
export type Name = keyof typeof paths;

const isPath = (address: string): boolean => address.startsWith("/");

/** Two slashes at the beginning would name another server. */
const isAddress = (text: string): boolean =>
  /^\/(?![/\\])\S*$/.test(text) || (/^https?:\/\/\S+$/.test(text) && URL.canParse(text));

const Address = (name: Name) =>
  Schema.Trim.check(
    Schema.makeFilter((text) => isAddress(text) && (name !== "invitation" || text.includes(":id")), {
      expected: `a path like ${paths[name]}, or an address like https://app.example.com${paths[name]}`,
    }),
  );

const below = (origins: ReadonlyArray<string>) =>
  Schema.Trim.check(
    Schema.makeFilter((text) => origins.includes(new URL(text).origin), {
      expected: "an address below one of IAM_TRUSTED_ORIGINS, or a path",
    }),
  );

const page = (key: string, name: Name, says: string): Setting.Setting<Option.Option<string>> =>
  Setting.optional(
    key,
    (stated) =>
      Config.flatMap(Config.schema(Address(name), stated), (address) =>
        isPath(address)
          ? Config.succeed(address)
          : Config.flatMap(authKeys.trustedOrigins, (origins) => Config.schema(below(origins), stated)),
      ),
    {
      type: "path on the server, or address below one of `IAM_TRUSTED_ORIGINS`",
      fallback: `\`${paths[name]}\` of \`iam serve\``,
      says,
    },
  );

/** By which an application puts pages of its own in the place of those that `iam serve` has. */
export const keys = {
  signIn: page("IAM_SIGN_IN_PAGE", "signIn", "Your own page to sign in."),
  signUp: page("IAM_SIGN_UP_PAGE", "signUp", "Your own page to sign up."),
  verification: page(
    "IAM_VERIFICATION_PAGE",
    "verification",
    "Your own page to which the link that confirms an address leads; with `?error=<code>` where it failed.",
  ),
  forgottenPassword: page(
    "IAM_FORGOTTEN_PASSWORD_PAGE",
    "forgottenPassword",
    "Your own page to ask for a new password.",
  ),
  password: page(
    "IAM_PASSWORD_PAGE",
    "password",
    "Your own page to set a password, with `?token=<token>` from a mail, or `?error=<code>`.",
  ),
  twoFactor: page(
    "IAM_TWO_FACTOR_PAGE",
    "twoFactor",
    "Your own page to enter the second factor; with `?next=` where the person is to go then, which is to be checked.",
  ),
  device: page("IAM_DEVICE_PAGE", "device", "Your own page to enter the code that a device shows."),
  consent: page("IAM_CONSENT_PAGE", "consent", "Your own page to let an OAuth client in."),
  account: page("IAM_ACCOUNT_PAGE", "account", "Your own page for who is signed in, to which a sign-in leads."),
  invitation: page(
    "IAM_INVITATION_PAGE",
    "invitation",
    "Your own page to accept an invitation; `:id` stands where the invitation's id goes.",
  ),
  setup: page("IAM_SETUP_PAGE", "setup", "Your own page to make the first administrator, with `?token=<token>`."),
  error: page("IAM_ERROR_PAGE", "error", "Your own page that shows what went wrong, with `?error=<code>`."),
} satisfies Record<Name, unknown>;

/** A page. */
export interface Page {
  /** A path on the server, or an address elsewhere: for links and redirections in a browser. */
  readonly address: string;
  /** The whole address: for mails and whoever else is not on the server. An invitation's has `:id` for the id. */
  readonly href: string;
  /** Whether it is an application's own, so that `iam serve` does not have it. */
  readonly isReplaced: boolean;
}

/** Every page by its name. */
export type Pages = Readonly<Record<Name, Page>>;

/** A mail's link, which leads to a page where whoever asked for the mail named none: Better Auth then has `/`, or nothing. */
export const returningTo = ({ href }: Page, link: string): string => {
  const url = new URL(link);
  const stated = url.searchParams.get("callbackURL");
  if (stated === "/" || !stated) url.searchParams.set("callbackURL", href);
  return url.href;
};

/** The pages as Config places them. */
export const settings: Config.Config<Pages> = Config.map(
  Config.all({ baseUrl: authKeys.baseUrl, stated: Config.all(keys) }),
  ({ baseUrl, stated }) =>
    Record.map(paths, (path, name) => {
      const address = Option.getOrElse(stated[name], () => path);
      return { address, href: new URL(address, baseUrl).href, isReplaced: Option.isSome(stated[name]) };
    }),
);
