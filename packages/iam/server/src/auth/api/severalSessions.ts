import type { CalledBy, CurrentSession, SettingCookies } from "./rows.ts";

/** Several users signed in in one browser: the plugin `multi-session`. Five at most. */
export interface SeveralSessions {
  readonly listDeviceSessions: (input: CalledBy) => Promise<ReadonlyArray<CurrentSession>>;
  readonly setActiveSession: SettingCookies<
    CalledBy & { readonly body: { readonly sessionToken: string } },
    CurrentSession
  >;
  readonly revokeDeviceSession: SettingCookies<
    CalledBy & { readonly body: { readonly sessionToken: string } },
    { readonly status: boolean }
  >;
}
