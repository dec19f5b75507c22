/**
 * Between Effects and Better Auth's promises. A fiber's context, and with it the open transaction, the scope and the
 * span, goes over to the promise side in asynchronous local storage, and from there into the Effects that it runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { APIError } from "@better-auth/core/error";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { ServiceConnection } from "../db/ServiceConnection.ts";

const storage = new AsyncLocalStorage<Context.Context<never>>();

/** What the fiber's context says of a reference. */
export const reference = <A>(key: Context.Reference<A>): A => Context.get(storage.getStore() ?? Context.empty(), key);

/** Runs promise code in the same context, but for what it says of a reference. */
export const having = <A, B>(key: Context.Reference<A>, value: A, run: () => B): B =>
  storage.run(Context.add(storage.getStore() ?? Context.empty(), key, value), run);

/** What the promise side threw, as it was thrown. */
export class Thrown extends Data.TaggedError("Thrown")<{ readonly thrown: unknown }> {
  // By this the database's own error is found below it.
  override get cause() {
    return this.thrown;
  }
}

/**
 * Runs promise code in the fiber's context. It is not interrupted: a promise goes on whatever happens, and would go on in
 * a transaction that is over.
 */
export const enter = <A>(run: () => PromiseLike<A>): Effect.Effect<A, Thrown> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.uninterruptible(
      Effect.tryPromise({ try: () => storage.run(context, run), catch: (thrown) => new Thrown({ thrown }) }),
    ),
  );

/** Runs promise code in a transaction under the service role, or in a savepoint of the one that is open. */
export const inTransaction =
  (connection: ServiceConnection["Service"]) =>
  <A>(run: () => PromiseLike<A>): Promise<A> =>
    leave(Effect.catchTag(connection.transaction(enter(run)), "CommitUnknown", () => Effect.fail(commitUnknown())));

/** Runs promise code as part of the open transaction, or in one of its own, under the service role. */
export const together =
  (connection: ServiceConnection["Service"]) =>
  <A>(run: () => PromiseLike<A>): Promise<A> =>
    leave(Effect.catchTag(connection.together(enter(run)), "CommitUnknown", () => Effect.fail(commitUnknown())));

/** That nobody knows whether a change was committed: as a refusal, because Better Auth lets those through. */
export const commitUnknown = () =>
  new Thrown({
    thrown: new APIError("SERVICE_UNAVAILABLE", {
      code: "COMMIT_UNKNOWN",
      message: "The connection was lost while the change was being committed; it may or may not have happened.",
    }),
  });

/** Runs an Effect in the context of the fiber that entered the promise side; what it fails with is thrown. */
export const leave = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
  const exit = await Effect.runPromiseExitWith(storage.getStore() ?? Context.empty())(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  const error = Cause.squash(exit.cause);
  throw error instanceof Thrown ? error.thrown : error;
};
