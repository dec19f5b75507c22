/** What the codes of single sign-on mean. */
import type { ssoCodes } from "../ssoCodes.ts";
import { answered, type Explanation, told } from "./Explanation.ts";

const again = "Sign in again; if it stays so, ask who administers the provider.";
const oneOf = (cause: string) => answered(400, cause, "Correct the provider's address, or its discovery document.");

/** Those that a program gets, or a page by `?error=`. */
export const sso: Readonly<Record<(typeof ssoCodes)[number], Explanation>> = {
  SSO_CONFIGURATION_INVALID: answered(
    400,
    "An identity provider cannot be registered like this, or cannot be used as it is; the message says why.",
    "Correct what the message names.",
  ),
  SSO_EMAIL_NOT_VERIFIED: told(
    "The provider itself says that it has not confirmed the address.",
    "Confirm the address at the provider.",
  ),
  SSO_EMAIL_OUTSIDE_DOMAIN: told(
    "The address is not of a domain that the provider has proved.",
    "Add the domain to the provider, and prove it.",
  ),
  SSO_ID_TOKEN_INVALID: told("The ID token is of another sign-in, or does not end.", again),
  SSO_IDENTITY_CONFLICT: told(
    "The identity is of an earlier provider of this name, or somebody has an account with the address unconfirmed.",
    "Confirm the address of that account or remove it; give the provider another `providerId`.",
  ),
  SSO_NOT_ALLOWED: answered(
    403,
    "A provider that belongs to no organization is for administrators of the installation.",
    "State the `organizationId` of an organization that you own or administer.",
  ),
  SSO_PROVIDER_CHANGED: answered(
    409,
    "The provider was changed while its domain was being proved or somebody signed in.",
    "Try again.",
  ),
  SSO_PROVIDER_NOT_FOUND: answered(
    404,
    "There is no provider of this name, or none that has proved the domain.",
    "Sign in otherwise, or register a provider and prove its domain.",
  ),
  SSO_PROVIDER_NOT_VERIFIED: answered(
    401,
    "The provider has not proved its domain, and signs nobody in.",
    "Put the record into the DNS, and call `/sso/verify-domain`.",
  ),
  SSO_PROVIDER_UNREACHABLE: told("The provider did not answer, or not within ten seconds.", again),
  SSO_RESPONSE_INVALID: told(
    "A SAML response is not of the form that is read, not signed as it should be, or answers another request.",
    "Sign in again; let the provider sign the assertion with SHA-256 and not encrypt it.",
  ),
  CERT_SOURCE_MISSING: answered(
    400,
    "A SAML provider has neither metadata nor a certificate.",
    "Send `idpMetadata.metadata`, or a `cert`.",
  ),
  DOMAIN_VERIFICATION_FAILED: answered(
    502,
    "The DNS does not have the record that proves the domain, or not yet.",
    "Put it there: TXT, `_iam-<providerId>.<domain>`, with the token; and wait until it is seen.",
  ),
  DOMAIN_VERIFIED: answered(409, "The provider's domain is proved already.", "Nothing."),
  NO_PENDING_VERIFICATION: answered(
    404,
    "There is no token by which the domain could be proved, or it has expired after a week.",
    "Ask for one: `/sso/request-domain-verification`.",
  ),
  SAML_ALGORITHM_NOT_ALLOWED: answered(400, "The algorithm is too weak.", "Use SHA-256 or longer."),
  SINGLE_LOGOUT_NOT_ENABLED: answered(
    400,
    "SAML's single logout is not offered: a sign-out ends the session here.",
    "Sign out here, and at the provider.",
  ),
  discovery_incomplete: oneOf("The provider's discovery document lacks an endpoint."),
  discovery_invalid_json: oneOf("The provider's discovery document is no JSON."),
  discovery_invalid_url: oneOf("An endpoint is no http or https address."),
  discovery_not_found: oneOf("The provider has no discovery document at its address."),
  discovery_private_host: answered(
    400,
    "An endpoint is on a private network.",
    "Let the installation name its origin in IAM_SSO_ORIGINS.",
  ),
  discovery_timeout: answered(502, "The provider does not answer.", "Try again."),
  discovery_unexpected_error: answered(502, "The provider answers with an error.", "Try again."),
  discovery_untrusted_origin: answered(
    400,
    "The server asks only providers for their endpoints that the installation names.",
    "Let it name the origin in IAM_SSO_ORIGINS, or state each endpoint with `skipDiscovery`.",
  ),
  issuer_mismatch: oneOf("The discovery document is of another issuer."),
  oidc_endpoint_redirect: oneOf("The provider's address redirects."),
};

/** Those with which Better Auth leads a browser to the page of errors. */
export const ssoRedirections: Readonly<Record<string, Explanation>> = {
  invalid_provider: told("The provider's answer could not be verified, or it refused the code.", again),
  invalid_saml_response: told(
    "The SAML response is for another service, or its request is unknown or answered.",
    again,
  ),
  invalid_state: told("The sign-in was not begun here, or the provider has been changed since.", again),
  replay_detected: told("The SAML assertion was used before.", again),
  saml_error: told("The SAML response is not signed by the provider, or not valid now.", again),
  state_mismatch: told("The sign-in was begun in another browser, or more than ten minutes ago.", again),
  state_not_found: told("The provider sent the browser back without the state that it was given.", again),
  unsolicited_response: told("The SAML response answers no request.", "Begin at the page to sign in."),
};
