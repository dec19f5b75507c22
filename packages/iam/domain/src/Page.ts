/** Part of a list, by cursor: it stays in its place while things are added and removed. */
import * as Schema from "effect/Schema";
import * as Cursor from "./Cursor.ts";

/** The most that a page has. */
export const MAX_LIMIT = 100;

/** How many things a page has, unless it is said. */
export const DEFAULT_LIMIT = 50;

/** How many things a page has. */
export const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT }));

/** Which part of a list is wanted. */
export interface Request {
  readonly cursor?: string | undefined;
  /** From 1 to 100, by default 50. */
  readonly limit?: number | undefined;
  /** By default the oldest come first. */
  readonly order?: Cursor.Order | undefined;
}

/** Part of a list, and where it goes on; `null` where it ends. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>;
  readonly next: string | null;
}

/** The form of a page of something. */
export const of = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) });

/** The page of rows of which one more was asked for than it has. */
export const make = <Row extends { readonly id: string }>(
  of: Cursor.Of,
  limit: number,
  rows: ReadonlyArray<Row>,
): Page<Row> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? Cursor.make(of, last.id) : null };
};
