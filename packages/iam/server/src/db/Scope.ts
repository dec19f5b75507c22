/**
 * In whose name statements run: a role of the database and a tenant, for the length of a transaction. Both are local to
 * the transaction, so that nothing is left on a connection that somebody else may get.
 */
import type { Errors } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import { changeSetting, organizationSetting, serviceRole, tenantRole } from "@beep/shared-tables";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import * as Change from "./Change.ts";
import * as Transaction from "./Transaction.ts";

/** In whose name: nobody's, an organization's, or the identity services'. */
export type Scope =
  | { readonly _tag: "None" }
  | { readonly _tag: "Tenant"; readonly organizationId: SharedEntityIds.OrganizationId }
  | { readonly _tag: "Service" };

const none: Scope = { _tag: "None" };
export const service: Scope = { _tag: "Service" };
export const tenant = (organizationId: SharedEntityIds.OrganizationId): Scope => ({ _tag: "Tenant", organizationId });

/** The scope that the fiber entered last. */
const Current = Context.Reference<Scope>("@beep/iam-server/db/Scope/Current", { defaultValue: () => none });

/** The scope in which the fiber's statements run: what outlives the transaction of a scope is in none. */
export const current = (client: PgClient): Effect.Effect<Scope> =>
  Effect.flatMap(Transaction.isOpen(client), (open) => (open ? Current : Effect.succeed(none)));

/**
 * Runs an effect in a scope, in a transaction of its own; inside a transaction, in a savepoint of it, after which the
 * outer scope is as before.
 */
export const enter =
  (client: PgClient, scope: Scope) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R> =>
    Effect.gen(function* () {
      const outer = yield* current(client);
      const nested = yield* Transaction.isOpen(client);
      const outerTold = nested ? yield* Change.CurrentTold : undefined;
      const stays = outerTold !== undefined && sameScope(outer, scope);
      // Of its own, because what a savepoint was told is forgotten when it is rolled back.
      const told = stays ? { ...outerTold } : yield* Change.toTell;
      const scoped = inScope(effect, scope, told);
      return yield* Transaction.runOn(client)(
        Effect.gen(function* () {
          if (!stays) yield* assume(client, scope, told);
          const result = yield* scoped;
          // A savepoint that is released keeps its settings; one that is rolled back does not.
          if (stays) outerTold.text = told.text;
          else if (nested) yield* assume(client, outer, outerTold ?? told);
          return result;
        }),
      );
    });

const inScope = <A, E, R>(effect: Effect.Effect<A, E, R>, scope: Scope, told: Change.Told): Effect.Effect<A, E, R> =>
  effect.pipe(Effect.provideService(Current, scope), Effect.provideService(Change.CurrentTold, told));

/** Runs an effect in another scope for the rest of the transaction that is open, where nothing is to come after it. */
export const goOn =
  (client: PgClient, scope: Scope) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.flatMap(Change.toTell, (told) => Effect.andThen(assume(client, scope, told), inScope(effect, scope, told)));

/**
 * What PostgreSQL takes a page fetched by an index to cost, one fetched in turn being 1. By its own 4 it sorts all rows of
 * an organization for a page of them: it plans without knowing whose rows are asked for, and expects few.
 */
const INDEXED_PAGE_COST = 1.1;

const assume = (client: PgClient, scope: Scope, { text }: Change.Told) => {
  const role = { None: "none", Tenant: tenantRole.name, Service: serviceRole.name }[scope._tag];
  const organization = scope._tag === "Tenant" ? SharedEntityIds.OrganizationId.toUuid(scope.organizationId) : "";
  return client`
    select set_config('role', ${role}, true), set_config(${organizationSetting}, ${organization}, true),
      set_config(${changeSetting}, ${text}, true),
      set_config('random_page_cost', least(current_setting('random_page_cost')::float8, ${INDEXED_PAGE_COST})::text, true)`;
};

const sameScope = (left: Scope, right: Scope): boolean =>
  left._tag === right._tag &&
  (left._tag !== "Tenant" || right._tag !== "Tenant" || left.organizationId === right.organizationId);
