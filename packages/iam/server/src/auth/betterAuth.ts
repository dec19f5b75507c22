/** Better Auth, as this package composes it: every option that is not a default stands here. */
import { AccessControl } from "@beep/iam-domain";
import type { SharedEntityIds } from "@beep/shared-domain";
import { apiKey } from "@better-auth/api-key";
import type { AuthContext, BetterAuthOptions } from "@better-auth/core";
import { betterAuth } from "better-auth/minimal";
import { admin, openAPI, organization, twoFactor } from "better-auth/plugins";
import { createAccessControl, type AccessControl as GeneralAccessControl } from "better-auth/plugins/access";
import { defaultRoles } from "better-auth/plugins/admin/access";
import * as Effect from "effect/Effect";
import * as Record from "effect/Record";
import * as Redacted from "effect/Redacted";
import type { SigningKeys } from "../crypto/SigningKeys.ts";
import type { makeAdapter } from "./adapter.ts";
import { type Admission, lettingIn, lettingSee } from "./admission.ts";
import { noteSent } from "./alike.ts";
import { ofOwnersWhoMayAct } from "./apiKeyOwners.ts";
import type { Credentials } from "./credentials.ts";
import type { Directories } from "./directories/Directories.ts";
import { equalSignUps } from "./equalSignUps.ts";
import { factsOfUsers } from "./factsOfUsers.ts";
import { passOn, type Upgrade } from "./guests.ts";
import type { Message } from "./Mailer.ts";
import { mailingSignUps } from "./mailingSignUps.ts";
import type { Content, MailTexts } from "./mails.ts";
import { refuseMalformed } from "./malformed.ts";
import { createId } from "./models.ts";
import { type Pages, returningTo } from "./pages.ts";
import { MAX_PASSWORD_LENGTH, MIN_LENGTH_WITH_SECOND_FACTOR } from "./password/policy.ts";
import { isPlaceholder, refusingPlaceholders } from "./placeholders.ts";
import type { AccessToken } from "./plugins/accessTokens.ts";
import { all as allPlugins } from "./plugins/names.ts";
import { makePlugins, rateLimits } from "./plugins/plugins.ts";
import * as promises from "./promises.ts";
import { askedOfEverybody } from "./secondFactor.ts";
import type { Settings } from "./settings.ts";
import { refusingWithoutAdministrator } from "./stopImpersonating.ts";
import type { TextMessage } from "./TextMessages.ts";
import { keepingRefusals, transactional } from "./transactional.ts";

/** Where Better Auth's routes are. */
export const BASE_PATH = "/api/auth";

/** The header in which the server states the client's address to Better Auth; a client's own is never let through. */
export const CLIENT_ADDRESS_HEADER = "x-iam-client-address";

const organizationAccess = createAccessControl(AccessControl.statements);

/** Of organizations: what roles permit, in the form that Better Auth has for it. */
export const organizationRules = {
  // The option's type is the general access control, to which one of certain resources is not assignable.
  ac: organizationAccess as unknown as GeneralAccessControl,
  roles: Record.map({ ...AccessControl.builtInRoles }, (permitted: AccessControl.Permissions) =>
    organizationAccess.newRole(permitted),
  ),
};

// Its own, stated so that a role that there is not, a misspelt one say, is refused and not stored.
const installationRoles = { ...defaultRoles };

/** How often a key may be used that says nothing else: Better Auth's ten times a day are for no program that calls a server. */
const usesOfKeys = { enabled: true, timeWindow: 60_000, maxRequests: 600 };

/** What Better Auth stands on. */
export interface Dependencies {
  readonly settings: Settings;
  /** Where mails and redirections lead. */
  readonly pages: Pages;
  readonly adapter: ReturnType<typeof makeAdapter>;
  /** Who is let into organizations. */
  readonly admission: Admission;
  /** What directories do to members and their accounts. */
  readonly directories: Directories;
  /** Whether an organization is there, and not suspended. */
  readonly organizationMayAct: (organizationId: SharedEntityIds.OrganizationId) => Promise<boolean>;
  readonly transaction: Parameters<typeof transactional>[1];
  /** By which tokens are signed. */
  readonly signingKeys: SigningKeys["Service"];
  /** Puts mail in the outbox, with the change that it speaks of. */
  readonly send: (message: Message) => Effect.Effect<void>;
  /** Puts a text message in the outbox, likewise. */
  readonly sendText: (message: TextMessage) => Effect.Effect<void>;
  /** What mails say. */
  readonly mails: MailTexts;
  readonly credentials: Credentials;
  /** What an application does when a guest becomes a user. */
  readonly upgraded: (upgrade: Upgrade) => Effect.Effect<void>;
}

