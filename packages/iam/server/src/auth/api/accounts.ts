import type { AccountRow, Called, CalledBy, SettingCookies, UserRow } from "./rows.ts";

/** How somebody gets an account, proves its address, and keeps its password. */
export interface Accounts {
  /** For an address that is known the answer is that of one that is not, and nothing happens. */
  readonly signUpEmail: SettingCookies<
    Called & {
      readonly body: {
        readonly name: string;
        readonly email: string;
        readonly password: string;
        readonly image?: string;
        readonly callbackURL?: string;
        /** With the plugin `username`. */
        readonly username?: string;
        readonly displayUsername?: string;
      };
    },
    /** No token, because the address is yet to be confirmed. */
    { readonly token: null; readonly user: UserRow }
  >;
  readonly sendVerificationEmail: (
    input: Called & { readonly body: { readonly email: string; readonly callbackURL?: string } },
  ) => Promise<{ readonly status: boolean }>;
  readonly verifyEmail: (
    input: Called & { readonly query: { readonly token: string } },
  ) => Promise<{ readonly status: boolean; readonly user: null }>;
  /** Succeeds for unknown addresses too. */
  readonly requestPasswordReset: (
    input: Called & { readonly body: { readonly email: string; readonly redirectTo?: string } },
  ) => Promise<{ readonly status: boolean; readonly message: string }>;
  /** Ends all sessions of the user. */
  readonly resetPassword: (
    input: Called & { readonly body: { readonly token: string; readonly newPassword: string } },
  ) => Promise<{ readonly status: boolean }>;
  /** Whether it is the caller's password; fails when it is not. */
  readonly verifyPassword: (
    input: CalledBy & { readonly body: { readonly password: string } },
  ) => Promise<{ readonly status: boolean }>;
  /** The token of the new session, where `revokeOtherSessions` ended the caller's own with the others. */
  readonly changePassword: SettingCookies<
    CalledBy & {
      readonly body: {
        readonly currentPassword: string;
        readonly newPassword: string;
        readonly revokeOtherSessions?: boolean;
      };
    },
    { readonly token: string | null; readonly user: UserRow }
  >;
  readonly updateUser: SettingCookies<
    CalledBy & {
      readonly body: {
        readonly name?: string;
        readonly image?: string | null;
        /** With the plugin `username`. */
        readonly username?: string;
        readonly displayUsername?: string;
      };
    },
    { readonly status: boolean }
  >;
  readonly listUserAccounts: (input: CalledBy) => Promise<ReadonlyArray<AccountRow>>;
}
