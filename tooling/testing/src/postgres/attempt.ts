/** Calls of the system that are not expected to fail. */
import * as Effect from "effect/Effect";
import { PostgresUnavailable } from "./PostgresUnavailable.ts";

/** Waits for a promise; when it is rejected, `what` says what went wrong and the error why. */
export const attempt = <A>(what: string, evaluate: () => Promise<A>): Effect.Effect<A, PostgresUnavailable> =>
  Effect.tryPromise({
    try: evaluate,
    catch: (cause) => new PostgresUnavailable({ reason: `${what}: ${String(cause)}`, cause }),
  });
