/** What commands print: their result to standard output, words about it to standard error. */
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Terminal from "effect/Terminal";

/** Names are users' input: in a terminal a control character would do what it says. */
const shown = (text: string): string => text.replaceAll(/\p{C}/gu, "\uFFFD");

/** A moment, in UTC. */
export const moment = (date: Date | null): string =>
  date === null ? "" : `${date.toISOString().slice(0, 16)}Z`.replace("T", " ");

/** A day, in UTC. */
export const day = (date: Date | null): string => (date === null ? "" : date.toISOString().slice(0, 10));

const GAP = "  ";

/** Sets rows in columns. Where they are wider than the width, the widest columns are cut. */
export const table = (
  heads: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  width: number,
): string => {
  const lines = [heads, ...rows].map((cells) => cells.map((cell) => [...shown(cell)]));
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width && Math.max(...widths) > 1) {
    const widest = widths.indexOf(Math.max(...widths));
    // As far as the next one, or as is needed.
    const next = Math.max(1, ...widths.filter((each) => each < (widths[widest] ?? 0)));
    widths[widest] = Math.max(next, (widths[widest] ?? 0) - Math.max(1, total() - width));
  }
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => {
          const size = widths[column] ?? 0;
          return (cell.length > size ? [...cell.slice(0, size - 1), "…"] : cell).join("").padEnd(size);
        })
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
};

/** Sets what is known of one thing in lines. */
export const fields = (entries: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}${GAP}${shown(value)}`).join("\n");
};

/** Prints a result: as JSON where that is asked for, and otherwise as text, which is told how wide it may be. */
export const result = Effect.fnUntraced(function* (json: boolean, value: unknown, text: (width: number) => string) {
  const { columns } = yield* Terminal.Terminal;
  // What is no terminal has no columns, and takes lines of any length.
  yield* Console.log(json ? JSON.stringify(value, null, 2) : text((yield* columns) || Number.POSITIVE_INFINITY));
});

/** Says something that is not the result. */
export const say = (text: string): Effect.Effect<void> => Console.error(text);

/** Says how much of a list is shown, where that is not all. */
export const rest = (page: {
  readonly shown: number;
  readonly offset: number;
  readonly total: number;
}): Effect.Effect<void> => {
  const next = page.offset + page.shown;
  return next < page.total ? say(`${next} of ${page.total}; --offset ${next} shows more.`) : Effect.void;
};
