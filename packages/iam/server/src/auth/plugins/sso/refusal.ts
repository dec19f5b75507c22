/** How single sign-on refuses: to programs with a code, to browsers by the page that shows it. */
import type { AuthErrorCode } from "@beep/iam-domain";
import { APIError } from "@better-auth/core/error";

/** The codes that are ours. Better Auth's own come beside them. */
export type Code = Extract<AuthErrorCode, `SSO_${string}`>;

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
