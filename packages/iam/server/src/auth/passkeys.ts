/** What Better Auth's passkeys are asked for besides. */
import { APIError } from "@better-auth/core/error";
import { type PasskeyOptions, passkey } from "@better-auth/passkey";
import { isAPIError } from "better-auth/api";

const refusal = (status: "BAD_REQUEST" | "UNAUTHORIZED", code: string, message: string) =>
  new APIError(status, { code, message });

/** By what an authenticator is reached, which is not signed and kept as it comes. */
const isTransports = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.every((one) => typeof one === "string"));

const notVerified = () =>
  refusal("BAD_REQUEST", "FAILED_TO_VERIFY_REGISTRATION", "The authenticator's answer could not be verified.");

/**
 * Better Auth's plugin, for passkeys that stand for both factors: one is neither added nor taken where the authenticator
 * did not ask for its PIN or biometrics, which the plugin asks the browser for and then does not look at. What an
 * authenticator did not make is the client's mistake, and no failure of the server's.
 */
export const verifiedPasskeys = (options: PasskeyOptions): ReturnType<typeof passkey> => {
  /** Answers of authenticators that were right, so that what fails afterwards is not their fault. */
  const right = new WeakSet<object>();

  const plugin = passkey({
    ...options,
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    registration: {
      afterVerification: async ({ verification: { registrationInfo }, clientData }) => {
        if (registrationInfo?.userVerified !== true || !isTransports(clientData.response.transports)) {
          throw notVerified();
        }
        right.add(clientData);
      },
    },
    authentication: {
      afterVerification: async ({ verification: { authenticationInfo } }) => {
        if (authenticationInfo.userVerified) return;
        throw refusal("UNAUTHORIZED", "AUTHENTICATION_FAILED", "The authenticator did not verify its user.");
      },
    },
  });

  const { verifyPasskeyRegistration: register } = plugin.endpoints;
  const refusing = (context: Parameters<typeof register>[0]) =>
    register(context).catch((error: unknown) => {
      const isTheirs =
        isAPIError(error) &&
        error.body?.code === "FAILED_TO_VERIFY_REGISTRATION" &&
        !right.has(Object(context?.body?.response));
      throw isTheirs ? notVerified() : error;
    });
  return {
    ...plugin,
    endpoints: { ...plugin.endpoints, verifyPasskeyRegistration: Object.assign(refusing, register) },
  };
};
