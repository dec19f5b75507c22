/** What directories do to an organization's members and their accounts, as Better Auth's plugins ask for it. */
import type { Errors } from "@beep/iam-domain";
import { relations } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { APIError } from "@better-auth/core/error";
import type { SCIMIdentity, SCIMProjection } from "@better-auth/scim";
import { PgClient } from "@effect/sql-pg/PgClient";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import { ServiceConnection } from "../../db/ServiceConnection.ts";
import * as promises from "../promises.ts";
import { makeAccounts } from "./accounts.ts";
import { GroupRoles } from "./GroupRoles.ts";
import { makeMemberships } from "./memberships.ts";

/** What Better Auth's plugins call. */
export interface Directories {
  readonly identity: SCIMIdentity;
  readonly projection: SCIMProjection;
  /** Refuses a session of whom all directories have let go. */
  readonly mayBeginSession: (userId: string) => Promise<void>;
  /** Takes note that a user has joined an organization, other than by a directory. */
  readonly joined: (membership: { readonly userId: string; readonly organizationId: string }) => Promise<void>;
}

/** Better Auth's ids, which are ours. */
const userIdOf = Schema.decodeUnknownSync(SharedEntityIds.UserId);
const organizationIdOf = Schema.decodeUnknownSync(SharedEntityIds.OrganizationId);

/** On the connection that Better Auth's adapter has, and in its transactions. */
export const make: Effect.Effect<Directories, never, ServiceConnection> = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  const groupRoles = yield* GroupRoles;
  const db = yield* makeWithDefaults({ relations }).pipe(Effect.provideService(PgClient, connection.client));
  const memberships = makeMemberships(db);
  const accounts = makeAccounts(db);

  const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
    promises.leave<A, E | SqlError | Errors.CommitUnknown>(connection.statement(effect));

  return {
    identity: {
      resolveUser: async ({ provisioningDomainId, resource }) => {
        const email = resource.primaryEmail.toLowerCase();
        const userId = await run(accounts.knownBy(organizationIdOf(provisioningDomainId), email));
        return userId === undefined ? { action: "create" } : { action: "link", userId, profile: "preserve" };
      },
      reconcileUser: async ({ profileSourceId, userId }) => {
        await run(accounts.settle(userIdOf(userId), profileSourceId !== undefined));
      },
    },
    projection: {
      roles: {
        map: ({ connectionId, provisioningDomainId, source: { displayName, externalId } }) =>
          run(
            groupRoles({
              organizationId: organizationIdOf(provisioningDomainId),
              connectionId,
              displayName,
              externalId,
            }),
          ),
        exists: ({ provisioningDomainId, role }) =>
          run(memberships.isGiven(organizationIdOf(provisioningDomainId), role)),
      },
      reconcileUser: async ({ active, grants, provisioningDomainId, userId }) => {
        const said = {
          organizationId: organizationIdOf(provisioningDomainId),
          userId: userIdOf(userId),
          active,
          // Of two groups, perhaps.
          roles: [...new Set(grants.map(({ role }) => role))].toSorted(),
        };
        await run(memberships.reconcile(said));
        // Who left may have been kept as the last owner until now.
        if (!active) await run(accounts.settle(said.userId));
      },
    },
    mayBeginSession: async (userId) => {
      if (!(await run(accounts.isDeactivated(userIdOf(userId))))) return;
      throw new APIError("FORBIDDEN", {
        code: "USER_DEACTIVATED",
        message: "The directory that manages this account has ended it.",
      });
    },
    joined: ({ organizationId, userId }) => run(accounts.release(userIdOf(userId), organizationIdOf(organizationId))),
  };
});
