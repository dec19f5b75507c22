/** Better Auth, as this package composes it: every option that is not a default stands here. */
import { apiKey } from "@better-auth/api-key";
import type { AuthContext, BetterAuthOptions } from "@better-auth/core";
import { betterAuth } from "better-auth/minimal";
import { admin, openAPI, organization, twoFactor } from "better-auth/plugins";
import type { AccessControl } from "better-auth/plugins/access";
import { defaultAc } from "better-auth/plugins/organization/access";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type { makeAdapter } from "./adapter.ts";
import type { Message } from "./Mailer.ts";
import type { Content, MailTexts } from "./mails.ts";
import { refuseMalformed } from "./malformed.ts";
import { createId } from "./models.ts";
import type { Page, Pages } from "./pages.ts";
import { all as allPlugins } from "./plugins/names.ts";
import { makePlugins } from "./plugins/plugins.ts";
import * as promises from "./promises.ts";
import type { Settings } from "./settings.ts";
import { refusingWithoutAdministrator } from "./stopImpersonating.ts";
import type { TextMessage } from "./TextMessages.ts";
import { keepingRefusals, transactional } from "./transactional.ts";

/** Where Better Auth's routes are. */
export const BASE_PATH = "/api/auth";

/** The header in which the server states the client's address to Better Auth; a client's own is never let through. */
export const CLIENT_ADDRESS_HEADER = "x-iam-client-address";

/** NIST SP 800-63B-4, 3.1.1.2: a password that is the only factor has 15 characters or more. */
export const MIN_PASSWORD_LENGTH = 15;

// The option's type is the general access control, to which the library's own default is not assignable.
const accessControl = defaultAc as unknown as AccessControl;

/** What Better Auth stands on. */
export interface Dependencies {
  readonly settings: Settings;
  /** Where mails and redirections lead. */
  readonly pages: Pages;
  readonly adapter: ReturnType<typeof makeAdapter>;
  readonly transaction: Parameters<typeof transactional>[1];
  /** Sends mail, once the change that it speaks of is committed. */
  readonly send: (message: Message) => Effect.Effect<void>;
  /** Sends a text message, likewise. */
  readonly sendText: (message: TextMessage) => Effect.Effect<void>;
  /** What mails say. */
  readonly mails: MailTexts;
}

/** As much of Better Auth as is used: its inferred type cannot be named in a declaration, and is of no use to others. */
export interface BetterAuth {
  readonly options: BetterAuthOptions;
  readonly $context: Promise<Pick<AuthContext, "authCookies" | "internalAdapter" | "secret" | "sessionConfig">>;
  readonly handler: (request: Request) => Promise<Response>;
  readonly api: Readonly<Record<string, Endpoint>> & {
    readonly generateOpenAPISchema: Endpoint & (() => Promise<OpenApiDocument>);
  };
  /** The names of operations that are not there, because their plugin is not enabled. */
  readonly disabled: ReadonlyArray<string>;
}

/** One of its operations; without a path it has no route. */
interface Endpoint {
  readonly path?: string;
}

/** As much of an OpenAPI document as is needed to join two. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A mail's link, which leads to a page where whoever asked for the mail named none: Better Auth then has `/`, or nothing. */
const returningTo = ({ href }: Page, link: string): string => {
  const url = new URL(link);
  const stated = url.searchParams.get("callbackURL");
  if (stated === "/" || !stated) url.searchParams.set("callbackURL", href);
  return url.href;
};

/** Better Auth with the plugins and options of this package. */
export const makeBetterAuth = ({
  settings,
  pages,
  adapter,
  transaction,
  mails,
  send,
  sendText,
}: Dependencies): BetterAuth => {
  const { appName, baseUrl } = settings;
  const mail = (to: string, content: Content): Promise<void> => promises.leave(send({ ...content, to }));

  const text = (to: string, message: string): Promise<void> => promises.leave(sendText({ to, text: message }));
  const chosen = makePlugins({ settings, pages, mails, mail, text });

  const auth = betterAuth({
    appName,
    baseURL: baseUrl.origin,
    basePath: BASE_PATH,
    secret: Redacted.value(settings.secret),
    trustedOrigins: [...settings.trustedOrigins],
    database: adapter,
    telemetry: { enabled: false },
    // What is no refusal is thrown, and so becomes a defect with its trace, instead of being printed and swallowed.
    onAPIError: { throw: true, errorURL: pages.error.href },
    hooks: { before: refuseMalformed },
    advanced: {
      // Stated, because where NODE_ENV is "test" Better Auth would let every origin in.
      disableOriginCheck: false,
      database: { generateId: ({ model }) => createId(model), joins: true },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
      useSecureCookies: baseUrl.protocol === "https:",
    },
    rateLimit: {
      enabled: settings.rateLimit,
      storage: "database",
      // Asked with every page, and by back ends for all of their users: counting it would cost a write each.
      customRules: { "/get-session": false },
    },
    logger: {
      log: (level, message, ...details) => {
        const log = { debug: Effect.logDebug, info: Effect.logInfo, warn: Effect.logWarning, error: Effect.logError };
        void promises.leave(log[level](message, ...details));
      },
    },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: 256,
      revokeSessionsOnPasswordReset: true,
      // Who signs up with an address that is known gets the answer of one that is not: a user as the plugins make it.
      customSyntheticUser: ({ coreFields, additionalFields, id }) => ({
        ...coreFields,
        role: "user",
        banned: false,
        banReason: null,
        banExpires: null,
        twoFactorEnabled: false,
        ...additionalFields,
        id,
      }),
      sendResetPassword: ({ user, url }) =>
        mail(user.email, mails.passwordReset({ appName, url: returningTo(pages.password, url), user })),
    },
    // What an identity provider gives, and nobody asks for again.
    account: { encryptOAuthTokens: true },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      sendVerificationEmail: ({ user, url }) =>
        mail(user.email, mails.verification({ appName, url: returningTo(pages.verification, url), user })),
    },
    plugins: [
      transactional(
        organization({
          ac: accessControl,
          teams: { enabled: true },
          dynamicAccessControl: { enabled: true },
          requireEmailVerificationOnInvitation: true,
          sendInvitationEmail: ({ id, email, organization, inviter }) =>
            mail(
              email,
              mails.invitation({
                appName,
                url: pages.invitation.href.replace(":id", id),
                email,
                inviter: inviter.user,
                organization,
              }),
            ),
        }),
        transaction,
      ),
      transactional(refusingWithoutAdministrator(admin()), transaction),
      apiKey([
        { configId: "default", references: "user" },
        { configId: "organization", references: "organization" },
      ]),
      transactional(twoFactor({ issuer: appName }), keepingRefusals(transaction)),
      openAPI({ disableDefaultReference: true }),
      ...settings.plugins.map((name) => chosen[name]),
    ],
  });
  const disabled = allPlugins.filter((name) => !settings.plugins.includes(name));
  return { ...auth, disabled: disabled.flatMap((name) => Object.keys(chosen[name].endpoints ?? {})) };
};
