/** The scope of one organization. */
import type { Errors } from "@beep/iam-domain";
import { CurrentTenant, type SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import * as Scope from "../db/Scope.ts";

/**
 * Runs an effect within an organization: in one transaction in which the database shows the organization's rows and no
 * others, whatever the effect asks for. The effect finds the organization as `CurrentTenant`.
 *
 * Dies inside the scope of another organization: no code has business in two tenants at once.
 */
export const within =
  (organizationId: SharedEntityIds.OrganizationId) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | SqlError | Errors.CommitUnknown, Exclude<R, CurrentTenant> | PgClient> =>
    Effect.gen(function* () {
      const client = yield* PgClient;
      const outer = yield* Scope.current(client);
      if (outer._tag === "Tenant" && outer.organizationId !== organizationId) {
        return yield* Effect.die(new Error("A scope cannot be opened within the scope of another organization."));
      }
      return yield* effect.pipe(
        Effect.provideService(CurrentTenant, organizationId),
        Scope.enter(client, Scope.tenant(organizationId)),
      );
    }).pipe(Effect.withSpan("Tenancy.within", { attributes: { "iam.organization_id": organizationId } }));
