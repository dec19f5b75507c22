/**
 * Every control that keeps tenants apart, each with the statements that take it away: found in the catalogue.
 *
 * What each one stops, and by which attack its absence is seen:
 *
 * - a policy: dropped, its readers see nothing of their own; with USING true they see others' rows; with CHECK true they
 *   insert there (an INSERT without RETURNING: with it, USING is asked too); the service's, extended to tenants, shows
 *   them everything, in a closed table as soon as a privilege is given by mistake.
 * - row security: without it the application's login sees every row outside a scope, and tenants do where they may read.
 * - FORCE: without it the owner sees every row.
 * - a foreign key over both columns: by the id alone a row can refer to another tenant's.
 * - a privilege that is not there: with it a closed table, a hidden column or a write is open. One that is there: without
 *   it the tenant or the services can do nothing.
 * - a schema that is closed: with it open, a privilege that is given by mistake on a table of it is enough.
 * - iam_place_in_organization: without it the services' rows have no organization.
 * - iam_given_once: without it the services move a row, with all to which it refers.
 * - iam_immutable, iam_not_truncated: without them the owner rewrites a record, and where they do not always fire, a
 *   superuser who has put triggers off.
 * - iam_record, iam_record_truncation: likewise what is done leaves no event.
 * - a function that runs under its owner's rights: opened, it makes events of what never was.
 */
import * as Effect from "effect/Effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";
import { isDefiner } from "./functions.ts";

/** A control taken away. */
export interface Mutant {
  readonly kind: string;
  readonly table: string;
  /** Which control, where the table has several of the kind. */
  readonly control: string;
  readonly statement: string;
}

const relation = `
relation as (
  select t.oid, t.relkind, t.relrowsecurity, t.relforcerowsecurity, t.relacl, t.relowner,
    exists (
      select from pg_policy p where p.polname = 'iam_service_all' and p.polrelid = coalesce(pg_partition_root(t.oid), t.oid)
    ) as made,
    case when n.nspname = current_schema() then '' else n.nspname || '.' end || t.relname as name,
    format('%I.%I', n.nspname, t.relname) as sql
  from pg_class t join pg_namespace n on n.oid = t.relnamespace
  where t.relkind in ('r', 'p', 'S') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname !~ '^pg_(toast|temp)'
)`;

