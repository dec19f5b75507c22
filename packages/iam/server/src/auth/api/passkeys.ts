import type { IamEntityIds } from "@beep/shared-domain";
import type { Called, CalledBy, CurrentSession, PasskeyRow, SettingCookies } from "./rows.ts";

/** What a browser hands to `navigator.credentials`, as WebAuthn's JSON. */
export interface CredentialOptions {
  readonly challenge: string;
  readonly [option: string]: unknown;
}

/** What the browser brings back, as WebAuthn's JSON. */
export type Credential = Readonly<Record<string, unknown>>;

/**
 * Signing in with a key of a user's device: the plugin `passkey` (WebAuthn). It is both factors, since it is only taken
 * with its PIN or biometrics. The answer to the options comes within five minutes, with the cookie that they set.
 */
export interface Passkeys {
  /** Wants a session that began within a day. */
  readonly generatePasskeyRegistrationOptions: SettingCookies<
    CalledBy & {
      readonly query?: { readonly name?: string; readonly authenticatorAttachment?: "platform" | "cross-platform" };
    },
    CredentialOptions
  >;
  readonly verifyPasskeyRegistration: SettingCookies<
    CalledBy & { readonly body: { readonly response: Credential; readonly name?: string } },
    PasskeyRow
  >;
  readonly generatePasskeyAuthenticationOptions: SettingCookies<Called, CredentialOptions>;
  readonly verifyPasskeyAuthentication: SettingCookies<
    CalledBy & { readonly body: { readonly response: Credential } },
    CurrentSession
  >;
  readonly listPasskeys: (input: CalledBy) => Promise<ReadonlyArray<PasskeyRow>>;
  readonly updatePasskey: (
    input: CalledBy & { readonly body: { readonly id: IamEntityIds.PasskeyId; readonly name: string } },
  ) => Promise<{ readonly passkey: PasskeyRow }>;
  readonly deletePasskey: (
    input: CalledBy & { readonly body: { readonly id: IamEntityIds.PasskeyId } },
  ) => Promise<{ readonly status: boolean }>;
}
