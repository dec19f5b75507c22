/**
 * Better Auth's plugins that an installation chooses: each by its name in `IAM_PLUGINS`, with every option of it that is
 * not a default. Their tables are there whether they are enabled or not, so that enabling one is no migration.
 */
import { hkdfSync } from "node:crypto";
import type { BetterAuthPlugin } from "@better-auth/core";
import { createPlaceholderEmail } from "@better-auth/core/utils/email";
import { oauthDeviceAuthorization } from "@better-auth/oauth-provider";
import { passkey } from "@better-auth/passkey";
import { scim } from "@better-auth/scim";
import { sso } from "@better-auth/sso";
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
import { keepingRefusals, repeated, transactional } from "../transactional.ts";
import type { Plugin } from "./names.ts";
import { oauth } from "./oauth.ts";
import { knowingOwnTokens } from "./presentedTokens.ts";
import { keepOneKey } from "./signingKeys.ts";

/** What the plugins stand on. */
export interface Dependencies {
  readonly settings: Settings;
  readonly pages: Pages;
  readonly mails: MailTexts;
  /** Sends a mail to an address. */
  readonly mail: (to: string, content: Content) => Promise<void>;
  /** Sends a text message to a phone number. */
  readonly text: (to: string, text: string) => Promise<void>;
  readonly transaction: Transaction;
  /** A transaction that goes on when no other of this name does. */
  readonly exclusively: (name: string) => Transaction;
}

type Transaction = <A>(run: () => Promise<A>) => Promise<A>;

/** A key of its own for what must not be verifiable with another's (RFC 5869). */
const derivedKey = (secret: Redacted.Redacted, purpose: string): string =>
  Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", `@beep/iam ${purpose}`, 32)).toString("base64url");

/** Every plugin that may be enabled, made by its name. */
export const makePlugins = (dependencies: Dependencies): Readonly<Record<Plugin, BetterAuthPlugin>> => {
  const { settings, pages, mails, mail, text, transaction, exclusively } = dependencies;
  const { appName, baseUrl, plugins } = settings;
  const device = {
    verificationUri: pages.device.href,
    validateClient: (clientId: string) => settings.deviceClients.includes(clientId),
  };
  const signing = jwt({
    // Else each look at a session would sign one.
    disableSettingJwtHeader: true,
    jwks: { keyPairConfig: { alg: "ES256" } },
    adapter: { createJwk: keepOneKey(exclusively("signing key")) },
    jwt: {
      issuer: baseUrl.origin,
      // Else everything that is known of the user.
      definePayload: ({ user: { email, emailVerified, name } }) => ({ email, email_verified: emailVerified, name }),
    },
  });
  const provider = knowingOwnTokens(oauth(settings, pages), baseUrl.origin, signing);

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
    jwt: signing,
    "device-authorization": plugins.includes("oauth-provider")
      ? transactional(oauthDeviceAuthorization(device), keepingRefusals(transaction))
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
    sso: sso({
      // Without it whoever registers a provider could speak for any domain.
      domainVerification: { enabled: true },
      saml: {
        enableInResponseToValidation: true,
        allowIdpInitiated: false,
        requireTimestamps: true,
      },
    }),
    // Its type lets the tables of its managed connections be absent, which a plugin's general type does not.
    scim: scim({
      connections: [],
      managedConnections: { credentialHashSecret: derivedKey(settings.secret, "scim credentials") },
    }) as BetterAuthPlugin,
    "oauth-provider": transactional(provider, repeated(keepingRefusals(transaction))),
  };
};

const hex = (text: string): `0x${string}` => (text.startsWith("0x") ? `0x${text.slice(2)}` : `0x${text}`);
