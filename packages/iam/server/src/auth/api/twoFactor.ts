import type { SharedEntityIds } from "@beep/shared-domain";
import type { CalledBy, SettingCookies, UserRow } from "./rows.ts";

/**
 * The second factor: codes of an authenticator app, and backup codes for when it is lost. At a sign-in the headers carry
 * the cookies that `signInEmail` set, which hold the sign-in that waits for its second factor.
 */
export interface TwoFactor {
  /** The factor counts once `verifyTOTP` has seen a code of it. */
  readonly enableTwoFactor: (
    input: CalledBy & { readonly body: { readonly password: string; readonly issuer?: string } },
  ) => Promise<{ readonly method: "totp"; readonly totpURI: string; readonly backupCodes: ReadonlyArray<string> }>;
  /** Ends the caller's session for a new one, which only the cookies hold. */
  readonly disableTwoFactor: SettingCookies<
    CalledBy & { readonly body: { readonly password: string } },
    { readonly status: boolean }
  >;
  readonly getTOTPURI: (
    input: CalledBy & { readonly body: { readonly password: string } },
  ) => Promise<{ readonly totpURI: string }>;
  /**
   * At a sign-in, the session's token. When it is what enables the factor, the token and the user are those of before:
   * that session has ended, and only the cookies hold the new one.
   */
  readonly verifyTOTP: SettingCookies<
    CalledBy & { readonly body: { readonly code: string; readonly trustDevice?: boolean } },
    { readonly token: string; readonly user: UserRow }
  >;
  /** No token when a sign-in is verified with `disableSession`. */
  readonly verifyBackupCode: SettingCookies<
    CalledBy & {
      readonly body: { readonly code: string; readonly disableSession?: boolean; readonly trustDevice?: boolean };
    },
    { readonly token: string | undefined; readonly user: UserRow }
  >;
  /** Those of before no longer count. */
  readonly generateBackupCodes: (
    input: CalledBy & { readonly body: { readonly password: string } },
  ) => Promise<{ readonly status: boolean; readonly backupCodes: ReadonlyArray<string> }>;
  /** Asks for no session: for the server only. */
  readonly viewBackupCodes: (input: {
    readonly body: { readonly userId: SharedEntityIds.UserId };
  }) => Promise<{ readonly status: boolean; readonly backupCodes: ReadonlyArray<string> }>;
}
