import type { IamDbSchema } from "@beep/iam-tables";
import type { InferSelectModel } from "drizzle-orm";
import type { CalledBy, SettingCookies } from "./rows.ts";

type Row = InferSelectModel<typeof IamDbSchema.ssoProvider>;

/** How a provider's claims are called; the name of each, where it is not the usual one. */
interface Mapping {
  readonly email: string;
  readonly emailVerified?: string;
  readonly name: string;
}

/** By OpenID Connect. What is not stated is discovered, unless that is skipped. */
interface OidcConfig {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly authorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  readonly userInfoEndpoint?: string;
  readonly jwksEndpoint?: string;
  readonly discoveryEndpoint?: string;
  readonly skipDiscovery?: boolean;
  readonly tokenEndpointAuthentication?: "client_secret_basic" | "client_secret_post";
  readonly scopes?: Array<string>;
  readonly overrideUserInfo?: boolean;
  readonly mapping?: Mapping & { readonly image?: string };
}

interface Service {
  readonly Binding: string;
  readonly Location: string;
}

/** By SAML 2.0: the provider's metadata, or what they would say. Certificates and keys are PEM. */
interface SamlConfig {
  readonly entryPoint: string;
  readonly cert?: string | Array<string>;
  readonly audience?: string;
  readonly callbackUrl?: string;
  readonly idpMetadata:
    | { readonly metadata: string }
    | {
        readonly entityID: string;
        readonly cert?: string | Array<string>;
        readonly singleSignOnService?: Array<Service>;
      };
  /** `privateKey` signs requests. */
  readonly spMetadata?: { readonly entityID?: string; readonly privateKey?: string; readonly privateKeyPass?: string };
  readonly authnRequestsSigned?: boolean;
  readonly identifierFormat?: string;
  readonly mapping?: Mapping & { readonly firstName?: string; readonly lastName?: string };
}

/** What of a certificate may be seen. */
type Certificate =
  | {
      readonly fingerprintSha256: string;
      readonly notBefore: string;
      readonly notAfter: string;
      readonly publicKeyAlgorithm: string;
    }
  | { readonly error: string };

/** What of each protocol's configuration may be seen. */
interface Seen {
  readonly oidc: { readonly clientIdLastFour: string; readonly pkce?: boolean | undefined } & Optional<
    OidcConfig,
    | "authorizationEndpoint"
    | "tokenEndpoint"
    | "userInfoEndpoint"
    | "jwksEndpoint"
    | "discoveryEndpoint"
    | "tokenEndpointAuthentication"
    | "scopes"
  >;
  readonly saml: {
    readonly entryPoint: string;
    readonly wantAssertionsSigned?: boolean | undefined;
    readonly certificate?: ReadonlyArray<Certificate> | undefined;
  } & Optional<SamlConfig, "callbackUrl" | "audience" | "authnRequestsSigned" | "identifierFormat">;
}

type Optional<Config, Names extends keyof Config> = { readonly [Name in Names]?: Config[Name] | undefined };

/** A provider, without its secrets. */
export interface SsoProvider extends Pick<Row, "issuer" | "domain" | "organizationId" | "providerId"> {
  readonly type: "oidc" | "saml";
  readonly domainVerified: boolean;
  readonly oidcConfig?: Seen["oidc"] | undefined;
  readonly samlConfig?: Seen["saml"] | undefined;
  readonly spMetadataUrl: string;
}

interface Named {
  readonly body: { readonly providerId: string };
}

/**
 * Identity providers of organizations. Owners and administrators of an organization have its providers, administrators of
 * the installation those of none.
 */
export interface SingleSignOn {
  /**
   * The answer has the token that proves the domain: as a TXT record at `_iam-<providerId>.<domain>`. `redirectURI` is for
   * the provider, where it is one of OpenID Connect.
   */
  readonly registerSSOProvider: (
    input: CalledBy & {
      readonly body: Pick<Row, "issuer" | "providerId" | "domain"> & {
        readonly organizationId?: NonNullable<Row["organizationId"]>;
        readonly oidcConfig?: OidcConfig;
        readonly samlConfig?: SamlConfig;
      };
    },
  ) => Promise<
    Pick<Row, "issuer" | "providerId" | "domain" | "organizationId" | "userId"> & {
      readonly domainVerified: boolean;
      readonly domainVerificationToken: string;
      readonly redirectURI: string;
    }
  >;
  /** Another domain is to be proved again. */
  readonly updateSSOProvider: (
    input: CalledBy & {
      readonly body: Pick<Row, "providerId"> & {
        readonly issuer?: string;
        readonly domain?: string;
        readonly oidcConfig?: Partial<OidcConfig>;
        readonly samlConfig?: Partial<SamlConfig>;
      };
    },
  ) => Promise<SsoProvider>;
  /** With the accounts by which people signed in. */
  readonly deleteSSOProvider: (input: CalledBy & Named) => Promise<{ readonly success: boolean }>;
  readonly getSSOProvider: (
    input: CalledBy & { readonly query: { readonly providerId: string } },
  ) => Promise<SsoProvider>;
  readonly listSSOProviders: (input: CalledBy) => Promise<{ readonly providers: ReadonlyArray<SsoProvider> }>;
  /** The token of before, as long as it lives: a week. */
  readonly requestDomainVerification: (
    input: CalledBy & Named,
  ) => Promise<{ readonly domainVerificationToken: string }>;
  readonly verifyDomain: (input: CalledBy & Named) => Promise<void>;
  /** Where the browser is to go; the cookies bind what comes back to it. */
  readonly signInSSO: SettingCookies<
    {
      readonly body: {
        readonly callbackURL: string;
        readonly errorCallbackURL?: string;
        readonly newUserCallbackURL?: string;
        readonly email?: string;
        readonly domain?: string;
        readonly providerId?: string;
        readonly organizationSlug?: string;
        readonly loginHint?: string;
      };
    },
    { readonly url: string; readonly redirect: boolean }
  >;
}