/** As much of Better Auth as is used: its inferred type cannot be named in a declaration, and is of no use to others. */
export interface BetterAuth {
  readonly options: BetterAuthOptions;
  readonly $context: Promise<
    Pick<
      AuthContext,
      "authCookies" | "internalAdapter" | "isTrustedOrigin" | "secret" | "secretConfig" | "sessionConfig"
    >
  >;
  /** The messages of its errors by their codes. */
  readonly $ERROR_CODES: Readonly<Record<string, { readonly message: string }>>;
  readonly handler: (request: Request) => Promise<Response>;
  readonly api: Readonly<Record<string, Endpoint>> & {
    readonly generateOpenAPISchema: Endpoint & (() => Promise<OpenApiDocument>);
    /** Of the OAuth provider, where it is enabled. */
    readonly verifyAccessToken?: Endpoint &
      ((input: { readonly body: { readonly token: string } }) => Promise<AccessToken | null>);
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

/** Better Auth with the plugins and options of this package. */
export const makeBetterAuth = ({
  settings,
  pages,
  adapter,
  admission,
  directories,
  organizationMayAct,
  transaction,
  signingKeys,
  mails,
  send,
  sendText,
  credentials,
  upgraded,
}: Dependencies): BetterAuth => {
  const { appName, baseUrl } = settings;
  const mail = async (to: string, content: Content): Promise<void> => {
    if (isPlaceholder(to)) return;
    await promises.leave(send({ ...content, to }));
    await noteSent();
  };
  const text = async (to: string, message: string): Promise<void> => {
    await promises.leave(sendText({ to, text: message }));
    await noteSent();
  };
  const verification = mailingSignUps(({ user, url }) =>
    mail(user.email, mails.verification({ appName, url: returningTo(pages.verification, url), user })),
  );
  const chosen = makePlugins({
    admission,
    settings,
    pages,
    directories,
    mails,
    mail,
    text,
    transaction,
    signingKeys,
    passOn: (context, upgrade) =>
      transaction(async () => {
        await passOn(context, upgrade);
        await promises.leave(upgraded(upgrade));
      }),
  });
  const enabled = settings.plugins.map((name) => chosen[name]);

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
      // Who has one IPv6 address has all of its network, and counts as one.
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER], ipv6Subnet: 64 },
      useSecureCookies: baseUrl.protocol === "https:",
    },
    rateLimit: {
      enabled: settings.rateLimit,
      storage: "database",
      // Asked with every page, and by back ends for all of their users: counting it would cost a write each.
      customRules: {
        "/get-session": false,
        // Tries of one-time links, which Better Auth has no rule for. Its own is 3 in 10 s at a sign-in, sign-up or change
        // of a password, and 3 in a minute for what sends mail.
        "/reset-password": { window: 60, max: 10 },
        ...rateLimits,
      },
    },
    logger: {
      log: (level, message, ...details) => {
        const log = { debug: Effect.logDebug, info: Effect.logInfo, warn: Effect.logWarning, error: Effect.logError };
        void promises.leave(log[level](message, ...details));
      },
    },
    // The plugins' own, stated once more: only what is stated here reaches `customSyntheticUser`.
    user: { additionalFields: Object.assign({}, ...enabled.map(({ schema }) => schema?.user?.fields)) },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      // The shortest that anybody may have; a plugin demands more of who has no second factor.
      minPasswordLength: MIN_LENGTH_WITH_SECOND_FACTOR,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      password: credentials.password,
      onPasswordReset: credentials.onPasswordReset,
      revokeSessionsOnPasswordReset: true,
      // Who signs up with an address that is known gets the answer of one that is not: a user as the plugins make it.
      customSyntheticUser: ({ coreFields, additionalFields, id }) => ({
        ...coreFields,
        role: "user",
        banned: false,
        banReason: null,
        banExpires: null,
        twoFactorEnabled: false,
        lastLoginMethod: "email",
        ...additionalFields,
        id,
      }),
      sendResetPassword: ({ user, url }) =>
        mail(user.email, mails.passwordReset({ appName, url: returningTo(pages.password, url), user })),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      sendVerificationEmail: verification.send,
    },
    plugins: [
      verification.plugin,
      ...credentials.plugins,
      transactional(
        lettingIn(
          organization({
            ...organizationRules,
            // As a function, because a number would also be how many members Better Auth lists at once.
            membershipLimit: async () => settings.organizationMembers,
            invitationLimit: settings.organizationInvitations,
            teams: { enabled: true },
            dynamicAccessControl: { enabled: true },
            requireEmailVerificationOnInvitation: true,
            organizationHooks: {
              afterAddMember: ({ member }) => directories.joined(member),
              afterAcceptInvitation: ({ member }) => directories.joined(member),
            },
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
          admission,
        ),
        transaction,
      ),
      transactional(refusingWithoutAdministrator(admin({ roles: installationRoles })), transaction),
      factsOfUsers,
      ofOwnersWhoMayAct(
        lettingSee(
          apiKey([
            { configId: "default", references: "user", rateLimit: usesOfKeys },
            { configId: "organization", references: "organization", rateLimit: usesOfKeys },
          ]),
          admission,
        ),
        directories,
        organizationMayAct,
      ),
      transactional(
        askedOfEverybody(
          // Sealed at the seam; so is the secret, around Better Auth's own encryption of it.
          twoFactor({ issuer: appName, backupCodeOptions: { storeBackupCodes: "plain" } }),
          pages.twoFactor,
        ),
        keepingRefusals(transaction),
      ),
      openAPI({ disableDefaultReference: true }),
      refusingPlaceholders,
      // Before the plugins, which look at the fields first.
      equalSignUps,
      ...enabled,
      credentials.recording,
    ],
  });
  const disabled = allPlugins.filter((name) => !settings.plugins.includes(name));
  return { ...auth, disabled: disabled.flatMap((name) => Object.keys(chosen[name].endpoints ?? {})) };
};
