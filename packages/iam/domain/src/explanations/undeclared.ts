/** What those codes mean that Better Auth answers without declaring them. */
import type { undeclaredCodes } from "../undeclaredCodes.ts";
import { answered, type Explanation } from "./Explanation.ts";

/** Of routes of the core, of API keys, of the second factor and of Ethereum accounts. */
export const undeclared: Readonly<Record<(typeof undeclaredCodes)[number], Explanation>> = {
  RATE_LIMITED: answered(429, "An API key is used more often than it may.", "Wait as long as the answer says."),
  PROVIDER_NOT_SUPPORTED: answered(
    400,
    "A token is asked for of an account with a password, or of a company's provider.",
    "Nothing: none is given out.",
  ),
  PROVIDER_NOT_CONFIGURED: answered(
    400,
    "Data are asked for of an account with a password, or of a company's provider.",
    "Nothing: none are given out.",
  ),
  UNAUTHORIZED_SIWE_MESSAGE_MISMATCH: answered(
    401,
    "The message that an Ethereum account signed is not for this server, or lacks what EIP-4361 wants in it.",
    "Sign a message with the host of IAM_BASE_URL as its domain, the account, the chain and the nonce.",
  ),
  UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE: answered(
    401,
    "The nonce of the signed message was not given out, is used, or is more than a quarter of an hour old.",
    "Ask for another nonce, and sign again.",
  ),
  UNAUTHORIZED_SIWE_MESSAGE_EXPIRED: answered(401, "The signed message is past its own end.", "Sign again."),
  UNAUTHORIZED_SIWE_MESSAGE_NOT_YET_VALID: answered(
    401,
    "The signed message is not valid yet, by its own words.",
    "Wait, or sign another.",
  ),
  FAILED_TO_INVALIDATE_TWO_FACTOR_CHALLENGE: answered(
    500,
    "After too many wrong codes the sign-in could not be ended.",
    "Sign in with the password again; the log has the cause.",
  ),
};
