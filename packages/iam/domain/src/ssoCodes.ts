/**
 * The codes with which single sign-on refuses a program: ours, and those that Better Auth's plugin answers without
 * declaring them.
 */
export const ssoCodes = [
  "SSO_CONFIGURATION_INVALID",
  "SSO_EMAIL_NOT_VERIFIED",
  "SSO_EMAIL_OUTSIDE_DOMAIN",
  "SSO_ID_TOKEN_INVALID",
  "SSO_IDENTITY_CONFLICT",
  "SSO_NOT_ALLOWED",
  "SSO_PROVIDER_CHANGED",
  "SSO_PROVIDER_NOT_FOUND",
  "SSO_PROVIDER_NOT_VERIFIED",
  "SSO_PROVIDER_UNREACHABLE",
  "SSO_RESPONSE_INVALID",
  "CERT_SOURCE_MISSING",
  "DOMAIN_VERIFICATION_FAILED",
  "DOMAIN_VERIFIED",
  "NO_PENDING_VERIFICATION",
  "SAML_ALGORITHM_NOT_ALLOWED",
  "SINGLE_LOGOUT_NOT_ENABLED",
  "discovery_incomplete",
  "discovery_invalid_json",
  "discovery_invalid_url",
  "discovery_not_found",
  "discovery_private_host",
  "discovery_timeout",
  "discovery_unexpected_error",
  "discovery_untrusted_origin",
  "issuer_mismatch",
  "oidc_endpoint_redirect",
] as const;
