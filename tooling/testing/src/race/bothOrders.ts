/** Two sides that meet: each stops once, where the other may come in between. */
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Latch from "effect/Latch";

/** One side of a race. It runs `pause` at the point where the other side is to come in between, or never. */
export type Side<A, E, R> = (pause: Effect.Effect<void>) => Effect.Effect<A, E, R>;

/** How both sides ended. */
export interface Ends<A, E, B, E2> {
  readonly left: Exit.Exit<A, E>;
  readonly right: Exit.Exit<B, E2>;
  /** Whether the database was seen to make the second side wait for the first. */
  readonly waited: boolean;
}

/** How both sides ended, whichever was first. */
export interface BothOrders<A, E, B, E2> {
  readonly leftFirst: Ends<A, E, B, E2>;
  readonly rightFirst: Ends<A, E, B, E2>;
}

/** What surrounds each order. */
export interface Options<E, R> {
  /** Runs before each order, to make what the sides are to race for. */
  readonly prepare?: Effect.Effect<unknown, E, R> | undefined;
  /**
   * Ends when a side is seen waiting in the database, as `Race.untilAnyBlocked` does. Without it the second side must
   * be able to come to its pause, or to its end, while the first one pauses.
   */
  readonly blocked?: Effect.Effect<unknown, E, R> | undefined;
}

const start = Effect.fnUntraced(function* <A, E, R>(side: Side<A, E, R>) {
  const paused = Latch.makeUnsafe();
  const released = Latch.makeUnsafe();
  const fiber = yield* Effect.forkChild(side(Effect.andThen(paused.open, released.await)));
  const ended = Fiber.await(fiber);
  return { settled: Effect.raceFirst(paused.await, Effect.asVoid(ended)), release: released.open, ended };
});

const inOrder = Effect.fnUntraced(function* <A, E, R, B, E2, R2, E3, R3>(
  first: Side<A, E, R>,
  second: Side<B, E2, R2>,
  { blocked = Effect.never, prepare = Effect.void }: Options<E3, R3>,
) {
  yield* prepare;
  const one = yield* start(first);
  yield* one.settled;
  const two = yield* start(second);
  const waited = yield* Effect.raceFirst(Effect.as(two.settled, false), Effect.as(blocked, true));
  yield* one.release;
  // When the second side does not wait for it, the first one may come to wait for the second, which then must go on.
  yield* waited ? one.ended : Effect.raceFirst(one.ended, blocked);
  yield* two.release;
  return { first: yield* one.ended, second: yield* two.ended, waited };
});

/**
 * Runs both orders, one after the other. In each, the first side runs to its pause, then the second to its own, or
 * until it waits for the first; then the first runs to its end, and then the second.
 */
export const bothOrders = Effect.fnUntraced(function* <A, E, R, B, E2, R2, E3 = never, R3 = never>(
  left: Side<A, E, R>,
  right: Side<B, E2, R2>,
  options: Options<E3, R3> = {},
): Effect.fn.Return<BothOrders<A, E, B, E2>, E3, R | R2 | R3> {
  const leftFirst = yield* inOrder(left, right, options);
  const rightFirst = yield* inOrder(right, left, options);
  return {
    leftFirst: { left: leftFirst.first, right: leftFirst.second, waited: leftFirst.waited },
    rightFirst: { left: rightFirst.second, right: rightFirst.first, waited: rightFirst.waited },
  };
});
