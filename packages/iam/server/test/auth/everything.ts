/** All that a database holds, as a dump of it would have it. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";

/** Each row of each table as text, read by the superuser. */
export const everything = Effect.fnUntraced(function* (admin: PgClient) {
  const tables = yield* admin<{ name: string }>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`;
  const rows = yield* Effect.forEach(tables, ({ name }) =>
    admin.unsafe<{ row: string }>(`select t::text as row from ${name} t`),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join("\n");
});
