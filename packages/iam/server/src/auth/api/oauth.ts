import type { IamEntityIds } from "@beep/shared-domain";
import type { CalledBy, OAuthConsentRow, OAuthResourceRow } from "./rows.ts";

/** How a client proves itself where it asks for tokens; `none` is for one that can keep no secret. */
type ClientAuthentication = "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";

/** What is said of a client (RFC 7591, section 2; OpenID Connect RP-Initiated Logout 1.0, and Back-Channel Logout 1.0). */
interface OAuthClientMetadata {
  readonly client_name?: string;
  readonly client_uri?: string;
  readonly logo_uri?: string;
  readonly contacts?: ReadonlyArray<string>;
  readonly tos_uri?: string;
  readonly policy_uri?: string;
  readonly software_id?: string;
  readonly software_version?: string;
  readonly software_statement?: string;
  /** Compared letter by letter; of a loopback address the port may differ. */
  readonly redirect_uris?: ReadonlyArray<string>;
  readonly post_logout_redirect_uris?: ReadonlyArray<string>;
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required?: boolean;
  /** `authorization_code` by default; also `refresh_token`, `client_credentials`, and that of RFC 8628 for devices. */
  readonly grant_types?: ReadonlyArray<string>;
  readonly response_types?: ReadonlyArray<"code">;
  readonly application_type?: "web" | "native";
  /** Which scopes it may ask for, separated by spaces. */
  readonly scope?: string;
}

/** What is said once, when it is made. */
interface NewOAuthClient extends OAuthClientMetadata {
  readonly token_endpoint_auth_method?: ClientAuthentication;
  /** Its public keys, for `private_key_jwt`. */
  readonly jwks?: { readonly keys: ReadonlyArray<Readonly<Record<string, unknown>>> };
  /** Where they are: below one of `IAM_TRUSTED_ORIGINS`. */
  readonly jwks_uri?: string;
  readonly dpop_bound_access_tokens?: boolean;
}

/** What only the server's own code says of a client. */
interface AdministeredOAuthClient {
  /** For clients of one's own: nobody is asked for consent. */
  readonly skip_consent?: boolean;
  /** Lets it end the session, and tells it which one that is (`sid`). */
  readonly enable_end_session?: boolean;
  /** The scopes that it may ask for on its own behalf. */
  readonly client_credentials_scopes?: ReadonlyArray<string>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Those fields that are there may be undefined. */
type Stated<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A client as it is told. */
export interface OAuthClientAnswer extends Stated<Omit<NewOAuthClient, "redirect_uris">> {
  readonly client_id: string;
  readonly redirect_uris: ReadonlyArray<string>;
  /** Seconds since 1970. */
  readonly client_id_issued_at?: number | undefined;
  /** Seconds since 1970; 0 for never. */
  readonly client_secret_expires_at?: number | undefined;
  readonly disabled?: boolean | undefined;
  readonly skip_consent?: boolean | undefined;
  readonly enable_end_session?: boolean | undefined;
  readonly reference_id?: string | undefined;
}

/** The one answer that has the secret, which is undefined where the client proves itself otherwise. */
interface WithSecret {
  readonly client_secret?: string | undefined;
}

interface OfClient {
  readonly client_id: string;
}

/** Which resource: the address by which clients name it (RFC 8707). */
interface OfResource {
  readonly identifier: string;
}

/** How tokens for a resource are made. */
interface OAuthResourcePolicy {
  readonly name?: string;
  /** Seconds. */
  readonly accessTokenTtl?: number | null;
  /** Seconds. */
  readonly refreshTokenTtl?: number | null;
  readonly allowedScopes?: ReadonlyArray<string> | null;
  readonly customClaims?: Readonly<Record<string, unknown>> | null;
  readonly dpopBoundAccessTokensRequired?: boolean;
  readonly disabled?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
}

/**
 * The OAuth provider's clients and resources, which are the installation's and for its administrators, and what users
 * have consented to.
 */
export interface OAuth {
  readonly createOAuthClient: (
    input: CalledBy & { readonly body: NewOAuthClient },
  ) => Promise<OAuthClientAnswer & WithSecret>;
  /** For the server's own code, with an administrator's session. */
  readonly adminCreateOAuthClient: (
    input: CalledBy & { readonly body: NewOAuthClient & AdministeredOAuthClient },
  ) => Promise<OAuthClientAnswer & WithSecret & { readonly client_credentials_scopes: ReadonlyArray<string> }>;
  readonly getOAuthClient: (input: CalledBy & { readonly query: OfClient }) => Promise<OAuthClientAnswer>;
  readonly getOAuthClients: (input: CalledBy) => Promise<ReadonlyArray<OAuthClientAnswer>>;
  /** As much as anybody who is signed in may see of a client: who it says that it is. */
  readonly getOAuthClientPublic: (input: CalledBy & { readonly query: OfClient }) => Promise<OAuthClientAnswer>;
  readonly updateOAuthClient: (
    input: CalledBy & { readonly body: OfClient & { readonly update: OAuthClientMetadata } },
  ) => Promise<OAuthClientAnswer>;
  /** For the server's own code, with an administrator's session. */
  readonly adminUpdateOAuthClient: (
    input: CalledBy & { readonly body: OfClient & { readonly update: OAuthClientMetadata & AdministeredOAuthClient } },
  ) => Promise<OAuthClientAnswer & { readonly client_credentials_scopes: ReadonlyArray<string> }>;
  /** The former secret no longer counts. */
  readonly rotateClientSecret: (
    input: CalledBy & { readonly body: OfClient },
  ) => Promise<OAuthClientAnswer & WithSecret>;
  /** Its tokens, and what was consented to, end with it. */
  readonly deleteOAuthClient: (input: CalledBy & { readonly body: OfClient }) => Promise<undefined>;

