/**
 * Better Auth's plugins that an installation chooses: each by its name in `IAM_PLUGINS`, with every option of it that is
 * not a default. Their tables are there whether they are enabled or not, so that enabling one is no migration.
 */
import { createHmac } from "node:crypto";
import { SharedEntityIds } from "@beep/shared-domain";
import type { BetterAuthPlugin, GenericEndpointContext } from "@better-auth/core";
import { createPlaceholderEmail } from "@better-auth/core/utils/email";
import { generateId } from "@better-auth/core/utils/id";
import { oauthDeviceAuthorization } from "@better-auth/oauth-provider";
import {
  anonymous,
  bearer,
  deviceAuthorization,
  emailOTP,
  lastLoginMethod,
  magicLink,
  multiSession,
  oneTimeToken,
  phoneNumber,
  siwe,
  username,
} from "better-auth/plugins";
import { generateSiweNonce } from "viem/siwe";
import { verifyMessage } from "viem/utils";
import type { SigningKeys } from "../../crypto/SigningKeys.ts";
import { type Admission, lettingSee } from "../admission.ts";
import { derivedKey } from "../derivedKey.ts";
import { signingTokens } from "../deviceTokens.ts";
import type { Directories } from "../directories/Directories.ts";
import { directoriesPlugin } from "../directories/plugin.ts";
import type { Upgrade } from "../guests.ts";
import type { Content, MailTexts } from "../mails.ts";
import { type Pages, returningTo } from "../pages.ts";
import { verifiedPasskeys } from "../passkeys.ts";
import type { Settings } from "../settings.ts";
import { keepingRefusals, repeated, transactional } from "../transactional.ts";
import { keepingNewSession } from "./keepingNewSession.ts";
import type { Plugin } from "./names.ts";
import { oauth } from "./oauth.ts";
import { knowingOwnTokens } from "./presentedTokens.ts";
import { signingTokensBy } from "./signedTokens.ts";
import { singleSignOn } from "./sso.ts";

/** What the plugins stand on. */
export interface Dependencies {
  /** Who is let into organizations. */
  readonly admission: Admission;
  readonly settings: Settings;
  readonly pages: Pages;
  readonly directories: Directories;
  readonly mails: MailTexts;
  /** Sends a mail to an address. */
  readonly mail: (to: string, content: Content) => Promise<void>;
  /** Sends a text message to a phone number. */
  readonly text: (to: string, text: string) => Promise<void>;
  /** Lets what a guest had pass to the user who the guest turns out to be. */
  readonly passOn: (context: GenericEndpointContext, upgrade: Upgrade) => Promise<void>;
  readonly transaction: Transaction;
  /** By which tokens are signed. */
  readonly signingKeys: SigningKeys["Service"];
}

type Transaction = <A>(run: () => Promise<A>) => Promise<A>;

/** Requests that cost a text message or a row each, or try what is to be guessed: as many a minute from one address. */
export const rateLimits = {
  "/phone-number/send-otp": { window: 60, max: 3 },
  "/phone-number/request-password-reset": { window: 60, max: 3 },
  "/device/code": { window: 60, max: 10 },
  "/is-username-available": { window: 60, max: 20 },
  "/one-time-token/verify": { window: 60, max: 10 },
  "/passkey/verify-authentication": { window: 60, max: 10 },
  "/siwe/nonce": { window: 60, max: 10 },
  "/siwe/get-nonce": { window: 60, max: 10 },
  "/siwe/verify": { window: 60, max: 10 },
};

/** How a user came in, where the plugin's own answer is that it does not know. */
const loginMethods: Readonly<Record<string, string>> = {
  "/sign-in/username": "username",
  "/sign-in/phone-number": "phone-number",
  "/phone-number/verify": "phone-number",
  "/sign-in/anonymous": "anonymous",
};

