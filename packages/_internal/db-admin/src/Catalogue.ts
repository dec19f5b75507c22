/** What a database says of itself in `pg_catalog`, so that two databases can be compared. */
import type * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";

/** What PostgreSQL says of an object. */
export interface Entry {
  /** The table to which it belongs; none for a function, a schema or a type. */
  readonly table: string | undefined;
  /** As PostgreSQL writes it. */
  readonly definition: string;
}

/** Every object by its name, `index iam_members_user_id_idx` for instance. */
export type Catalogue = ReadonlyMap<string, Entry>;

/** Where one catalogue differs from another. */
export interface Difference {
  readonly object: string;
  /** What should be there, and what is. */
  readonly expected: Entry | undefined;
  readonly found: Entry | undefined;
}

/**
 * Everything outside PostgreSQL's own schemas.
 *
 * @param names what roles are called, for databases whose roles have other names; only the owner of the database is
 *   renamed, to `the owner`, where nothing is said
 */
export const read = (
  client: PgClient.PgClient,
  names?: Readonly<Record<string, string>>,
): Effect.Effect<Catalogue, SqlError> =>
  Effect.map(
    client.unsafe<{ readonly object: string; readonly table: string | null; readonly definition: string }>(query, [
      names === undefined ? null : JSON.stringify(names),
    ]),
    (rows) => new Map(rows.map(({ definition, object, table }) => [object, { definition, table: table ?? undefined }])),
  );

/** Where a database differs from what it should be, by the objects' names. */
export const compare = (expected: Catalogue, found: Catalogue): ReadonlyArray<Difference> =>
  [...new Set([...expected.keys(), ...found.keys()])]
    .sort()
    .map((object) => ({ object, expected: expected.get(object), found: found.get(object) }))
    .filter(({ expected: should, found: is }) => should?.definition !== is?.definition);

