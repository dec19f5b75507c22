/**
 * A transaction is one connection, and a nested one changes it for everybody: its role may be another, and when it rolls
 * back, it takes with it what ran beside it. So while a nested transaction runs, the transaction around it waits.
 */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Semaphore from "effect/Semaphore";
import * as Stream from "effect/Stream";
import type { Connection } from "effect/sql/SqlConnection";

/** Held by whatever uses the connection on the fiber's level of nesting: a statement, or the whole of a nested level. */
const Turn = Context.Reference<Semaphore.Semaphore>("@beep/iam-server/db/Turn", {
  defaultValue: () => Semaphore.makeUnsafe(1),
});

const inTurn = <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Turn, (turn) => turn.withPermit(statement));

const inOwnLevel = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.provideService(effect, Turn, Semaphore.makeUnsafe(1)));

/** The connection of a transaction, used by one at a time. */
const turnByTurn = (connection: Connection): Connection => ({
  execute: (...statement) => inTurn(connection.execute(...statement)),
  executeRaw: (...statement) => inTurn(connection.executeRaw(...statement)),
  executeValues: (...statement) => inTurn(connection.executeValues(...statement)),
  executeValuesUnprepared: (...statement) => inTurn(connection.executeValuesUnprepared(...statement)),
  executeUnprepared: (...statement) => inTurn(connection.executeUnprepared(...statement)),
  executeStream: (...statement) =>
    Stream.unwrap(
      Effect.flatMap(Turn, (turn) =>
        Effect.as(
          Effect.acquireRelease(turn.take(1), () => turn.release(1)),
          connection.executeStream(...statement),
        ),
      ),
    ),
});

/** Makes the client's transactions wait for those that are nested in them. In place, because drizzle holds the client. */
export const takingTurns = (client: PgClient): void => {
  const { transactionService, withTransaction } = client;

  const outermost: typeof withTransaction = (effect) =>
    inOwnLevel(
      withTransaction(
        Effect.flatMap(Effect.serviceOption(transactionService), (transaction) => {
          // The client knows the transaction, and what waits for its commit, by this very pair.
          const level = Option.getOrThrow(transaction) as [Connection, number];
          level[0] = turnByTurn(level[0]);
          return effect;
        }),
      ),
    );

  Object.assign(client, {
    withTransaction: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.flatMap(Effect.serviceOption(transactionService), (transaction) =>
        Option.isNone(transaction)
          ? outermost(effect)
          : Effect.flatMap(Turn, (turn) => turn.withPermit(inOwnLevel(withTransaction(effect)))),
      ),
  });
};