/** Every plugin that may be enabled, made by its name. */
export const makePlugins = (dependencies: Dependencies): Readonly<Record<Plugin, BetterAuthPlugin>> => {
  const { admission, settings, pages, directories, mails, mail, text, passOn, transaction, signingKeys } = dependencies;
  const { appName, baseUrl, plugins } = settings;
  const codeKey = derivedKey(settings.secret, "codes by mail");
  const device = {
    // Who is talked into entering somebody else's code has less time for it.
    expiresIn: "15m" as const,
    verificationUri: pages.device.href,
    validateClient: (clientId: string) => settings.deviceClients.includes(clientId),
  };
  const signing = signingTokensBy(signingKeys, baseUrl.origin);
  const provider = knowingOwnTokens(oauth(settings, pages, directories), baseUrl.origin, signingKeys);

  return {
    username: username(),
    "phone-number": phoneNumber({
      sendOTP: ({ phoneNumber: to, code }) => text(to, mails.phoneCode({ appName, code })),
      sendPasswordResetOTP: ({ phoneNumber: to, code }) => text(to, mails.phoneCode({ appName, code })),
      // E.164: a plus, the country's code, fifteen digits at most.
      phoneNumberValidator: (number) => /^\+[1-9]\d{6,14}$/.test(number),
      requireVerification: true,
      signUpOnVerification: {
        // Drawn by lot: a number may pass to somebody else, and is nothing that other members are to read.
        getTempEmail: () => createPlaceholderEmail({ identifier: generateId(), namespace: "phone" }),
        getTempName: () => "",
      },
    }),
    anonymous: keepingNewSession(
      anonymous({
        onLinkAccount: ({ anonymousUser, newUser, ctx }) =>
          passOn(ctx, {
            guest: SharedEntityIds.UserId.make(anonymousUser.user.id),
            user: SharedEntityIds.UserId.make(newUser.user.id),
          }),
      }),
    ),
    "magic-link": magicLink({
      storeToken: "hashed",
      sendMagicLink: ({ email, url }) => {
        const link = new URL(returningTo(pages.account, url));
        if (!link.searchParams.has("errorCallbackURL")) link.searchParams.set("errorCallbackURL", pages.error.href);
        return mail(email, mails.magicLink({ appName, url: link.href, email }));
      },
    }),
    "email-otp": emailOTP({
      // With a key: of a million codes each is soon found by its hash.
      storeOTP: { hash: async (code) => createHmac("sha256", codeKey).update(code).digest("base64url") },
      sendVerificationOTP: ({ email, otp, type }) =>
        mail(email, mails.emailCode({ appName, code: otp, email, purpose: type })),
    }),
    "multi-session": multiSession(),
    bearer: bearer({ requireSignature: true }),
    jwt: signing,
    "device-authorization": signingTokens(
      plugins.includes("oauth-provider")
        ? transactional(oauthDeviceAuthorization(device), keepingRefusals(transaction))
        : deviceAuthorization(device),
    ),
    siwe: siwe({
      domain: baseUrl.host,
      getNonce: () => Promise.resolve(generateSiweNonce()),
      // Of accounts that hold a key. A contract's signature (ERC-1271) only its chain could verify.
      verifyMessage: ({ message, signature, address }) =>
        verifyMessage({ message, signature: hex(signature), address: hex(address) }),
    }),
    "last-login-method": lastLoginMethod({
      storeInDatabase: true,
      customResolveMethod: ({ path }) => loginMethods[path] ?? null,
    }),
    "one-time-token": oneTimeToken({ storeToken: "hashed" }),
    passkey: verifiedPasskeys({
      rpID: baseUrl.hostname,
      rpName: appName,
      origin: [baseUrl.origin, ...settings.trustedOrigins],
    }),
    sso: lettingSee(singleSignOn({ settings, pages }), admission),
    scim: lettingSee(directoriesPlugin(directories, derivedKey(settings.secret, "scim credentials")), admission),
    "oauth-provider": transactional(provider, repeated(keepingRefusals(transaction))),
  };
};

const hex = (text: string): `0x${string}` => (text.startsWith("0x") ? `0x${text.slice(2)}` : `0x${text}`);