  readonly getOAuthConsents: (input: CalledBy) => Promise<ReadonlyArray<OAuthConsentRow>>;
  readonly getOAuthConsent: (
    input: CalledBy & { readonly query: { readonly id: IamEntityIds.OauthConsentId } },
  ) => Promise<OAuthConsentRow>;
  readonly updateOAuthConsent: (
    input: CalledBy & {
      readonly body: {
        readonly id: IamEntityIds.OauthConsentId;
        readonly update: { readonly scopes: ReadonlyArray<string> };
      };
    },
  ) => Promise<OAuthConsentRow>;
  /** The client has to ask again. Tokens that it has stay valid until they end. */
  readonly deleteOAuthConsent: (
    input: CalledBy & { readonly body: { readonly id: IamEntityIds.OauthConsentId } },
  ) => Promise<undefined>;

  /** A client that asks for a token for it gets a signed one (RFC 9068), which names it as the audience. */
  readonly adminCreateOAuthResource: (
    input: CalledBy & { readonly body: OfResource & OAuthResourcePolicy },
  ) => Promise<OAuthResourceRow>;
  readonly adminListOAuthResources: (input: CalledBy) => Promise<ReadonlyArray<OAuthResourceRow>>;
  readonly adminGetOAuthResource: (input: CalledBy & { readonly params: OfResource }) => Promise<OAuthResourceRow>;
  readonly adminUpdateOAuthResource: (
    input: CalledBy & { readonly params: OfResource; readonly body: OAuthResourcePolicy },
  ) => Promise<OAuthResourceRow>;
  readonly adminDeleteOAuthResource: (
    input: CalledBy & { readonly params: OfResource },
  ) => Promise<{ readonly deleted: boolean }>;
  /** Lets a client ask for tokens for it. */
  readonly adminLinkClientResource: (
    input: CalledBy & { readonly params: OfResource & OfClient },
  ) => Promise<{ readonly linked: boolean }>;
  readonly adminUnlinkClientResource: (
    input: CalledBy & { readonly params: OfResource & OfClient },
  ) => Promise<{ readonly unlinked: boolean }>;
}
