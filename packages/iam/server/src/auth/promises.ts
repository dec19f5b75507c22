/**
 * Between Effects and Better Auth's promises. A fiber's context, and with it the open transaction, the scope and the
 * span, goes over to the promise side in asynchronous local storage, and from there into the Effects that it runs.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Cause from "effect/Cause";
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<Context.Context<never>>();

/**
 * Runs promise code in the fiber's context; what it throws is the failure. It is not interrupted: a promise goes on
 * whatever happens, and would go on in a transaction that is over.
 */
export const enter = <A>(run: () => PromiseLike<A>): Effect.Effect<A, unknown> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.uninterruptible(Effect.tryPromise({ try: () => storage.run(context, run), catch: (thrown) => thrown })),
  );

/** Runs an Effect in the context of the fiber that entered the promise side; what it fails with is thrown. */
export const leave = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
  const exit = await Effect.runPromiseExitWith(storage.getStore() ?? Context.empty())(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  throw Cause.squash(exit.cause);
};
