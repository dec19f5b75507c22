/**
 * Statements under the service role. On a server a pool of connections holds that role from the start, so that a single
 * statement costs one round trip; on the embedded database, which is one session, each statement takes the role in a
 * transaction. Inside a transaction everything joins it.
 *
 * Private to this package: whoever holds it sees every tenant.
 */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { SqlError } from "effect/sql/SqlError";
import type { Errors } from "@beep/iam-domain";
import * as Scope from "./Scope.ts";
import * as Transaction from "./Transaction.ts";

export class ServiceConnection extends Context.Service<
  ServiceConnection,
  {
    /** The client to build statements with; run them through `statement`. */
    readonly client: PgClient;
    /** Runs one statement of `client`. Inside a transaction it joins it, in whatever scope that one is. */
    readonly statement: <A, E, R>(statement: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R>;
    /** Runs an effect in a transaction under the service role; whatever it does on any client joins it. */
    readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R>;
  }
>()("@beep/iam-server/db/ServiceConnection") {}

/** Lets what an effect does on the client `to` join the transaction that is open on the client `from`. */
const share =
  (from: PgClient, to: PgClient) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Effect.serviceOption(from.transactionService),
      Option.match({
        onNone: () => effect,
        // The type says that the requirement is met, which an effect of any requirement cannot know to have had.
        onSome: (transaction) => Effect.provideService(effect, to.transactionService, transaction) as typeof effect,
      }),
    );

/** For a server: `roleHolder` is a pool whose connections have the service role from their start. */
export const held = (client: PgClient, roleHolder: PgClient): ServiceConnection["Service"] => ({
  client: roleHolder,
  statement: share(client, roleHolder),
  transaction: (effect) =>
    Effect.flatMap(Transaction.isOpen(client), (open) =>
      open
        ? Scope.enter(client, Scope.service)(effect)
        : effect.pipe(
            Effect.provideService(Scope.Current, Scope.service),
            share(roleHolder, client),
            Transaction.run(roleHolder),
          ),
    ),
});

/** For the embedded database: the one session takes the role for each statement and transaction. */
export const taken = (client: PgClient): ServiceConnection["Service"] => {
  const transaction: ServiceConnection["Service"]["transaction"] = (effect) => Scope.enter(client, Scope.service)(effect);
  return {
    client,
    statement: (statement) =>
      Effect.flatMap(Transaction.isOpen(client), (open) => (open ? statement : transaction(statement))),
    transaction,
  };
};