const enumeration = `
with ${relation},
policy as (
  select name, sql, p.polname, p.polroles,
    pg_get_expr(p.polqual, p.polrelid) as seen, pg_get_expr(p.polwithcheck, p.polrelid) as written
  from relation join pg_policy p on p.polrelid = relation.oid
),
foreign_key as (
  select child.name, child.sql, key.conname, a.attname,
    -- Where the id alone is not unique, nothing can refer to it alone.
    case when exists (
      select from pg_index i where i.indrelid = parent.oid and i.indisunique and i.indkey::text = b.attnum::text
    ) then format(', add constraint %I foreign key (%I) references %s (%I)', key.conname, a.attname, parent.sql, b.attname)
    end as weaker
  from pg_constraint key
  join relation child on child.oid = key.conrelid join relation parent on parent.oid = key.confrelid
  join lateral unnest(key.conkey, key.confkey) pair (child_column, parent_column) on true
  join pg_attribute a on a.attrelid = key.conrelid and a.attnum = pair.child_column and a.attname <> 'organization_id'
  join pg_attribute b on b.attrelid = key.confrelid and b.attnum = pair.parent_column
  where key.contype = 'f' and cardinality(key.conkey) = 2 and exists (
    select from pg_attribute o where o.attrelid = key.conrelid and o.attnum = any(key.conkey)
      and o.attname = 'organization_id')
),
-- Those whose absence is seen: iam_touch_row keeps nobody from anything.
guarding as (
  select relation.name, relation.sql, t.tgname, t.tgenabled, t.tgparentid <> 0 as is_parts
  from relation join pg_trigger t on t.tgrelid = relation.oid join pg_proc p on p.oid = t.tgfoid
  where p.proname in ('iam_refuse_change', 'iam_place_in_organization', 'iam_refuse_rewriting') or t.tgname ~ '^iam_record'
),
definer as (select p.oid, p.proacl, p.oid::regprocedure::text as name from pg_proc p where ${isDefiner}),
held as (
  select coalesce(owner.name, relation.name) as name, relation.sql, relation.relkind, acl.privilege_type, null::name as column,
    acl.grantee::regrole::text as grantee
  from relation cross join aclexplode(relation.relacl) acl
  left join pg_depend d on relation.relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = relation.oid
    and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
  left join relation owner on owner.oid = d.refobjid
  where acl.grantee in ('iam_tenant'::regrole, 'iam_service'::regrole)
  union all
  select name, sql, relkind, acl.privilege_type, a.attname, acl.grantee::regrole::text
  from relation join pg_attribute a on a.attrelid = relation.oid cross join aclexplode(a.attacl) acl
  where acl.grantee in ('iam_tenant'::regrole, 'iam_service'::regrole) and not a.attisdropped
)
select 'a policy dropped' as kind, name as table, polname::text as control,
  format('drop policy %I on %s', polname, sql) as statement from policy
union all
select 'a policy with USING true', name, polname, format('alter policy %I on %s using (true)', polname, sql)
from policy where seen <> 'true'
union all
select 'a policy with CHECK true', name, polname, format('alter policy %I on %s with check (true)', polname, sql)
from policy where written <> 'true'
union all
select 'a policy of the services extended to tenants', name, polname, format('alter policy %I on %s to iam_service, iam_tenant', polname, sql)
from policy where polroles = array['iam_service'::regrole::oid]
union all
select 'row security disabled', name, '', format('alter table %s disable row level security', sql)
from relation where relrowsecurity
union all
select 'row security not forced', name, '', format('alter table %s no force row level security', sql)
from relation where relforcerowsecurity
union all
select 'a foreign key over the id alone', name, conname,
  concat(format('alter table %s drop constraint %I', sql, conname), weaker)
from foreign_key
union all
select 'a privilege given to tenants', name, privilege, format('grant %s on %s to iam_tenant', privilege, sql)
from relation cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) privilege
where relkind in ('r', 'p') and not has_table_privilege('iam_tenant', relation.oid, privilege)
union all
select 'a hidden column shown to tenants', name, a.attname, format('grant select (%I) on %s to iam_tenant', a.attname, sql)
from relation join pg_attribute a on a.attrelid = relation.oid and a.attnum > 0 and not a.attisdropped
where exists (select from pg_policy p where p.polrelid = relation.oid and p.polname = 'iam_tenant_reads')
  and not has_column_privilege('iam_tenant', relation.oid, a.attnum, 'select')
union all
select 'a schema opened to tenants', min(relation.name), n.nspname, format('grant usage on schema %I to iam_tenant', n.nspname)
from relation join pg_class t on t.oid = relation.oid join pg_namespace n on n.oid = t.relnamespace
where relation.relkind in ('r', 'p') and not has_schema_privilege('iam_tenant', n.oid, 'usage') group by n.nspname
union all
select 'a privilege given to the login', name, privilege, format('grant %s on %s to %I', privilege, sql, $1::text)
from relation cross join unnest(array['insert', 'update', 'delete', 'truncate']) privilege
where relkind in ('r', 'p') and not has_table_privilege($1::text, relation.oid, privilege)
union all
select 'a privilege given to the services', name, privilege, format('grant %s on %s to iam_service', privilege, sql)
from relation cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) privilege
where relkind in ('r', 'p') and made and not has_table_privilege('iam_service', relation.oid, privilege)
union all
select 'a privilege taken from ' || case grantee when 'iam_tenant' then 'tenants' else 'the services' end, name,
  concat_ws(' ', lower(privilege_type), "column"), format('revoke %s%s on %s %s from %s', privilege_type,
    case when "column" is not null then format(' (%I)', "column") end, case relkind when 'S' then 'sequence' else 'table' end,
    sql, grantee)
from held
union all
select tgname || ' dropped', name, tgname, format('drop trigger %I on %s', tgname, sql) from guarding where not is_parts
union all
select tgname || ' of a part put off', name, tgname, format('alter table %s disable trigger %I', sql, tgname)
from guarding where is_parts
union all
select tgname || ' not always firing', name, tgname, format('alter table %s enable trigger %I', sql, tgname)
from guarding where tgenabled = 'A'
union all
select 'a function opened to ' || who, name, '', format('grant execute on function %s to %I', name, role)
from definer cross join (
  values ('tenants', 'iam_tenant'), ('the services', 'iam_service'), ('the login', $1::text)
) other (who, role)
where not has_function_privilege(role, definer.oid, 'execute')
union all
select 'a function taken from the services', name, '', format('revoke execute on function %s from iam_service', name)
from definer cross join aclexplode(proacl) acl where acl.grantee = 'iam_service'::regrole
order by 1, 2, 3`;

/** All mutants of a database. `login` is that of the application. */
export const mutants = (client: SqlClient, login: string): Effect.Effect<ReadonlyArray<Mutant>, SqlError> =>
  client.unsafe<Mutant>(enumeration, [login]);

/**
 * Counts the mutants by kind, by other views than those in which they are found, so that the number can be checked. `$1`
 * is the application's login.
 */
