/** Better Auth's SCIM plugin, by which directories provision an organization (RFC 7643, RFC 7644). */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { scim } from "@better-auth/scim";
import { createAuthMiddleware } from "better-auth/api";
import type { Directories } from "./Directories.ts";
import { isNamed, scimError } from "./scimError.ts";

/**
 * What our seam refuses, as SCIM names it: the race that a constraint decided, a value that is none. The plugin sees to
 * the rest of an error's form.
 */
const namingRefusals = {
  matcher: ({ path }: { readonly path?: string | undefined }) => path?.startsWith("/scim/v2/") === true,
  handler: createAuthMiddleware(async ({ context: { returned } }) => {
    if (!(returned instanceof APIError) || !isNamed(returned.body?.code)) return;
    throw new APIError(returned.status, scimError(returned.statusCode, { ...returned.body }));
  }),
};

/**
 * The plugin with what an organization's directories may do to its members and their accounts. A connection is made by
 * the server alone, `Auth.api.createSCIMManagedConnection`; none is in the configuration.
 *
 * @param credentialHashSecret 32 characters or more, by which a credential is kept as a digest only
 */
export const directoriesPlugin = (directories: Directories, credentialHashSecret: string): BetterAuthPlugin => {
  const { identity, mayBeginSession, projection } = directories;
  // Its type lets the tables of its managed connections be absent, which a plugin's general type does not.
  const plugin = scim({
    connections: [],
    managedConnections: { credentialHashSecret },
    identity,
    projection,
    // What Entra has always sent when it makes a group.
    compatibility: { microsoftEntra: { acceptLegacyGroupSchema: true } },
  }) as BetterAuthPlugin;
  return {
    ...plugin,
    init: async (context) => {
      await plugin.init?.(context);
      return {
        options: { databaseHooks: { session: { create: { before: ({ userId }) => mayBeginSession(userId) } } } },
      };
    },
    hooks: { ...plugin.hooks, after: [namingRefusals, ...(plugin.hooks?.after ?? [])] },
  };
};
