/** Who makes tenants, looks at what nobody else sees, and takes controls away. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { SqlError } from "effect/sql/SqlError";

/** A superuser of the database. */
export interface Administrator {
  readonly client: PgClient;
  /** Runs an effect in one transaction, in which the client's statements are a superuser's. */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R>;
}

/** An administrator by a connection of his own, which a superuser opened (`connect`). */
export const administrator = (client: PgClient): Administrator => ({
  client,
  transaction: client.withTransaction,
});

/**
 * An administrator of the embedded database. It is one session, which a superuser opened and the application's login
 * has: for the length of a transaction it is given back.
 *
 * @param client the one client, as the layer of the embedded database provides it
 */
export const administratorOfEmbedded = (client: PgClient): Administrator => ({
  client,
  transaction: (effect) =>
    // By its name: the default is the login that the session has.
    client.withTransaction(Effect.andThen(client.unsafe("set local session authorization postgres"), effect)),
});

/** Runs an effect in an administrator's transaction, which is rolled back whatever comes of it. */
export const undone = <A, E>(
  { transaction }: Administrator,
  effect: Effect.Effect<A, E>,
): Effect.Effect<A, E | SqlError> =>
  Effect.exit(effect).pipe(
    Effect.flatMap((exit) => Effect.fail(exit)),
    transaction,
    Effect.flip,
    Effect.flatMap((end): Effect.Effect<A, E | SqlError> => (Exit.isExit(end) ? end : Effect.fail(end))),
  );
