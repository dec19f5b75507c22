/**
 * Statements and transactions under the service role. On a server a pool of connections holds that role from the start,
 * so that a single statement costs one round trip; on the embedded database, which is one session, each statement takes
 * the role in a transaction. Inside a transaction everything joins it.
 *
 * Private to this package: whoever holds it sees every tenant.
 */
import type { Errors } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { SqlError } from "effect/sql/SqlError";
import * as Change from "./Change.ts";
import * as Scope from "./Scope.ts";
import * as Transaction from "./Transaction.ts";

type Runs = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R>;

/** @effect-expect-leaking R */
export class ServiceConnection extends Context.Service<
  ServiceConnection,
  {
    /** The client to build statements with; run them through `statement`, or in `transaction`. */
    readonly client: PgClient;
    /** Runs one statement of `client`. Inside a transaction it joins it, in whatever scope that one is. */
    readonly statement: Runs;
    /**
     * Runs one statement of `client` under the service role also where a transaction is open in another scope: there in a
     * savepoint, so that no two may run at once.
     */
    readonly lookUp: Runs;
    /**
     * Runs one statement of `client` that changes what is recorded: in a transaction of its own, or in the one that is
     * open, which is told who acts if that is known only now.
     */
    readonly writing: Runs;
    /**
     * Runs an effect in a savepoint of the open transaction, under the service role; or in a transaction, which is tried
     * again when the database breaks it off in favour of another.
     */
    readonly transaction: Runs;
    /**
     * Runs an effect as part of the open transaction, where that one is under the service role: without a savepoint, so that
     * a failure is the whole's. Elsewhere as `transaction` does.
     */
    readonly together: Runs;
  }
>()("@beep/iam-server/db/ServiceConnection") {}

const transactionOf =
  (client: PgClient): Runs =>
  (effect) => {
    const entered = Scope.enter(client, Scope.service)(effect);
    return Effect.flatMap(Transaction.isOpen(client), (open) => (open ? entered : Transaction.retry(entered)));
  };

const lookUpOf =
  (client: PgClient, { statement, transaction }: { readonly statement: Runs; readonly transaction: Runs }): Runs =>
  (effect) =>
    Effect.flatMap(Effect.serviceOption(client.transactionService), (open) =>
      Option.isNone(open)
        ? statement(effect)
        : Effect.flatMap(Scope.current(client), ({ _tag }) =>
            _tag === "Service" ? statement(effect) : transaction(statement(effect)),
          ),
    );

const writingOf =
  (client: PgClient, { lookUp, statement, transaction }: Record<"lookUp" | "statement" | "transaction", Runs>): Runs =>
  (effect) =>
    Effect.flatMap(Transaction.isOpen(client), (open) =>
      open ? Effect.andThen(Change.tellAgain(client), lookUp(effect)) : transaction(statement(effect)),
    );

const togetherOf =
  (client: PgClient, transaction: Runs): Runs =>
  (effect) =>
    Effect.flatMap(Scope.current(client), ({ _tag }) => (_tag === "Service" ? effect : transaction(effect)));

const runsOf = (client: PgClient, runs: { readonly statement: Runs; readonly transaction: Runs }) => {
  const lookUp = lookUpOf(client, runs);
  const writing = writingOf(client, { ...runs, lookUp });
  return { ...runs, lookUp, writing, together: togetherOf(client, runs.transaction) };
};

/**
 * For a server.
 *
 * @param client the application's client, whose transactions statements join
 * @param roleHolder a client whose connections have the service role from their start
 */
export const pooled = (client: PgClient, roleHolder: PgClient): ServiceConnection["Service"] => {
  const withoutTransaction = Context.omit(roleHolder.transactionService);
  /** Has the statements of the one join the open transaction of the other. */
  const statement: Runs = (effect) =>
    Effect.flatMap(
      Effect.serviceOption(client.transactionService),
      Option.match({
        // What runs after a commit has the context of before, in which that transaction is open still. No effect's type
        // says that it needs one, so that without it there is all that is needed.
        onNone: () => Effect.updateContext(effect, (context) => withoutTransaction(context) as typeof context),
        onSome: (open) => Effect.provideService(effect, roleHolder.transactionService, open),
      }),
    );
  const transaction: Runs = (effect) => transactionOf(client)(statement(effect));
  return { client: roleHolder, ...runsOf(client, { statement, transaction }) };
};

/** For the embedded database: the one session takes the role for each statement. */
export const perStatement = (client: PgClient): ServiceConnection["Service"] => {
  const transaction = transactionOf(client);
  const statement: Runs = (effect) =>
    Effect.flatMap(Transaction.isOpen(client), (open) => (open ? effect : transaction(effect)));
  return { client, ...runsOf(client, { statement, transaction }) };
};
