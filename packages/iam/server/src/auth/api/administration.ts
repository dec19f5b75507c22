import type { SharedEntityIds } from "@beep/shared-domain";
import type {
  Called,
  CalledBy,
  CurrentSession,
  Filter,
  Page,
  PermissionsInput,
  SessionRow,
  SettingCookies,
  UserRow,
} from "./rows.ts";

type UserId = SharedEntityIds.UserId;

/** A role in the installation. */
type Role = "admin" | "user";

/** What the installation's administrators do with users. */
export interface Administration {
  readonly createUser: (
    input: Called & {
      readonly body: {
        readonly name: string;
        readonly email: string;
        readonly password?: string;
        readonly role?: Role | Array<Role>;
        readonly data?: Record<string, unknown>;
      };
    },
  ) => Promise<{ readonly user: UserRow }>;
  readonly getUser: (input: CalledBy & { readonly query: { readonly id: UserId } }) => Promise<UserRow>;
  readonly listUsers: (
    input: CalledBy & {
      readonly query: Page<UserRow> &
        Filter<UserRow> & {
          readonly searchValue?: string;
          readonly searchField?: "email" | "name";
          readonly searchOperator?: "contains" | "starts_with" | "ends_with";
        };
    },
  ) => Promise<{
    readonly users: ReadonlyArray<UserRow>;
    readonly total: number;
    readonly limit?: number | undefined;
    readonly offset?: number | undefined;
  }>;
  readonly adminUpdateUser: (
    input: CalledBy & {
      readonly body: {
        readonly userId: UserId;
        readonly data: Partial<
          Pick<UserRow, "name" | "email" | "emailVerified" | "image" | "banned" | "banReason" | "banExpires">
        > & { readonly role?: Role | Array<Role> };
      };
    },
  ) => Promise<UserRow>;
  readonly setRole: (
    input: CalledBy & { readonly body: { readonly userId: UserId; readonly role: Role | Array<Role> } },
  ) => Promise<{ readonly user: UserRow }>;
  readonly setUserPassword: (
    input: CalledBy & { readonly body: { readonly userId: UserId; readonly newPassword: string } },
  ) => Promise<{ readonly status: boolean }>;
  /** Ends the user's sessions. */
  readonly banUser: (
    input: CalledBy & {
      /** `banExpiresIn` in seconds. */
      readonly body: { readonly userId: UserId; readonly banReason?: string; readonly banExpiresIn?: number };
    },
  ) => Promise<{ readonly user: UserRow }>;
  readonly unbanUser: (
    input: CalledBy & { readonly body: { readonly userId: UserId } },
  ) => Promise<{ readonly user: UserRow }>;
  readonly removeUser: (
    input: CalledBy & { readonly body: { readonly userId: UserId } },
  ) => Promise<{ readonly success: boolean }>;
  /** Whether the caller may; without headers, whether a user may, or a role. */
  readonly userHasPermission: (
    input: Called & {
      readonly body: {
        readonly userId?: UserId;
        readonly role?: Role;
        readonly permissions: PermissionsInput;
      };
    },
  ) => Promise<{ readonly success: boolean; readonly error: null }>;

  // Their sessions
  readonly listUserSessions: (
    input: CalledBy & { readonly body: { readonly userId: UserId } },
  ) => Promise<{ readonly sessions: ReadonlyArray<SessionRow> }>;
  readonly revokeUserSession: (
    input: CalledBy & { readonly body: { readonly sessionToken: string } },
  ) => Promise<{ readonly success: boolean }>;
  readonly revokeUserSessions: (
    input: CalledBy & { readonly body: { readonly userId: UserId } },
  ) => Promise<{ readonly success: boolean }>;
  /** The cookies hold the session as the user, and the administrator's own for the way back. */
  readonly impersonateUser: SettingCookies<CalledBy & { readonly body: { readonly userId: UserId } }, CurrentSession>;
  /** Back to the administrator's own session. */
  readonly stopImpersonating: SettingCookies<CalledBy, CurrentSession>;
}
