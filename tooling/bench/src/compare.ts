/** Compares the times of two calls that must not be told apart: one after the other, many times. */
import * as Effect from "effect/Effect";
import type { Pair } from "./Benchmark.ts";
import { median } from "./statistics.ts";

/** What was measured of a pair, in milliseconds. */
export interface Compared {
  readonly name: string;
  readonly calls: number;
  readonly one: number;
  readonly other: number;
}

/** How many calls warm up, and do not count. */
const WARM_UP = 20;

/**
 * The medians of so many calls of each.
 *
 * Which of the two comes first changes with every round, so that what a call leaves to be done behind its answer, a mail
 * say, slows both alike.
 */
export const compare = Effect.fnUntraced(function* ({ name, one, other }: Pair, calls: number) {
  const times = { one: [] as Array<number>, other: [] as Array<number> };
  for (let round = -WARM_UP; round < calls; round++) {
    const order = round % 2 === 0 ? (["one", "other"] as const) : (["other", "one"] as const);
    for (const side of order) {
      const begin = performance.now();
      yield* side === "one" ? one : other;
      if (round >= 0) times[side].push(performance.now() - begin);
    }
  }
  const compared: Compared = { name, calls, one: median(times.one), other: median(times.other) };
  return compared;
});

/** Whether the two are as fast as each other: within 10 % or 2 ms. */
export const areAlike = ({ one, other }: Compared): boolean =>
  Math.abs(one - other) <= Math.max(2, 0.1 * Math.min(one, other));
