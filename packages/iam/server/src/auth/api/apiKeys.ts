import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { ApiKeyRow, Called, CalledBy, Page, PermissionsInput } from "./rows.ts";

/** Which kind of key: a user's, which is the default, or an organization's. */
interface OfKind {
  readonly configId?: "default" | "organization";
}

/** What only a call without headers may set. */
interface Limits {
  readonly remaining?: number;
  /** What `remaining` is set to again, every `refillInterval` milliseconds; the two go together. */
  readonly refillAmount?: number;
  readonly refillInterval?: number;
  readonly rateLimitEnabled?: boolean;
  /** Milliseconds. */
  readonly rateLimitTimeWindow?: number;
  readonly rateLimitMax?: number;
}

/** Keys that programs present. An organization's are for its owners, and for roles with permissions on `apiKey`. */
export interface ApiKeys {
  /** The one answer that has the key itself. */
  readonly createApiKey: (
    input: Called & {
      readonly body: OfKind &
        Limits & {
          readonly name?: string;
          readonly prefix?: string;
          /** Seconds. */
          readonly expiresIn?: number | null;
          /** Without headers only. */
          readonly permissions?: PermissionsInput;
          readonly organizationId?: SharedEntityIds.OrganizationId;
          /** Whose, where there are no headers. */
          readonly userId?: SharedEntityIds.UserId;
        };
    },
  ) => Promise<ApiKeyRow & { readonly key: string }>;
  /** Answers also for a key that is not valid; counts as a use of one that is. */
  readonly verifyApiKey: (input: {
    readonly body: OfKind & { readonly key: string; readonly permissions?: PermissionsInput };
  }) => Promise<
    | { readonly valid: true; readonly error: null; readonly key: ApiKeyRow }
    | {
        readonly valid: false;
        readonly error: { readonly code: string; readonly message: unknown };
        readonly key: null;
      }
  >;
  readonly getApiKey: (
    input: CalledBy & { readonly query: OfKind & { readonly id: IamEntityIds.ApiKeyId } },
  ) => Promise<ApiKeyRow>;
  /** The caller's, or an organization's. */
  readonly listApiKeys: (
    input: CalledBy & {
      readonly query?: OfKind & Page<ApiKeyRow> & { readonly organizationId?: SharedEntityIds.OrganizationId };
    },
  ) => Promise<{
    readonly apiKeys: ReadonlyArray<ApiKeyRow>;
    readonly total: number;
    readonly limit: number | undefined;
    readonly offset: number | undefined;
  }>;
  readonly updateApiKey: (
    input: Called & {
      readonly body: OfKind &
        Limits & {
          readonly keyId: IamEntityIds.ApiKeyId;
          readonly name?: string;
          readonly enabled?: boolean;
          /** Seconds. */
          readonly expiresIn?: number | null;
          /** Without headers only. */
          readonly permissions?: PermissionsInput | null;
          /** Whose, where there are no headers. */
          readonly userId?: SharedEntityIds.UserId;
        };
    },
  ) => Promise<ApiKeyRow>;
  readonly deleteApiKey: (
    input: CalledBy & { readonly body: OfKind & { readonly keyId: IamEntityIds.ApiKeyId } },
  ) => Promise<{ readonly success: boolean }>;
  readonly deleteAllExpiredApiKeys: (input: Called) => Promise<{ readonly success: boolean; readonly error: unknown }>;
}
