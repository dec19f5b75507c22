/** A row in each table that has none, so that there is something to be seen, whatever tables there are. */

import * as Effect from "effect/Effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";

interface Column {
  readonly name: string;
  readonly type: string;
  /** The table and column that it refers to. */
  readonly parent: string | null;
  readonly parent_column: string | null;
}

const values: Readonly<Record<string, string>> = {
  uuid: "gen_random_uuid()",
  text: "'x'",
  "text[]": "'{}'",
  integer: "1",
  bigint: "1",
  boolean: "true",
  jsonb: "'{}'",
  "timestamp(3) with time zone": "now()",
};

/** The columns of a table that have to be stated. */
const required = (client: SqlClient, table: string) =>
  client<Column>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      key.confrelid::regclass::text as parent, parent.attname as parent_column
    from pg_attribute a
    -- What belongs to an organization refers to its parent by both columns, and has the organization of the parent.
    left join pg_constraint key on key.conrelid = a.attrelid and key.contype = 'f'
      and key.conkey[cardinality(key.conkey)] = a.attnum
    left join pg_attribute parent on parent.attrelid = key.confrelid
      and parent.attnum = key.confkey[cardinality(key.confkey)]
    where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef`;

/**
 * Fills the empty ones among the tables, parents before children.
 *
 * @param client a superuser
 */
export const fillEmpty = Effect.fnUntraced(function* (
  client: SqlClient,
  tables: ReadonlyArray<string>,
): Effect.fn.Return<void, SqlError> {
  const isEmpty = (table: string) =>
    Effect.map(client.unsafe(`select from ${table} limit 1`), (rows) => rows.length === 0);
  let empty = yield* Effect.filter(tables, isEmpty);
  for (let before = 0; empty.length !== before; empty = yield* Effect.filter(empty, isEmpty)) {
    before = empty.length;
    for (const table of empty) {
      const columns = yield* required(client, table);
      const selected = columns.map(({ parent, parent_column, type }) =>
        parent === null ? values[type] : `(select "${parent_column}" from ${parent} limit 1)`,
      );
      const parents = columns.flatMap(({ parent }) => (parent === null ? [] : [`exists (select from ${parent})`]));
      yield* client.unsafe(`insert into ${table} (${columns.map(({ name }) => `"${name}"`).join()})
        select ${selected.join()} where ${["true", ...parents].join(" and ")}`);
    }
  }
});
