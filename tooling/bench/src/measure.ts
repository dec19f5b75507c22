/**
 * Measures the cases of a benchmark in rounds: in each round every case has its turn, so that whatever else the machine
 * does meanwhile hits all of them alike.
 */
import * as Effect from "effect/Effect";
import type { Case, Cases, Plan } from "./Benchmark.ts";
import { median, percentile, type Ratio, ratio } from "./statistics.ts";

/** For figures to be quoted. Many short rounds: a disturbance then hits all cases of a round, or few rounds. */
export const thorough: Plan = { concurrencies: [1, 8, 64], rounds: 25, milliseconds: 150 };

/** For a first impression. */
export const quick: Plan = { concurrencies: [1, 8, 64], rounds: 5, milliseconds: 100 };

/** What was measured of one case at one concurrency. */
export interface Measurement {
  readonly concurrency: number;
  readonly name: string;
  /** The median of the rounds. */
  readonly operationsPerSecond: number;
  /** In milliseconds, of the operations of all rounds. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** To the operations per second of the baseline. */
  readonly ratio: Ratio;
  /** The operations per second in each round. */
  readonly rounds: ReadonlyArray<number>;
}

/** Measures all cases, one concurrency after the other. */
export const measure = Effect.fnUntraced(function* (cases: Cases, plan: Plan) {
  const measured = yield* Effect.forEach(plan.concurrencies, (concurrency) => measureAt(cases, plan, concurrency));
  return measured.flat();
});

const measureAt = Effect.fnUntraced(function* (cases: Cases, plan: Plan, concurrency: number) {
  const turns = cases.map((one) => ({ one, taken: [] as Turn[] }));
  for (let round = 0; round <= plan.rounds; round++) {
    for (const { one, taken } of turns) {
      const turn = yield* takeTurn(one, concurrency, plan.milliseconds);
      if (round > 0) taken.push(turn);
    }
  }
  const speeds = turns.map(({ taken }) => taken.map((turn) => turn.operationsPerSecond));
  return turns.map(({ one, taken }, index): Measurement => {
    const rounds = speeds[index] ?? [];
    const latencies = taken.flatMap((turn) => turn.latencies);
    return {
      concurrency,
      name: one.name,
      operationsPerSecond: median(rounds),
      latency: { p50: percentile(latencies, 50), p99: percentile(latencies, 99) },
      ratio: ratio(rounds, speeds[0] ?? []),
      rounds,
    };
  });
});

interface Turn {
  readonly operationsPerSecond: number;
  readonly latencies: ReadonlyArray<number>;
}

/** Repeats a case for a time, by so many fibers. What was begun in that time is waited for, and counts. */
const takeTurn = (one: Case, concurrency: number, milliseconds: number): Effect.Effect<Turn, unknown> =>
  Effect.suspend(() => {
    const latencies: Array<number> = [];
    const begin = performance.now();
    let index = 0;
    const repeat = Effect.suspend(() => {
      let started = 0;
      return Effect.whileLoop({
        while: () => {
          started = performance.now();
          return started - begin < milliseconds;
        },
        body: () => one.operation(index++),
        step: () => latencies.push(performance.now() - started),
      });
    });
    return Effect.map(
      Effect.all(
        Array.from({ length: concurrency }, () => repeat),
        { concurrency, discard: true },
      ),
      () => ({
        operationsPerSecond: (latencies.length / (performance.now() - begin)) * 1_000,
        latencies,
      }),
    );
  });
