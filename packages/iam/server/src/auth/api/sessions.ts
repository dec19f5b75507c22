import type { Called, CalledBy, CurrentSession, SessionRow, SettingCookies, SignedIn } from "./rows.ts";

/** Signing in and out, and a user's own sessions. */
export interface Sessions {
  readonly signInEmail: SettingCookies<
    Called & {
      readonly body: {
        readonly email: string;
        readonly password: string;
        readonly rememberMe?: boolean;
        readonly callbackURL?: string;
      };
    },
    SignedIn
  >;
  readonly signOut: SettingCookies<CalledBy, { readonly success: boolean }>;
  /** Prolongs the session when it is time to, unless `disableRefresh`. */
  readonly getSession: SettingCookies<
    CalledBy & { readonly query?: { readonly disableRefresh?: boolean } },
    CurrentSession | null
  >;
  readonly listSessions: (input: CalledBy) => Promise<ReadonlyArray<SessionRow>>;
  readonly revokeSession: SettingCookies<
    CalledBy & { readonly body: { readonly token: string } },
    { readonly status: boolean }
  >;
  readonly revokeSessions: SettingCookies<CalledBy, { readonly status: boolean }>;
  readonly revokeOtherSessions: SettingCookies<CalledBy, { readonly status: boolean }>;
}
