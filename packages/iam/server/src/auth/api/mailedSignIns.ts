import type { Called, CalledBy, CurrentSession, SettingCookies, SignedIn, UserRow } from "./rows.ts";

type Purpose = "sign-in" | "email-verification" | "forget-password";

interface Answered {
  readonly success: boolean;
}

/** Signing in by a link in a mail: the plugin `magic-link`. Who follows it has the address, and is signed up where need be. */
export interface MagicLinks {
  /** Sends the link, which works once, for five minutes. `name` is that of who is signed up by it. */
  readonly signInMagicLink: (
    input: CalledBy & {
      readonly body: {
        readonly email: string;
        readonly name?: string;
        readonly callbackURL?: string;
        readonly newUserCallbackURL?: string;
        readonly errorCallbackURL?: string;
      };
    },
  ) => Promise<{ readonly status: boolean }>;
  /** What following the link does, where no browser is to be led on. */
  readonly magicLinkVerify: SettingCookies<
    CalledBy & { readonly query: { readonly token: string } },
    | (CurrentSession & { readonly token: string })
    | { readonly twoFactorRedirect: true; readonly twoFactorMethods: ReadonlyArray<"totp"> }
  >;
}

/** Codes by mail: the plugin `email-otp`. A code has six digits, lasts five minutes, and bears three attempts. */
export interface EmailCodes {
  /** To confirm or to set a password, it is sent where a user has the address; the answer does not tell. */
  readonly sendVerificationOTP: (
    input: Called & { readonly body: { readonly email: string; readonly type: Purpose } },
  ) => Promise<Answered>;
  /** Makes a code without sending it. Not over HTTP. */
  readonly createVerificationOTP: (
    input: Called & { readonly body: { readonly email: string; readonly type: Purpose } },
  ) => Promise<string>;
  /** Whether a code is right, which stays to be used. */
  readonly checkVerificationOTP: (
    input: Called & { readonly body: { readonly email: string; readonly type: Purpose; readonly otp: string } },
  ) => Promise<Answered>;
  /** Confirms the address. */
  readonly verifyEmailOTP: SettingCookies<
    Called & { readonly body: { readonly email: string; readonly otp: string } },
    { readonly status: boolean; readonly token: null; readonly user: UserRow }
  >;
  /** Signs in, and up where nobody has the address. */
  readonly signInEmailOTP: SettingCookies<
    Called & {
      readonly body: {
        readonly email: string;
        readonly otp: string;
        readonly name?: string;
        readonly image?: string;
      };
    },
    SignedIn
  >;
  readonly requestPasswordResetEmailOTP: (
    input: Called & { readonly body: { readonly email: string } },
  ) => Promise<Answered>;
  readonly resetPasswordEmailOTP: (
    input: Called & { readonly body: { readonly email: string; readonly otp: string; readonly password: string } },
  ) => Promise<Answered>;
}
