/** Tables in Markdown. */

const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = (cells: ReadonlyArray<string>): string => `| ${cells.map(cell).join(" | ")} |`;

/** A table, as lines. */
export const table = (
  heads: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => [row(heads), `|${"---|".repeat(heads.length)}`, ...rows.map(row)];
