/** Transactions whose outcome is told truthfully, and that are tried again where that is safe. */
import { SqlState } from "@beep/db-admin";
import { Errors } from "@beep/iam-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import type { SqlError } from "effect/sql/SqlError";

/** Whether the fiber is inside a transaction of the client. */
export const isOpen = (client: PgClient) => Effect.map(Effect.serviceOption(client.transactionService), Option.isSome);

/** As `run`, on a client that is given. */
export const runOn =
  (client: PgClient) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R> =>
    Effect.gen(function* () {
      if (yield* isOpen(client)) return yield* client.withTransaction(effect);
      let committing = false;
      const body = Effect.tap(effect, () => Effect.sync(() => (committing = true)));
      return yield* client.withTransaction(body).pipe(
        Effect.catchIf(
          (error): error is SqlError => committing && SqlState.isConnectionLoss(error),
          (cause) => Effect.fail(new Errors.CommitUnknown({ cause })),
        ),
      );
    });

/**
 * Runs an effect in a transaction, or in a savepoint of the one that is open. Failure, defect and interruption roll back.
 * A connection that is lost during COMMIT is `CommitUnknown`, and never success: that is what this does beyond
 * `client.withTransaction` and drizzle's `db.transaction`.
 */
export const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(PgClient, (client) => runOn(client)(effect));

/**
 * Tries an effect again when the database broke it off in favour of another transaction: after a serialization failure
 * or a deadlock, up to five times, in growing and jittered steps from 10 ms. Only for effects that may run twice, and
 * only around a whole transaction: inside one, the failure has already undone it.
 */
export const retry = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, {
    while: SqlState.isContention,
    schedule: Schedule.jittered(Schedule.exponential("10 millis")),
    times: 5,
  });

/** Names the failure of an update that stated a version which is no longer the row's. */
export const orStale = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Errors.StaleVersion, R> =>
  Effect.catchIf(
    effect,
    (error) => SqlState.of(error) === SqlState.staleVersion,
    (cause) => Effect.fail(new Errors.StaleVersion({ cause })),
  );
