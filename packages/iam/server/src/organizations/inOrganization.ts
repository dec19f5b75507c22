/** How a service of organizations reads and changes them: in the current member's name, within the organization. */
import { SqlState } from "@beep/db-admin";
import { type AccessControl, type Errors, Membership, type Problems } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import type { EffectDrizzleQueryError } from "drizzle-orm/effect-core/errors";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import * as Tenancy from "../tenancy/Tenancy.ts";

type DatabaseError = SqlError | EffectDrizzleQueryError;

const isDatabaseError = (error: unknown): error is DatabaseError =>
  Predicate.isTagged(error, "SqlError") || Predicate.isTagged(error, "EffectDrizzleQueryError");

/** Takes what the database says for a defect, where nothing can be done about it. */
export const unexpected = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, DatabaseError>, R> =>
  Effect.catch(effect, (error) =>
    // The compiler does not narrow a type parameter.
    isDatabaseError(error) ? Effect.die(error) : Effect.fail(error as Exclude<E, DatabaseError>),
  );

/** Names what a constraint of the database refuses. */
export const refusedBy =
  <Refusal>(state: string, refusal: Refusal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refusal, R> =>
    Effect.catchIf(
      effect,
      (error) => SqlState.of(error) === state,
      () => Effect.fail(refusal),
    );

/** What a change may be refused by, whatever it is. */
export type Refused = Problems.TenantNotFound | Problems.PermissionMissing | Errors.CommitUnknown;

/** What a service runs its statements by. */
export interface InOrganization {
  /** Reads as the current member, who must be let see that kind of things. */
  readonly reading: (
    resource: AccessControl.Resource,
  ) => <A, E>(
    read: (membership: Membership.Membership) => Effect.Effect<A, E>,
  ) => Effect.Effect<
    A,
    Exclude<E, DatabaseError> | Problems.PermissionMissing | Errors.CommitUnknown,
    Membership.CurrentMembership
  >;
  /** Changes the organization as the current member, who must be let do it. */
  readonly changing: (
    asked: AccessControl.Asked,
  ) => <A, E>(
    change: (membership: Membership.Membership) => Effect.Effect<A, E>,
  ) => Effect.Effect<A, Exclude<E, DatabaseError> | Refused, Membership.CurrentMembership>;
  /** Does what no tenant may, in the transaction that is open or in one of its own. Names the organization itself. */
  readonly service: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError | Errors.CommitUnknown>;
}

/** On the connection that a database layer opened. */
export const make: Effect.Effect<InOrganization, never, PgClient | ServiceConnection> = Effect.gen(function* () {
  const services = yield* Effect.context<PgClient | ServiceConnection>();
  return {
    reading: (resource) => (read) =>
      Effect.gen(function* () {
        const membership = yield* Membership.CurrentMembership;
        yield* Membership.demandSight(membership, resource);
        return yield* unexpected(Tenancy.within(membership.organizationId)(read(membership)));
      }).pipe(Effect.provideContext(services)),
    changing: (asked) => (change) =>
      Effect.flatMap(Membership.CurrentMembership, change).pipe(
        Tenancy.changing(asked),
        unexpected,
        Effect.provideContext(services),
      ),
    service: (effect) => Effect.provideContext(asService(effect), services),
  };
});

/** The one row that a statement gives which cannot give none. */
export const oneRow = <Row>([row]: ReadonlyArray<Row>): Effect.Effect<Row> =>
  row === undefined ? Effect.die(new Error("The statement gave no row.")) : Effect.succeed(row);
