/** The figures that a benchmark reports, from what it measured. Of nothing, each of them is NaN. */

/** The value in the middle; between two, their mean. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = ascending(values);
  const middle = (sorted.length - 1) / 2;
  return (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2;
};

/** The smallest of the values that at least `percent` % of them do not exceed: one that was measured. */
export const percentile = (values: ReadonlyArray<number>, percent: number): number => {
  const sorted = ascending(values);
  return at(sorted, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1));
};

/** How many times as fast as the baseline: in the middle, and in the rounds that were worst and best. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Compares round by round, because what else the machine did in a round it did to both. */
export const ratio = (values: ReadonlyArray<number>, baseline: ReadonlyArray<number>): Ratio => {
  const ratios = values.map((value, round) => value / at(baseline, round));
  return { median: median(ratios), min: percentile(ratios, 0), max: percentile(ratios, 100) };
};

const ascending = (values: ReadonlyArray<number>) => Float64Array.from(values).sort();

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;
