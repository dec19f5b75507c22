/** That a user's API keys are worth no more than the user: whoever is banned, or ended by a directory, acts by none. */
import { SharedEntityIds } from "@beep/shared-domain";
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import * as Clock from "effect/Clock";
import * as Predicate from "effect/Predicate";
import type { Directories } from "./directories/Directories.ts";
import * as promises from "./promises.ts";
import { isBanned } from "./standing.ts";

/** Whose key was verified, where it is a user's. */
const ownerIn = (answer: unknown): string | undefined => {
  const key = Predicate.hasProperty(answer, "key") ? answer.key : undefined;
  const owner = Predicate.hasProperty(key, "referenceId") ? key.referenceId : undefined;
  return SharedEntityIds.UserId.is(owner) ? owner : undefined;
};

/** Lets the plugin's `verifyApiKey` refuse the keys of users who may not act; an organization's keys are its own. */
export const ofUsersWhoMayAct = <Plugin extends BetterAuthPlugin>(
  plugin: Plugin,
  { mayBeginSession }: Directories,
): Plugin => {
  const verify = plugin.endpoints?.verifyApiKey;
  if (plugin.endpoints === undefined || verify === undefined) return plugin;
  const wrapped = async (input: Parameters<typeof verify>[0]) => {
    const answer: unknown = await verify(input);
    // Better Auth has its endpoints answer with their headers.
    const isWithHeaders = Predicate.hasProperty(answer, "response");
    const owner = ownerIn(isWithHeaders ? answer.response : answer);
    if (owner === undefined) return answer;
    const refusing = (code: string, message: string) => {
      const refusal = { valid: false, error: { code, message }, key: null };
      return isWithHeaders ? { ...answer, response: refusal } : refusal;
    };
    // The type leaves out what Better Auth gives every endpoint that it runs.
    const { context } = input as typeof input & { readonly context: AuthContext };
    const user = await context.internalAdapter.findUserById(owner);
    if (user === null) return refusing("USER_NOT_FOUND", "The user of this key is gone.");
    if (isBanned({ ...user }, await promises.leave(Clock.currentTimeMillis))) {
      return refusing("BANNED_USER", "The user of this key is banned.");
    }
    return mayBeginSession(owner).then(
      () => answer,
      (error: unknown) => {
        if (!isAPIError(error)) throw error;
        return refusing("USER_DEACTIVATED", error.message);
      },
    );
  };
  plugin.endpoints.verifyApiKey = Object.assign(wrapped, verify);
  return plugin;
};
