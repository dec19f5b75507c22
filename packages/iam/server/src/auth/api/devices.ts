import type { Called, CalledBy } from "./rows.ts";

/** Signing in on a device without a browser: the plugin `device-authorization` (RFC 8628). Names are the RFC's. */
export interface Devices {
  /** The codes, for a quarter of an hour. `client_id` is one of IAM_DEVICE_CLIENTS, or an OAuth client's. */
  readonly deviceCode: (
    input: Called & { readonly body: { readonly client_id: string; readonly scope?: string } },
  ) => Promise<{
    readonly device_code: string;
    readonly user_code: string;
    readonly verification_uri: string;
    readonly verification_uri_complete: string;
    /** In seconds. */
    readonly expires_in: number;
    /** Seconds between two questions. */
    readonly interval: number;
  }>;
  /**
   * The session's token, for `Authorization: Bearer …` with the plugin `bearer`. Until the user has decided it fails with
   * `AUTHORIZATION_PENDING`, and `POLLING_TOO_FREQUENTLY` within the interval.
   */
  readonly deviceToken: (
    input: Called & {
      readonly body: {
        readonly grant_type: "urn:ietf:params:oauth:grant-type:device_code";
        readonly device_code: string;
        readonly client_id: string;
      };
    },
  ) => Promise<{
    readonly access_token: string;
    readonly token_type: "Bearer";
    readonly expires_in: number;
    readonly scope: string;
  }>;
  /** What a user decides on who entered the code, and claims it: nobody else decides afterwards. */
  readonly deviceVerify: (input: Called & { readonly query: { readonly user_code: string } }) => Promise<{
    readonly user_code: string;
    readonly status: "pending" | "approved" | "denied";
    /** Both for who has claimed the code. */
    readonly client_id?: string | null | undefined;
    readonly scope?: string | null | undefined;
  }>;
  readonly deviceApprove: (
    input: CalledBy & { readonly body: { readonly userCode: string } },
  ) => Promise<{ readonly success: boolean }>;
  readonly deviceDeny: (
    input: CalledBy & { readonly body: { readonly userCode: string } },
  ) => Promise<{ readonly success: boolean }>;
}
