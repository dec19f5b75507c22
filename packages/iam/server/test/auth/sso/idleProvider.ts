/** A provider that nobody signs in by. */
export const oidcConfig = {
  clientId: "iam",
  clientSecret: "a secret",
  skipDiscovery: true,
  authorizationEndpoint: "https://8.8.8.8/authorize",
  tokenEndpoint: "https://8.8.8.8/token",
  jwksEndpoint: "https://8.8.8.8/jwks",
};
