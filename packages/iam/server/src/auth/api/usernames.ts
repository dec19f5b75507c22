import type { Called, SettingCookies, SignedIn } from "./rows.ts";

/** Signing in with a name instead of an address: the plugin `username`. Names are set by `signUpEmail` and `updateUser`. */
export interface Usernames {
  readonly signInUsername: SettingCookies<
    Called & {
      readonly body: {
        readonly username: string;
        readonly password: string;
        readonly rememberMe?: boolean;
        readonly callbackURL?: string;
      };
    },
    SignedIn
  >;
  readonly isUsernameAvailable: (
    input: Called & { readonly body: { readonly username: string } },
  ) => Promise<{ readonly available: boolean }>;
}
