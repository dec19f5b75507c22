/** Which columns hold envelopes. */
import type { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { Record, Table } from "@beep/shared-tables";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import * as Application from "../db/Application.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";

/** A column, by its names in the database; and the column that says what a row is called, with the prefix of such ids. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: string;
  readonly prefix: string;
}

/** What tables of entities and records state alike. */
interface Stated {
  readonly sealed?: ReadonlyArray<string>;
  readonly key?: string;
  readonly prefix?: string;
}

const declaredIn = (schema: Readonly<Record<string, unknown>>): ReadonlyArray<SealedColumn> =>
  Object.values(schema)
    .filter((table) => is(table, PgTable))
    .flatMap((table) => {
      const { name, policies } = getTableConfig(table);
      const sealed = ({ key = "id", prefix = "", sealed: columns = [] }: Stated) =>
        columns.map((column) => ({ table: name, column, key, prefix }));
      return policies.flatMap((policy) =>
        policy instanceof Table.ServiceSeesAll || policy instanceof Record.ServiceSeesAll ? sealed(policy.facts) : [],
      );
    });

/**
 * Every sealed column that the database has: as migrating has told it of every table, also of those that this process does
 * not know, and as the tables say that it knows.
 */
export const sealedColumns: Effect.Effect<
  ReadonlyArray<SealedColumn>,
  SqlError | Errors.CommitUnknown,
  ServiceConnection
> = Effect.gen(function* () {
  const { client, lookUp } = yield* ServiceConnection;
  const { schema } = yield* Application.Application;
  const declared = declaredIn({ ...IamDbSchema, ...schema });
  return yield* lookUp(client<SealedColumn>`
    select distinct c."table", c."column", c."key", c.prefix from (
      select t.relname::text as "table", s.column, coalesce(f.facts ->> 'key', 'id') as "key",
        f.facts ->> 'prefix' as prefix
      from pg_class t
      join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
      cross join lateral (select obj_description(p.oid, 'pg_policy')::jsonb as facts) f
      cross join lateral jsonb_array_elements_text(f.facts -> 'sealed') as s ("column")
      where t.relkind in ('r', 'p') and t.relnamespace = current_schema()::regnamespace
      union all
      select d."table", d."column", d."key", d.prefix
      from json_to_recordset(${JSON.stringify(declared)}::json) 
        as d ("table" text, "column" text, "key" text, prefix text)
    ) c
    join pg_attribute a on a.attrelid = to_regclass(quote_ident(c."table")) and a.attname = c."column"
    order by 1, 2`);
});
