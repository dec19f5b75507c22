/** What a run of a benchmark found. */

import type { Plan } from "./Benchmark.ts";
import { areAlike, type Compared } from "./compare.ts";
import type { Machine } from "./machine.ts";
import type { Measurement } from "./measure.ts";

/** As a value, and as JSON for machines. */
export interface Report {
  readonly benchmark: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: Machine;
  readonly subjects: ReadonlyArray<{
    readonly name: string;
    readonly plan: Plan;
    /** By concurrency; within one in the order of the cases, the baseline first. */
    readonly measurements: ReadonlyArray<Measurement>;
  }>;
  readonly notes: ReadonlyArray<string>;
}

/** As text for people, 100 columns wide at most. */
export const render = ({ benchmark, machine, notes, subjects }: Report): string =>
  [
    `${benchmark}: medians of rounds`,
    `Node ${machine.node}, ${machine.cores} × ${machine.processor}, load before ${machine.load.toFixed(1)}`,
    ...subjects.flatMap(({ measurements, name, plan }) => [
      "",
      `${name}, ${plan.rounds} rounds of ${plan.milliseconds} ms`,
      "",
      table(measurements),
    ]),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");

const headings = ["at once", "case", "ops/s", "p50 ms", "p99 ms", "ratio", "min–max"] as const;
const nameWidth = 40;
const widths = [7, nameWidth, 7, 7, 7, 5, 11] as const;

/** A line for each case, in groups by concurrency. The first of a group is the baseline of its ratios. */
const table = (measurements: ReadonlyArray<Measurement>): string => {
  const lines = [line(headings)];
  let concurrency: number | undefined;
  for (const measured of measurements) {
    const isFirst = measured.concurrency !== concurrency;
    if (isFirst) lines.push("");
    concurrency = measured.concurrency;
    lines.push(line(cells(measured, isFirst)));
  }
  return lines.join("\n");
};

const cells = ({ concurrency, latency, name, operationsPerSecond, ratio }: Measurement, isBaseline: boolean) => [
  isBaseline ? String(concurrency) : "",
  name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name,
  grouped.format(operationsPerSecond),
  latency.p50.toFixed(2),
  latency.p99.toFixed(2),
  ratio.median.toFixed(2),
  isBaseline ? "baseline" : `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`,
];

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Names begin in one column, numbers end in one. */
const line = (cells: ReadonlyArray<string>): string =>
  cells.map((cell, column) => (column === 1 ? cell.padEnd(nameWidth) : cell.padStart(widths[column] ?? 0))).join("  ");

/** What a run of a comparison found, as a value and as JSON for machines. */
export interface ComparisonReport {
  readonly benchmark: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: Machine;
  readonly compared: ReadonlyArray<Compared>;
}

/** As text for people, 100 columns wide at most. */
export const renderComparison = ({ benchmark, compared, machine }: ComparisonReport): string =>
  [
    `${benchmark}: medians of ${compared[0]?.calls ?? 0} alternated calls, known beside unknown`,
    `Node ${machine.node}, ${machine.cores} × ${machine.processor}, load before ${machine.load.toFixed(1)}`,
    "",
    comparisonLine(["call", "known ms", "unknown ms", "difference", "ratio", "2 ms, 10 %"]),
    ...compared.map((each) =>
      comparisonLine([
        each.name,
        each.one.toFixed(2),
        each.other.toFixed(2),
        (each.one - each.other).toFixed(2),
        (each.one / each.other).toFixed(3),
        areAlike(each) ? "within" : "OUTSIDE",
      ]),
    ),
  ].join("\n");

const comparisonLine = ([name = "", ...cells]: ReadonlyArray<string>): string =>
  [name.slice(0, 32).padEnd(32), ...cells.map((cell) => cell.padStart(12))].join("");
