/**
 * That API keys are worth no more than whose they are: a user who is banned, or ended by a directory, acts by none, and
 * neither does an organization that is suspended.
 */
import { SharedEntityIds } from "@beep/shared-domain";
import { API_KEY_ERROR_CODES } from "@better-auth/api-key";
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import * as Clock from "effect/Clock";
import * as Predicate from "effect/Predicate";
import type { Directories } from "./directories/Directories.ts";
import * as promises from "./promises.ts";
import { isBanned } from "./standing.ts";

/** Whose key was verified, where it was. */
const ownerIn = (answer: unknown): unknown => {
  const key = Predicate.hasProperty(answer, "key") ? answer.key : undefined;
  return Predicate.hasProperty(key, "referenceId") ? key.referenceId : undefined;
};

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Lets the plugin's `verifyApiKey` refuse the keys of those who may not act. */
export const ofOwnersWhoMayAct = <Plugin extends BetterAuthPlugin>(
  plugin: Plugin,
  { mayBeginSession }: Directories,
  organizationMayAct: (organizationId: SharedEntityIds.OrganizationId) => Promise<boolean>,
): Plugin => {
  const verify = plugin.endpoints?.verifyApiKey;
  if (plugin.endpoints === undefined || verify === undefined) return plugin;

  const refusalOfUser = async (id: string, { internalAdapter }: AuthContext): Promise<Refusal | undefined> => {
    const user = await internalAdapter.findUserById(id);
    if (user === null) return { code: "USER_NOT_FOUND", message: "The user of this key is gone." };
    if (isBanned({ ...user }, await promises.leave(Clock.currentTimeMillis))) {
      return { code: "BANNED_USER", message: "The user of this key is banned." };
    }
    return mayBeginSession(id).then(
      () => undefined,
      (error: unknown) => {
        if (!isAPIError(error)) throw error;
        return { code: "USER_DEACTIVATED", message: error.message };
      },
    );
  };

  const refusalOf = async (owner: unknown, context: AuthContext): Promise<Refusal | undefined> => {
    if (SharedEntityIds.UserId.is(owner)) return refusalOfUser(owner, context);
    // As of a key that is gone: whoever has one is not told that its organization is still there.
    const { code, message } = API_KEY_ERROR_CODES.INVALID_API_KEY;
    return SharedEntityIds.OrganizationId.is(owner) && (await organizationMayAct(owner))
      ? undefined
      : { code, message };
  };

  const wrapped = async (input: Parameters<typeof verify>[0]) => {
    const answer: unknown = await verify(input);
    // Better Auth has its endpoints answer with their headers.
    const isWithHeaders = Predicate.hasProperty(answer, "response");
    const owner = ownerIn(isWithHeaders ? answer.response : answer);
    if (owner === undefined) return answer;
    // The type leaves out what Better Auth gives every endpoint that it runs.
    const { context } = input as typeof input & { readonly context: AuthContext };
    const error = await refusalOf(owner, context);
    if (error === undefined) return answer;
    const refusal = { valid: false, error, key: null };
    return isWithHeaders ? { ...answer, response: refusal } : refusal;
  };
  plugin.endpoints.verifyApiKey = Object.assign(wrapped, verify);
  return plugin;
};
