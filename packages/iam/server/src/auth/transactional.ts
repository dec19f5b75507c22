/** Makes each change of one of Better Auth's plugins a single transaction, where Better Auth makes it several. */
import type { BetterAuthPlugin } from "@better-auth/core";

/** Endpoints that are POST but change nothing. */
const reading: ReadonlyArray<string> = [
  "hasPermission",
  "checkOrganizationSlug",
  "userHasPermission",
  "listUserSessions",
];

/** Endpoints that hash a password, which takes too long for a transaction, and then write in one step. */
const hashing: ReadonlyArray<string> = ["createUser", "setUserPassword"];

const asTheyAre: ReadonlySet<string> = new Set([...reading, ...hashing]);

/**
 * Wraps the plugin's changing endpoints: what one writes is there as a whole or, when it answers with an error, not at
 * all. Only for plugins whose endpoints make no network call, and write nothing that is to stay when they refuse, as
 * counts of failures are; mail waits for the commit anyway.
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
