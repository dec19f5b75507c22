/** The scope of the identity services themselves, which see every tenant. Not exported from this package. */
import type { Errors } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { ServiceConnection } from "../db/ServiceConnection.ts";

/** Runs an effect in one transaction under the service role. */
export const asService = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | SqlError | Errors.CommitUnknown, R | ServiceConnection> =>
  Effect.flatMap(ServiceConnection, (connection) => connection.transaction(effect)).pipe(
    Effect.withSpan("Tenancy.asService"),
  );