export const countingQuery = `
with tables as (
  select format('%I.%I', n.nspname, c.relname) as name, c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
),
stating as (select schemaname, tablename from pg_policies where policyname = 'iam_tenant_reads'),
granted as (
  select * from information_schema.role_table_grants where table_schema not in ('pg_catalog', 'information_schema')
),
granted_columns as (
  select * from information_schema.column_privileges c where table_schema not in ('pg_catalog', 'information_schema')
    and not exists (select from granted g where (g.table_schema, g.table_name, g.grantee, g.privilege_type)
      = (c.table_schema, c.table_name, c.grantee, c.privilege_type))
),
drawn as (select * from information_schema.usage_privileges where object_type = 'SEQUENCE'),
made as (
  select * from tables where (oid::regclass::text) in (
    select tree.relid::regclass::text from pg_policies p
    cross join pg_partition_tree(format('%I.%I', schemaname, tablename)::regclass) tree where policyname = 'iam_service_all'
    union all select format('%I.%I', schemaname, tablename)::regclass::text from pg_policies
    where policyname = 'iam_service_all')
),
definers as (
  select r.*, array(select grantee::text from information_schema.routine_privileges p
    where (p.specific_schema, p.specific_name) = (r.specific_schema, r.specific_name)) as grantees
  from information_schema.routines r
  where security_type = 'DEFINER' and routine_type = 'FUNCTION' and routine_schema not in ('pg_catalog', 'information_schema')
),
kept as (select * from pg_trigger where tgname ~ '^iam_(record|immutable|not_truncated|given_once|place_in_organization)')
select 'a policy dropped' as kind, count(*)::int as number from pg_policies
union all select 'a policy with USING true', count(*) from pg_policies where qual <> 'true'
union all select 'a policy with CHECK true', count(*) from pg_policies where with_check <> 'true'
union all select 'a policy of the services extended to tenants', count(*) from pg_policies where roles = '{iam_service}'
union all select 'row security disabled', count(*) from tables where relrowsecurity
union all select 'row security not forced', count(*) from tables where relforcerowsecurity
union all select 'a foreign key over the id alone', count(*) from pg_constraint
  where contype = 'f' and pg_get_constraintdef(oid) ~ '^FOREIGN KEY \\(organization_id, [^,]+\\)'
union all select 'a privilege given to tenants', 5 * (select count(*) from tables) - count(*) from granted
  where grantee = 'iam_tenant' and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
union all select 'a hidden column shown to tenants', (
    select count(*) from information_schema.columns
    where (table_schema, table_name) in (select schemaname, tablename from stating)
  ) - count(*) from granted_columns where grantee = 'iam_tenant' and privilege_type = 'SELECT'
union all select 'a schema opened to tenants', count(distinct nspname) from tables join pg_namespace n
  on n.oid = relnamespace and not exists (select from aclexplode(nspacl) where grantee in (0, 'iam_tenant'::regrole))
union all select 'a privilege given to the login', 4 * (select count(*) from tables) - count(*) from granted
  where grantee = $1 and privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
union all select 'a privilege taken from tenants', (select count(*) from granted where grantee = 'iam_tenant')
  + (select count(*) from granted_columns where grantee = 'iam_tenant')
  + (select count(*) from drawn where grantee = 'iam_tenant')
union all select 'a privilege taken from the services', (select count(*) from granted where grantee = 'iam_service')
  + (select count(*) from granted_columns where grantee = 'iam_service')
  + (select count(*) from drawn where grantee = 'iam_service')
union all select 'a privilege given to the services', 5 * (select count(*) from made) - count(*) from granted
  where grantee = 'iam_service' and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    and format('%I.%I', table_schema, table_name) in (select name from made)
union all select tgname || ' dropped', count(*) from kept where tgparentid = 0 group by tgname
union all select tgname || ' of a part put off', count(*) from kept where tgparentid <> 0 group by tgname
union all select tgname || ' not always firing', count(*) from kept where tgenabled = 'A' group by tgname
union all select 'a function opened to tenants', count(*) from definers where not grantees && '{iam_tenant,PUBLIC}'
union all select 'a function opened to the services', count(*) from definers where not grantees && '{iam_service,PUBLIC}'
union all select 'a function opened to the login', count(*) from definers where not grantees && array['PUBLIC', $1::text]
union all select 'a function taken from the services', count(*) from definers where grantees && '{iam_service}'`;

/** How many mutants there are of each kind, as `countingQuery` says. */
export const count = (client: SqlClient, login: string): Effect.Effect<ReadonlyMap<string, number>, SqlError> =>
  Effect.map(
    client.unsafe<{ kind: string; number: number }>(countingQuery, [login]),
    (rows) => new Map(rows.map(({ kind, number }) => [kind, Number(number)])),
  );
