/** Makes each change of one of Better Auth's plugins a single transaction, where Better Auth makes it several. */
import type { BetterAuthPlugin } from "@better-auth/core";
import { isAPIError } from "better-auth/api";
import * as Predicate from "effect/Predicate";
import { DatabaseRefusal } from "./seam.ts";

type Endpoint = NonNullable<BetterAuthPlugin["endpoints"]>[string];

/** Endpoints that are POST but change nothing. */
const reading: ReadonlyArray<string> = [
  "getTOTPURI",
  "hasPermission",
  "checkOrganizationSlug",
  "userHasPermission",
  "listUserSessions",
  "getOAuthClientPublicPrelogin",
  "oauth2Introspect",
  "verifyAccessToken",
];

/** Endpoints that hash a password, which takes too long for a transaction, and then write in one step. */
const hashing: ReadonlyArray<string> = ["createUser", "generateBackupCodes", "setUserPassword"];

/** Endpoints that fetch keys, and tell OAuth clients that a session is over. */
const fetching: ReadonlyArray<string> = ["oauth2EndSession", "oauth2EndSessionConfirmation"];

const asTheyAre: ReadonlySet<string> = new Set([...reading, ...hashing, ...fetching]);

/** Whether an endpoint of a plugin changes something, in one step or in several. */
export const isChanging = (name: string, { options }: Pick<Endpoint, "options">): boolean =>
  options.method === "POST" && !asTheyAre.has(name);

/** Whether an OAuth client proves itself by an assertion, for whose keys its server may have to be asked. */
const mayFetch = (context: unknown): boolean =>
  Predicate.hasProperty(context, "body") && Predicate.hasProperty(context.body, "client_assertion");

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
    if (!isChanging(name, endpoint) || plugin.endpoints === undefined) continue;
    const wrapped = (context: Parameters<typeof endpoint>[0]) =>
      mayFetch(context) ? endpoint(context) : transaction(() => Promise.resolve(endpoint(context)));
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

/** Whether another was faster: what that one wrote is there now, so that whoever asks again may be granted the same. */
const isLostRace = (error: unknown): boolean =>
  isAPIError(error) &&
  (error instanceof DatabaseRefusal ? error.statusCode === 409 : error.body?.error === "invalid_grant");

/** A transaction that is run once more where it lost a race: of two consents, or of two refreshes of one token. */
export const repeated =
  (transaction: <A>(run: () => Promise<A>) => Promise<A>) =>
  async <A>(run: () => Promise<A>): Promise<A> => {
    try {
      return await transaction(run);
    } catch (error) {
      if (!isLostRace(error)) throw error;
      return transaction(run);
    }
  };
