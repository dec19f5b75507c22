import { SharedEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SingleSignOn } from "../../../src/auth/api/singleSignOn.ts";
import { nameServer } from "../sso/dns.ts";
import { oidcConfig } from "../sso/idleProvider.ts";
import { keyPair, samlProvider } from "../sso/samlProvider.ts";
import { type Answers, answer, list, success } from "./answers.ts";
import { type Operations, person } from "./verified.ts";

const { Array, Boolean, Literals, NullOr, String, Undefined, Union, Unknown, optional } = Schema;

const forBrowsers = "Browsers come there from a provider.";
const isOff = "It refuses: single logout is not enabled.";

const provider = answer({
  providerId: String,
  issuer: String,
  domain: String,
  organizationId: NullOr(SharedEntityIds.OrganizationId),
  type: Literals(["oidc", "saml"]),
  domainVerified: Boolean,
  oidcConfig: optional(
    answer({
      clientIdLastFour: String,
      pkce: optional(Boolean),
      discoveryEndpoint: optional(String),
      authorizationEndpoint: optional(String),
      tokenEndpoint: optional(String),
      userInfoEndpoint: optional(String),
      jwksEndpoint: optional(String),
      scopes: optional(Schema.mutable(list(String))),
      tokenEndpointAuthentication: optional(Literals(["client_secret_basic", "client_secret_post"])),
    }),
  ),
  samlConfig: optional(
    answer({
      entryPoint: String,
      callbackUrl: optional(String),
      audience: optional(String),
      wantAssertionsSigned: optional(Boolean),
      authnRequestsSigned: optional(Boolean),
      identifierFormat: optional(String),
      idpInitiatedCallbackUrl: optional(Undefined),
      signatureAlgorithm: optional(Undefined),
      digestAlgorithm: optional(Undefined),
      certificate: optional(
        Array(
          Union([
            answer({ fingerprintSha256: String, notBefore: String, notAfter: String, publicKeyAlgorithm: String }),
            answer({ error: String }),
          ]),
        ),
      ),
    }),
  ),
  spMetadataUrl: String,
});

const answers = {
  registerSSOProvider: answer({
    id: Unknown,
    issuer: String,
    providerId: String,
    domain: String,
    organizationId: NullOr(SharedEntityIds.OrganizationId),
    userId: NullOr(SharedEntityIds.UserId),
    domainVerified: Boolean,
    domainVerificationToken: String,
    redirectURI: String,
    oidcConfig: Unknown,
    samlConfig: Unknown,
  }),
  updateSSOProvider: provider,
  deleteSSOProvider: success,
  getSSOProvider: provider,
  listSSOProviders: answer({ providers: list(provider) }),
  requestDomainVerification: answer({ domainVerificationToken: String }),
  verifyDomain: Schema.Void,
  signInSSO: answer({ url: String, redirect: Boolean }),
} satisfies Answers<keyof SingleSignOn>;

/** Single sign-on. */
export const singleSignOn = {
  title: "single sign-on",
  answers,
  leftOut: {
    callbackSSO: forBrowsers,
    callbackSSOShared: forBrowsers,
    acsEndpoint: forBrowsers,
    sloEndpoint: isOff,
    initiateSLO: isOff,
    spMetadata: "It is a document for the provider, which asks for it over HTTP.",
  },
  scenario: Effect.fnUntraced(function* (api: Operations) {
    const names = yield* nameServer;
    const { headers } = yield* person("sso-owner");
    const { id: organizationId } = yield* api.createOrganization({ headers, body: { name: "S", slug: "sso" } });
    const { domainVerificationToken, redirectURI } = yield* api.registerSSOProvider({
      headers,
      body: {
        providerId: "sso-oidc",
        issuer: "https://login.sso.example",
        domain: "sso.example",
        organizationId,
        oidcConfig,
      },
    });
    const saml = samlProvider("https://saml.sso.example", yield* keyPair("sso"));
    const idpMetadata = { metadata: saml.metadata };
    yield* api.registerSSOProvider({
      headers,
      body: {
        providerId: "sso-saml",
        issuer: redirectURI,
        domain: "saml.sso.example",
        organizationId,
        samlConfig: { entryPoint: "https://saml.sso.example/sign-in", idpMetadata },
      },
    });
    yield* api.listSSOProviders({ headers });
    const body = { providerId: "sso-oidc" };
    yield* api.requestDomainVerification({ headers, body });
    names.set("_iam-sso-oidc.sso.example", domainVerificationToken);
    yield* api.verifyDomain({ headers, body });
    yield* api.getSSOProvider({ headers, query: { providerId: "sso-saml" } });
    yield* api.signInSSO({ body: { email: "ann@sso.example", callbackURL: "/" } });
    yield* api.signInSSO({ body: { ...body, callbackURL: "/" }, returnHeaders: true });
    yield* api.updateSSOProvider({
      headers,
      body: { ...body, domain: "other.example", oidcConfig: { scopes: ["openid"] } },
    });
    yield* api.deleteSSOProvider({ headers, body });
  }, Effect.scoped),
};
