/**
 * Better Auth's plugins that an installation chooses: each by its name in `IAM_PLUGINS`, with every option of it that is
 * not a default. Their tables are there whether they are enabled or not, so that enabling one is no migration.
 */
import { hkdfSync } from "node:crypto";
import type { BetterAuthPlugin } from "@better-auth/core";
import { createPlaceholderEmail } from "@better-auth/core/utils/email";
import { oauthDeviceAuthorization, oauthProvider } from "@better-auth/oauth-provider";
import { passkey } from "@better-auth/passkey";
import { scim } from "@better-auth/scim";
import {
  anonymous,
  bearer,
  deviceAuthorization,
  emailOTP,
  jwt,
  lastLoginMethod,
  magicLink,
  multiSession,
  oneTimeToken,
  phoneNumber,
  siwe,
  username,
} from "better-auth/plugins";
import * as Redacted from "effect/Redacted";
import { generateSiweNonce } from "viem/siwe";
import { verifyMessage } from "viem/utils";
import type { Content, MailTexts } from "../mails.ts";
import type { Pages } from "../pages.ts";
import type { Settings } from "../settings.ts";
import type { Plugin } from "./names.ts";
import { singleSignOn } from "./sso.ts";

/** What the plugins stand on. */
export interface Dependencies {
  readonly settings: Settings;
  readonly pages: Pages;
  readonly mails: MailTexts;
  /** Sends a mail to an address. */
  readonly mail: (to: string, content: Content) => Promise<void>;
  /** Sends a text message to a phone number. */
  readonly text: (to: string, text: string) => Promise<void>;
}

/** Whether a user administers the whole installation. */
const isAdministrator = (user: Readonly<Record<string, unknown>> | undefined): boolean =>
  typeof user?.role === "string" && user.role.split(",").includes("admin");

const administers = ({ user }: { readonly user?: Readonly<Record<string, unknown>> }): boolean => isAdministrator(user);

/** A key of its own for what must not be verifiable with another's (RFC 5869). */
const derivedKey = (secret: Redacted.Redacted, purpose: string): string =>
  Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", `@beep/iam ${purpose}`, 32)).toString("base64url");

/** Every plugin that may be enabled, made by its name. */
export const makePlugins = (dependencies: Dependencies): Readonly<Record<Plugin, BetterAuthPlugin>> => {
  const { settings, pages, mails, mail, text } = dependencies;
  const { appName, baseUrl, plugins } = settings;
  const device = {
    verificationUri: pages.device.href,
    validateClient: (clientId: string) => settings.deviceClients.includes(clientId),
  };

  return {
    username: username(),
    "phone-number": phoneNumber({
      sendOTP: ({ phoneNumber: to, code }) => text(to, mails.phoneCode({ appName, code })),
      sendPasswordResetOTP: ({ phoneNumber: to, code }) => text(to, mails.phoneCode({ appName, code })),
      // E.164: a plus, the country's code, fifteen digits at most.
      phoneNumberValidator: (number) => /^\+[1-9]\d{6,14}$/.test(number),
      requireVerification: true,
      signUpOnVerification: {
        getTempEmail: (number) => createPlaceholderEmail({ identifier: number.slice(1), namespace: "phone" }),
      },
    }),
    anonymous: anonymous({ emailDomainName: "anonymous.placeholder.invalid" }),
    "magic-link": magicLink({
      storeToken: "hashed",
      sendMagicLink: ({ email, url }) => mail(email, mails.magicLink({ appName, url, email })),
    }),
    "email-otp": emailOTP({
      storeOTP: "hashed",
      sendVerificationOTP: ({ email, otp }) => mail(email, mails.emailCode({ appName, code: otp, email })),
    }),
    "multi-session": multiSession(),
    bearer: bearer({ requireSignature: true }),
    jwt: jwt({
      // Else each look at a session would sign one.
      disableSettingJwtHeader: true,
      jwks: { keyPairConfig: { alg: "ES256" } },
      jwt: { issuer: baseUrl.origin },
    }),
    "device-authorization": plugins.includes("oauth-provider")
      ? oauthDeviceAuthorization(device)
      : deviceAuthorization(device),
    siwe: siwe({
      domain: baseUrl.host,
      getNonce: () => Promise.resolve(generateSiweNonce()),
      // Of accounts that hold a key. A contract's signature (ERC-1271) only its chain could verify.
      verifyMessage: ({ message, signature, address }) =>
        verifyMessage({ message, signature: hex(signature), address: hex(address) }),
    }),
    "last-login-method": lastLoginMethod({ storeInDatabase: true }),
    "one-time-token": oneTimeToken({ storeToken: "hashed" }),
    passkey: passkey({
      rpID: baseUrl.hostname,
      rpName: appName,
      origin: [baseUrl.origin, ...settings.trustedOrigins],
      // So that a sign-in need not ask for a name first.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    }),
    sso: singleSignOn({ settings, pages, isAdministrator }),
    // Its type lets the tables of its managed connections be absent, which a plugin's general type does not.
    scim: scim({
      connections: [],
      managedConnections: { credentialHashSecret: derivedKey(settings.secret, "scim credentials") },
    }) as BetterAuthPlugin,
    "oauth-provider": oauthProvider({
      loginPage: pages.signIn.address,
      consentPage: pages.consent.address,
      clientPrivileges: administers,
      resourcePrivileges: administers,
      // Its warning is of metadata that are not at the origin's root; `IamHttp` has them there.
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  };
};

const hex = (text: string): `0x${string}` => (text.startsWith("0x") ? `0x${text.slice(2)}` : `0x${text}`);
