/** Names and values as SQL writes them. */

/** A name. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text, and by it a value of any type. */
export const literal = (value: string | null | undefined): string =>
  value === null || value === undefined ? "null" : `'${value.replaceAll("'", "''")}'`;
