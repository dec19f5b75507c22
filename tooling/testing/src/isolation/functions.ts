/** Functions that run under the rights of their owner, and who may call them. */
import * as Effect from "effect/Effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";

/** A function that is `security definer`. */
export interface DefinerFunction {
  /** For people, with its types. */
  readonly name: string;
  /** A call of it with nothing. */
  readonly call: string;
  readonly isTrigger: boolean;
  /** Which of the roles may run it. */
  readonly roles: ReadonlyArray<string>;
}

/** Which functions those are; of extensions they are the extension's. The alias is `p`. */
export const isDefiner = `p.prosecdef and p.prokind = 'f'
  and p.pronamespace not in (
    select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema') or nspname ~ '^pg_(toast|temp)'
  )
  and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )`;

const query = `
select p.oid::regprocedure::text as name, p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as "isTrigger",
  format('%s(%s)', p.oid::regproc, (
    select string_agg(concat(
      case when p.provariadic <> 0 and position = p.pronargs then 'variadic ' end, 'null::',
      case when type.typtype <> 'p' then type.oid::regtype::text when type.typname ~ 'array' then 'text[]' else 'text' end
    ), ', ' order by position)
    from unnest(p.proargtypes) with ordinality argument (oid, position) join pg_type type on type.oid = argument.oid
  )) as call,
  array(select role from unnest($1::text[]) role where has_function_privilege(role, p.oid, 'execute')) as roles
from pg_proc p where ${isDefiner} order by 1`;

/** All of a database, with which of some roles may run them. */
export const definerFunctions = (
  client: SqlClient,
  roles: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<DefinerFunction>, SqlError> =>
  Effect.map(client.unsafe<DefinerFunction>(query, [roles]), (rows) => rows);
