/** Runs one benchmark from set-up to report. */
import * as Console from "effect/Console";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import type { Benchmark, Comparison, Plan } from "./Benchmark.ts";
import { compare } from "./compare.ts";
import { thisMachine } from "./machine.ts";
import { measure } from "./measure.ts";
import type { ComparisonReport, Report } from "./report.ts";

/** Sets a benchmark up, measures its cases, and takes everything down again. */
export const run = Effect.fnUntraced(function* (benchmark: Benchmark, plan: Plan) {
  const startedAt = DateTime.formatIso(yield* DateTime.now);
  const machine = thisMachine();
  const { notes = [], subjects } = yield* benchmark.setUp;
  const planned = subjects.map((subject) => ({ ...subject, plan: { ...plan, ...subject.plan } }));
  const seconds = planned.map(
    ({ cases, plan: { concurrencies, milliseconds, rounds } }) =>
      (cases.length * concurrencies.length * (rounds + 1) * milliseconds) / 1_000,
  );
  // Not part of what is reported, and so not on the output.
  yield* Console.error(`Measuring for about ${Math.ceil(seconds.reduce((sum, each) => sum + each, 0))} s.`);
  const report: Report = {
    benchmark: benchmark.name,
    startedAt,
    machine,
    subjects: yield* Effect.forEach(planned, ({ cases, name, plan }) =>
      Effect.map(measure(cases, plan), (measurements) => ({ name, plan, measurements })),
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
