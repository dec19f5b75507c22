import type { Called, SettingCookies, SignedIn, UserRow } from "./rows.ts";

/** Signing in by a phone number: the plugin `phone-number`. Numbers have their international form (E.164). */
export interface PhoneNumbers {
  readonly signInPhoneNumber: SettingCookies<
    Called & {
      readonly body: { readonly phoneNumber: string; readonly password: string; readonly rememberMe?: boolean };
    },
    SignedIn
  >;
  /** Sends a code, whether anybody has the number or not. */
  readonly sendPhoneNumberOTP: (
    input: Called & { readonly body: { readonly phoneNumber: string } },
  ) => Promise<{ readonly message: string }>;
  /** Checks a code and uses it up, and does nothing else. Not over HTTP. */
  readonly consumePhoneNumberOTP: (
    input: Called & { readonly body: { readonly phoneNumber: string; readonly code: string } },
  ) => Promise<{ readonly status: boolean }>;
  /**
   * Signs in, and up where nobody has the number; with `disableSession` it only confirms. With `updatePhoneNumber` the
   * number is the caller's afterwards.
   */
  readonly verifyPhoneNumber: SettingCookies<
    Called & {
      readonly body: {
        readonly phoneNumber: string;
        readonly code: string;
        readonly disableSession?: boolean;
        readonly updatePhoneNumber?: boolean;
      };
    },
    | { readonly status: boolean; readonly token: string | null; readonly user: UserRow }
    | { readonly twoFactorRedirect: true; readonly twoFactorMethods: ReadonlyArray<"totp"> }
  >;
  /** Sends a code, where a user has the number; it does not tell. */
  readonly requestPasswordResetPhoneNumber: (
    input: Called & { readonly body: { readonly phoneNumber: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly resetPasswordPhoneNumber: (
    input: Called & {
      readonly body: { readonly phoneNumber: string; readonly otp: string; readonly newPassword: string };
    },
  ) => Promise<{ readonly status: boolean }>;
}
