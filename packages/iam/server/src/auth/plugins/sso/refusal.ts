/** How single sign-on refuses: to programs with a code, to browsers by the page that shows it. */
import { APIError } from "@better-auth/core/error";

/** The codes that are ours. Better Auth's own come beside them. */
export type Code =
  | "SSO_CONFIGURATION_INVALID"
  | "SSO_EMAIL_NOT_VERIFIED"
  | "SSO_EMAIL_OUTSIDE_DOMAIN"
  | "SSO_ID_TOKEN_INVALID"
  | "SSO_IDENTITY_CONFLICT"
  | "SSO_NOT_ALLOWED"
  | "SSO_PROVIDER_NOT_FOUND"
  | "SSO_PROVIDER_NOT_VERIFIED"
  | "SSO_PROVIDER_UNREACHABLE"
  | "SSO_RESPONSE_INVALID";

/** An answer to a program. */
export const refusal = (
  status: "BAD_REQUEST" | "FORBIDDEN" | "NOT_FOUND" | "UNAUTHORIZED",
  code: Code,
  message: string,
): APIError => new APIError(status, { code, message });

/** An answer to a browser on its way back from a provider: a redirection to the page of errors. */
export const leadingTo = (page: string, code: Code, message: string): APIError => {
  const location = new URL(page);
  location.searchParams.set("error", code);
  location.searchParams.set("error_description", message);
  return new APIError("FOUND", undefined, { location: location.href });
};