// Names of constraints that hold a foreign key are drizzle-kit's to choose, so that a foreign key is named by its
// columns. What is in the schema in which tables are made is named without it.
const query = `
with
namespace as (
  select n.*, case when n.nspname = current_schema() then '' else n.nspname || '.' end as prefix
  from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
),
relation as (
  select c.*, namespace.prefix || c.relname as name, namespace.prefix || coalesce(main.relname, c.relname) as table_name
  from pg_class c join namespace on namespace.oid = c.relnamespace
  left join pg_index i on i.indexrelid = c.oid
  left join pg_depend d on c.relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = c.oid
    and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
  left join pg_class main on main.oid in (i.indrelid, d.refobjid)
  -- Partitions come and go with time; how they differ from the table of which they are parts is said below.
  where not c.relispartition
),
login (oid, name) as (
  select r.oid, coalesce(
    case when $1::text is null then case when d.datdba = r.oid then 'the owner' end else $1::text::jsonb ->> r.rolname end,
    r.rolname)
  from pg_roles r, pg_database d where d.datname = current_database()
  union all select 0, 'public'
),
granted (object, table_name, grantee, privilege, grantable) as (
  select relation.name, relation.table_name, acl.grantee, acl.privilege_type, acl.is_grantable
  from relation cross join aclexplode(relation.relacl) acl where acl.grantee <> relation.relowner
  union all
  select relation.name || '.' || a.attname, relation.table_name, acl.grantee, acl.privilege_type, acl.is_grantable
  from relation join pg_attribute a on a.attrelid = relation.oid cross join aclexplode(a.attacl) acl
  where acl.grantee <> relation.relowner and not a.attisdropped
  union all
  select 'schema ' || namespace.nspname, null, acl.grantee, acl.privilege_type, acl.is_grantable
  from namespace cross join aclexplode(namespace.nspacl) acl where acl.grantee <> namespace.nspowner
  union all
  select 'function ' || p.oid::regprocedure, null, acl.grantee, acl.privilege_type, acl.is_grantable
  from pg_proc p join namespace on namespace.oid = p.pronamespace
  cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl where acl.grantee <> p.proowner
  union all
  select 'what ' || login.name || ' will create', null, acl.grantee, acl.privilege_type, acl.is_grantable
  from pg_default_acl d join login on login.oid = d.defaclrole cross join aclexplode(d.defaclacl) acl
  where acl.grantee <> d.defaclrole
),
object (name, table_name, definition) as (
  select 'schema ' || nspname, null, login.name from namespace join login on login.oid = namespace.nspowner

  union all
  select
    case relkind when 'r' then 'table ' when 'S' then 'sequence ' else relkind::text || ' ' end || relation.name,
    relation.table_name,
    concat_ws(', ', 'of ' || login.name, 'persistence ' || relpersistence::text, 'options ' || reloptions::text)
  from relation join login on login.oid = relowner
  where relkind not in ('i', 'I')

  union all
  select 'row security of ' || name, table_name, concat_ws(', ', case when relrowsecurity then 'on' end,
    case when relforcerowsecurity then 'forced' end)
  from relation where relrowsecurity or relforcerowsecurity

  union all
  select 'part ' || part.relname || ' of ' || relation.name, relation.table_name, wrong.definition
  from relation
  cross join pg_partition_tree(relation.oid) tree join pg_class part on part.oid = tree.relid and tree.level > 0
  cross join lateral (
    select concat_ws(', ',
      case when not (part.relrowsecurity and part.relforcerowsecurity) then 'without row security' end,
      (
        select string_agg(acl.privilege_type || ' granted to ' || login.name, ', ' order by acl.privilege_type, login.name)
        from aclexplode(part.relacl) acl join login on login.oid = acl.grantee where acl.grantee <> part.relowner
      ),
      case when exists (
        select from pg_trigger g join pg_trigger whole on whole.oid = g.tgparentid
        where g.tgrelid = part.oid and g.tgenabled <> whole.tgenabled
      ) then 'with triggers switched off' end,
      case when exists (select from pg_trigger g where g.tgrelid = relation.oid and g.tgname = 'iam_immutable')
        and not exists (
          select from pg_trigger g where g.tgrelid = part.oid and g.tgname = 'iam_not_truncated' and g.tgenabled = 'A'
        ) then 'may be truncated' end
    ) as definition
  ) wrong
  where relation.relkind = 'p' and relation.relforcerowsecurity and wrong.definition <> ''

  union all
  select 'column ' || relation.name || '.' || a.attname, relation.table_name,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation end,
      case when a.attnotnull then 'not null' end,
      case when exists (
        select from pg_constraint c where c.conrelid = a.attrelid and c.contype = 'n' and c.conkey = array[a.attnum]
          and not c.convalidated
      ) then 'from now on' end,
      'identity ' || nullif(a.attidentity::text, ''),
      case a.attgenerated when '' then 'default ' else 'generated ' end || pg_get_expr(d.adbin, d.adrelid))
  from relation
  join pg_attribute a on a.attrelid = relation.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where relation.relkind in ('r', 'p', 'v', 'm', 'f')

  union all
  select
    case c.contype
      when 'f' then 'foreign key ' || relation.name || (
        select '(' || string_agg(a.attname, ', ' order by key.position) || ')'
        from unnest(c.conkey) with ordinality key (attnum, position)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = key.attnum)
      else 'constraint ' || c.conname || ' on ' || relation.name
    end,
    relation.table_name,
    concat_ws(' ', pg_get_constraintdef(c.oid, true), case when exists (
      select from pg_trigger t where t.tgconstraint = c.oid and t.tgenabled <> 'O'
    ) then 'switched off' end)
  from relation join pg_constraint c on c.conrelid = relation.oid
  where c.contype not in ('n', 't')

  union all
  select 'index ' || relation.name, relation.table_name, concat_ws(' ', pg_get_indexdef(i.indexrelid, 0, true),
    case when not (i.indisvalid and i.indisready and i.indislive) then 'unusable' end)
  from relation join pg_index i on i.indexrelid = relation.oid
  where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))

  union all
  select 'policy ' || p.polname || ' on ' || relation.name, relation.table_name,
    concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end,
      'for ' || case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
        else 'delete' end,
      'to ' || (select string_agg(login.name, ', ' order by login.name) from login where login.oid = any(p.polroles)),
      'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
      'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')',
      'comment ' || obj_description(p.oid, 'pg_policy'))
  from relation join pg_policy p on p.polrelid = relation.oid

  union all
  select 'trigger ' || t.tgname || ' on ' || relation.name, relation.table_name,
    concat_ws(' ', pg_get_triggerdef(t.oid, true), 'enabled ' || nullif(t.tgenabled::text, 'O'))
  from relation join pg_trigger t on t.tgrelid = relation.oid
  where not t.tgisinternal

  union all
  select 'rule ' || r.rulename || ' on ' || relation.name, relation.table_name, pg_get_ruledef(r.oid, true)
  from relation join pg_rewrite r on r.ev_class = relation.oid

  union all
  select 'function ' || p.oid::regprocedure, null, concat_ws(' ', 'of', login.name, pg_get_functiondef(p.oid))
  from pg_proc p join namespace on namespace.oid = p.pronamespace join login on login.oid = p.proowner
  where p.prokind in ('f', 'p')

  union all
  select 'type ' || t.oid::regtype, null, coalesce(
    (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
    format_type(t.typbasetype, t.typtypmod))
  from pg_type t join namespace on namespace.oid = t.typnamespace
  where t.typtype in ('e', 'd')

  union all
  select 'privileges of ' || login.name || ' on ' || granted.object, granted.table_name,
    string_agg(granted.privilege || case when granted.grantable then ' and to grant it' else '' end, ', '
      order by granted.privilege)
  from granted join login on login.oid = granted.grantee
  group by login.name, granted.object, granted.table_name
)
select name as object, min(table_name) as table, string_agg(definition, E'\\n' order by definition) as definition
from object group by name order by name`;
