import type { Called, CalledBy, SettingCookies, UserRow } from "./rows.ts";

/**
 * Guests: the plugin `anonymous`. A guest who signs in or up becomes that user: memberships, invitations and keys pass, and
 * what an application says of its own rows (`Auth.Guests`); the rest goes with the guest.
 */
export interface Guests {
  readonly signInAnonymous: SettingCookies<Called, { readonly token: string; readonly user: UserRow }>;
  /** Deletes the guest whose session it is. */
  readonly deleteAnonymousUser: SettingCookies<CalledBy, { readonly success: boolean }>;
}
