/** The rows that operations ask for, and whether they got them. */
import { sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

/** Row security answers a wrong role with no row, and it does so fast. */
export const exactly =
  (count: number) =>
  (rows: ReadonlyArray<unknown>): void => {
    if (rows.length !== count) throw new Error(`Instead of ${count} rows there were ${rows.length}.`);
  };

/** The placeholder of a prepared query. As a parameter of the column, since a bare one is not made a uuid. */
export const placeholder = (name: string, column: PgColumn) => sql.param(sql.placeholder(name), column);

/**
 * Things in an order that jumps about, made beforehand, and given out by the number of the operation.
 *
 * @param thingOf by numbers from 1 to `count`
 */
export const scattered = <Thing>(count: number, thingOf: (row: number) => Thing): ((index: number) => Thing) => {
  // By a prime that divides no count, so that the jumps meet every one.
  const things = Array.from({ length: count }, (_, index) => thingOf(((index * 48_271) % count) + 1));
  return (index) => things[index % count] ?? thingOf(1);
};
