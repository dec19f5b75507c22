/** Makes each change of one of Better Auth's plugins a single transaction, where Better Auth makes it several. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import { DatabaseRefusal } from "./seam.ts";

/** Endpoints that are POST but change nothing. */
const reading: ReadonlyArray<string> = [
  "getTOTPURI",
  "hasPermission",
  "checkOrganizationSlug",
  "userHasPermission",
  "listUserSessions",
];

/** Endpoints that hash a password, which takes too long for a transaction, and then write in one step. */
const hashing: ReadonlyArray<string> = ["createUser", "generateBackupCodes", "setUserPassword"];

const asTheyAre: ReadonlySet<string> = new Set([...reading, ...hashing]);

/**
 * Wraps the plugin's changing endpoints: what one writes is there as a whole or, when it answers with an error, not at
 * all. Only for plugins whose endpoints make no network call; mail waits for the commit anyway. What a refusal leaves is
 * for `transaction` to decide.
 */
export const transactional = <Plugin extends BetterAuthPlugin>(
  plugin: Plugin,
  transaction: <A>(run: () => Promise<A>) => Promise<A>,
): Plugin => {
  for (const [name, endpoint] of Object.entries(plugin.endpoints ?? {})) {
    if (endpoint.options.method !== "POST" || asTheyAre.has(name) || plugin.endpoints === undefined) continue;
    const wrapped = (context: Parameters<typeof endpoint>[0]) => transaction(() => Promise.resolve(endpoint(context)));
    plugin.endpoints[name] = Object.assign(wrapped, endpoint);
  }
  return plugin;
};

/**
 * A transaction in which a refusal is an answer: what was written before it stays, as a count of failures must; only what
 * breaks off undoes.
 */
export const keepingRefusals =
  (transaction: <A>(run: () => Promise<A>) => Promise<A>) =>
  async <A>(run: () => Promise<A>): Promise<A> => {
    const outcome = await transaction(async () => {
      try {
        return { answer: await run() };
      } catch (error) {
        if (isAPIError(error) && error.statusCode < 500 && !(error instanceof DatabaseRefusal))
          return { refusal: error };
        throw error;
      }
    });
    if ("refusal" in outcome) throw outcome.refusal;
    return outcome.answer;
  };
