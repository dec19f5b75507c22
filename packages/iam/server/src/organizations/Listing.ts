/** Lists by cursor: each page is one prepared statement, which begins behind the key of the last row that was shown. */
import { Cursor, Page, type Problems } from "@beep/iam-domain";
import type { EntityId } from "@beep/shared-domain";
import { asc, desc, gt, lt, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";

/** What makes a statement show one part of a list. */
interface Part {
  readonly behind: SQL;
  readonly order: SQL;
  readonly limit: ReturnType<typeof sql.placeholder>;
}

/** A prepared statement of drizzle's. */
interface Prepared<Row, E> {
  readonly execute: (values: Record<string, unknown>) => Effect.Effect<ReadonlyArray<Row>, E>;
}

const isLimit = Schema.is(Page.Limit);

/** Before every id, and behind every id. */
const ends = {
  oldest: "00000000-0000-0000-0000-000000000000",
  newest: "ffffffff-ffff-ffff-ffff-ffffffffffff",
} as const satisfies Record<Cursor.Order, string>;

/**
 * A list in the order of its ids, which is that of their making.
 *
 * @param options.list what is listed
 * @param options.Id the ids of what is listed
 * @param options.column the column that holds them
 * @param options.prepare the statement for a part of the list
 */
export const make = <Row extends { readonly id: string }, E>(options: {
  readonly list: string;
  readonly Id: EntityId.Any;
  readonly column: PgColumn;
  readonly prepare: (part: Part) => Prepared<Row, E>;
}) => {
  const { Id, column, list } = options;
  const limit = sql.placeholder("limit");
  // Encoded as the column's values are, which a placeholder alone would not be.
  const after = sql.param(sql.placeholder("after"), column);
  const statements = {
    oldest: options.prepare({ behind: gt(column, after), order: asc(column), limit }),
    newest: options.prepare({ behind: lt(column, after), order: desc(column), limit }),
  };

  /**
   * A page of the list.
   *
   * @param owner whose list it is
   * @param values what else the statement takes
   */
  return Effect.fnUntraced(function* (
    owner: string,
    { cursor, limit = Page.DEFAULT_LIMIT, order = "oldest" }: Page.Request,
    values: Readonly<Record<string, unknown>> = {},
  ): Effect.fn.Return<Page.Page<Row>, E | Problems.CursorInvalid> {
    if (!isLimit(limit)) return yield* Effect.die(new RangeError(`A page has from 1 to ${Page.MAX_LIMIT} things.`));
    const of = { list, owner, order };
    const begin = yield* Cursor.read(of, Id, cursor);
    const rows = yield* statements[order].execute({
      ...values,
      after: Option.getOrElse(begin, () => Id.fromUuid(ends[order])),
      limit: limit + 1,
    });
    return Page.make(of, limit, rows);
  });
};
