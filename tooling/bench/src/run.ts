/** Runs one benchmark from set-up to report. */
import * as Console from "effect/Console";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import type { Benchmark, Comparison } from "./Benchmark.ts";
import { compare } from "./compare.ts";
import { thisMachine } from "./machine.ts";
import { measure, type Plan } from "./measure.ts";
import type { ComparisonReport, Report } from "./report.ts";

/** Sets a benchmark up, measures its cases, and takes everything down again. */
export const run = Effect.fnUntraced(function* (benchmark: Benchmark, plan: Plan) {
  const startedAt = DateTime.formatIso(yield* DateTime.now);
  const machine = thisMachine();
  const { notes = [], subjects } = yield* benchmark.setUp;
  const count = subjects.map(({ cases }) => cases.length).reduce((sum, each) => sum + each, 0);
  const seconds = (plan.concurrencies.length * (plan.rounds + 1) * count * plan.milliseconds) / 1_000;
  // Not part of what is reported, and so not on the output.
  yield* Console.error(`Measuring ${count} cases for about ${Math.ceil(seconds)} s.`);
  const report: Report = {
    benchmark: benchmark.name,
    startedAt,
    machine,
    plan,
    subjects: yield* Effect.forEach(subjects, ({ cases, name }) =>
      Effect.map(measure(cases, plan), (measurements) => ({ name, measurements })),
    ),
    notes,
  };
  return report;
}, Effect.scoped);

/** Sets a comparison up, makes its calls, and takes everything down again. */
export const runComparison = Effect.fnUntraced(function* (comparison: Comparison, calls: number) {
  const startedAt = DateTime.formatIso(yield* DateTime.now);
  const machine = thisMachine();
  const pairs = yield* comparison.setUp;
  yield* Console.error(`Measuring ${pairs.length} pairs of ${calls} calls each.`);
  const compared = yield* Effect.forEach(pairs, (pair) => compare(pair, calls));
  const report: ComparisonReport = { benchmark: comparison.name, startedAt, machine, compared };
  return report;
}, Effect.scoped);
