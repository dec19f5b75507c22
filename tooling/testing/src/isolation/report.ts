/** What was found, for people. */
import type { Report } from "./examine.ts";
import type { Mutation } from "./mutate.ts";

const width = 76;
const rule = "─".repeat(width);

/** A line: what it says, and numbers below one another. */
const row = (says: string, ...cells: ReadonlyArray<string | number>): string => {
  const right = cells.map((cell) => String(cell).padStart(9)).join("");
  return `${says.padEnd(width - right.length)}${right}`.trimEnd();
};

const waysIn = (reports: ReadonlyArray<Report>): ReadonlyArray<string> => [
  row("Tenants kept apart", "tables", "attacks", "refused", "rights", "granted"),
  rule,
  ...reports.flatMap(({ lines, tenants, way }) => [
    `${way}, ${tenants} tenants`,
    ...lines.map(({ attacks, granted, kind, refused, rights, tables }) =>
      row(`  ${kind}`, tables, attacks, refused, rights, granted),
    ),
  ]),
];

/** A share of all; only all of them are 100 %. */
const score = (killed: number, all: number): string =>
  all === 0 ? "" : `${killed === all ? 100 : Math.floor((killed * 1000) / all) / 10} %`;

const controls = ({ counted, mutants }: Mutation): ReadonlyArray<string> => {
  const line = (says: string, of: typeof mutants) => {
    const seen = of.filter((mutant) => mutant.seen !== undefined).length;
    return row(says, of.length, seen, score(seen, of.length));
  };
  return [
    row("Controls taken away, one at a time", "mutants", "seen", "score"),
    rule,
    ...[...Map.groupBy(mutants, ({ kind }) => kind)].map(([kind, of]) => line(`  ${kind}`, of)),
    rule,
    line("All", mutants),
    row(
      "Counted by countingQuery",
      [...counted.values()].reduce((sum, number) => sum + number, 0),
      "",
      "",
    ),
  ];
};

/**
 * A table of what was tried and refused, by way in and kind of table, and below it of the controls that were taken away;
 * for a terminal of 80 columns.
 */
export const report = (reports: ReadonlyArray<Report>, mutation?: Mutation): string =>
  ["", ...waysIn(reports), ...(mutation === undefined ? [] : ["", ...controls(mutation)]), ""].join("\n");
