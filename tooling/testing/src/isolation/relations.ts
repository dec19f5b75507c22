/** What a database holds, and what tenants may do with it, as its catalogue says. */
import * as Effect from "effect/Effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";

/** A column. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** The name of the type without its modifiers, of a domain that of the type below it. */
  readonly base: string;
  readonly length: number | null;
  readonly nullable: boolean;
  /** Whether it has a value where a row states none. */
  readonly hasDefault: boolean;
  /** Whether it is always drawn from a sequence, and whether it is always computed. */
  readonly drawn: boolean;
  readonly computed: boolean;
  /** The first value of an enumeration. */
  readonly label: string | null;
}

/** A unique index over what must not be there twice. */
export interface Key {
  readonly name: string;
  readonly primary: boolean;
  /** What is unique: columns, or expressions of them. */
  readonly expressions: ReadonlyArray<string>;
  /** The columns on which it depends. */
  readonly columns: ReadonlyArray<string>;
  readonly predicate: string | null;
}

/** A foreign key. */
export interface Reference {
  readonly name: string;
  readonly columns: ReadonlyArray<string>;
  readonly parent: string;
  readonly parentColumns: ReadonlyArray<string>;
}

/** Which of the rows of a table a part of it holds. */
export interface Bound {
  readonly column: string;
  /** The first of the values that belong there, as SQL writes it; none where they are all others. */
  readonly value: string | null;
}

/** What a table states of itself, as far as it matters who may do what. */
export interface Facts {
  /** The prefix of the ids. */
  readonly prefix?: string;
  /** Why no change is an event, where none is. */
  readonly unrecorded?: string | null;
  /** What the services may do with a record. */
  readonly services?: ReadonlyArray<string>;
  /** Whether the rows of a record stay as they were written. */
  readonly immutable?: boolean;
}

/** A constraint over some columns. */
export interface Check {
  readonly columns: ReadonlyArray<string>;
  readonly definition: string;
}

/** A table, or what else has columns. */
export interface Relation {
  /** For people: with the schema where it is not the usual one. */
  readonly name: string;
  /** For statements. */
  readonly sql: string;
  readonly schema: string;
  /** Whether tenants may use the schema at all. */
  readonly reachable: boolean;
  readonly isTable: boolean;
  /** Whether it is a view, and whether that reads under the rights of who asks it: otherwise under its owner's. */
  readonly isView: boolean;
  readonly isInvokers: boolean;
  readonly owner: string;
  /** Whether row security can bind the owner. */
  readonly ownerIsBound: boolean;
  readonly hasOrganization: boolean;
  readonly secured: boolean;
  readonly forced: boolean;
  /** Whether `Table`, `OrgTable` or `Record` made it. */
  readonly made: boolean;
  /** Whether it is a part of a table that they made. */
  readonly isPart: boolean;
  readonly bound: Bound | null;
  /** What it states, or the table of which it is a part. */
  readonly facts: Facts;
  /** Whether its rows are entities, which have versions; records have none. */
  readonly versioned: boolean;
  /** What the tenant role may do with the whole of it, be it as a member of everybody. */
  readonly privileges: ReadonlyArray<string>;
  /** The columns that it may read, and those that it may write. */
  readonly readable: ReadonlyArray<string>;
  readonly writable: ReadonlyArray<string>;
  /** The policies that hold for it. */
  readonly policies: ReadonlyArray<string>;
  readonly columns: ReadonlyArray<Column>;
  readonly keys: ReadonlyArray<Key>;
  readonly references: ReadonlyArray<Reference>;
  readonly checks: ReadonlyArray<Check>;
}

const query = `
with relation as (
  select t.*, n.nspname,
    case when n.nspname = current_schema() then '' else n.nspname || '.' end || t.relname as name,
    format('%I.%I', n.nspname, t.relname) as sql
  from pg_class t join pg_namespace n on n.oid = t.relnamespace
  where t.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname !~ '^pg_(toast|temp)'
)
select t.name, t.sql, t.nspname as schema,
  has_schema_privilege('iam_tenant', t.nspname, 'usage') as reachable, t.relkind in ('r', 'p') as "isTable",
  t.relkind in ('v', 'm') as "isView",
  coalesce((
    select option_value::boolean from pg_options_to_table(t.reloptions) where option_name = 'security_invoker'
  ), false) as "isInvokers", owner.rolname as owner,
  not (owner.rolsuper or owner.rolbypassrls) as "ownerIsBound",
  exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organization_id' and a.attnotnull
      and a.atttypid = 'uuid'::regtype and not a.attisdropped
  ) as "hasOrganization",
  t.relrowsecurity as secured, t.relforcerowsecurity as forced,
  stating.polrelid is not distinct from t.oid as made,
  t.relispartition and stating.polrelid is not null as "isPart",
  coalesce(obj_description(stating.oid, 'pg_policy')::jsonb, '{}') as facts,
  (
    select jsonb_build_object('column', a.attname, 'value', nullif(
      substring(pg_get_expr(t.relpartbound, t.oid) from '^FOR VALUES (?:FROM|IN) \\(([^,)]+)'), 'MINVALUE'))
    from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent and p.partnatts = 1
    join pg_attribute a on a.attrelid = i.inhparent and a.attnum = p.partattrs[0]
    where i.inhrelid = t.oid
  ) as bound,
  exists (
    select from pg_attribute a where a.attrelid = t.oid and a.attname = 'version' and not a.attisdropped
  ) as versioned,
  array(
    select privilege from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
      privilege where has_table_privilege('iam_tenant', t.oid, privilege)
  ) as privileges,
  array(
    select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      and has_column_privilege('iam_tenant', t.oid, a.attnum, 'SELECT') order by a.attname
  ) as readable,
  array(
    select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      and has_column_privilege('iam_tenant', t.oid, a.attnum, 'INSERT, UPDATE, REFERENCES') order by a.attname
  ) as writable,
  array(
    select concat_ws(' ', p.polname, case when not p.polpermissive then 'restrictive' end, p.polcmd::text,
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p where p.polrelid = t.oid
      and (0 = any(p.polroles) or exists (
        select from unnest(p.polroles) role (oid) where role.oid <> 0 and pg_has_role('iam_tenant', role.oid, 'usage')
      )) order by p.polname
  ) as policies,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', coalesce(below.typname, type.typname),
      'length', case when a.atttypmod > 4 and type.typname in ('varchar', 'bpchar') then a.atttypmod - 4 end,
      'nullable', not a.attnotnull, 'hasDefault', a.atthasdef or a.attidentity <> '',
      'drawn', a.attidentity = 'a', 'computed', a.attgenerated <> '',
      'label', (select e.enumlabel from pg_enum e where e.enumtypid = coalesce(below.oid, type.oid)
        order by e.enumsortorder limit 1)
    ) order by a.attnum)
    from pg_attribute a join pg_type type on type.oid = a.atttypid left join pg_type below on below.oid = type.typbasetype
    where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  ), '[]') as columns,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', index.relname, 'primary', i.indisprimary, 'predicate', pg_get_expr(i.indpred, i.indrelid),
      'expressions', array(
        select pg_get_indexdef(i.indexrelid, position, true) from generate_series(1, i.indnkeyatts) position),
      'columns', array(
        select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and (
          a.attnum = any(i.indkey::smallint[]) or exists (
            select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.refobjsubid = a.attnum))
        order by a.attnum)
    ) order by not i.indisprimary, index.relname)
    from pg_index i join pg_class index on index.oid = i.indexrelid
    -- What is checked at the end of a transaction cannot be upserted over.
    where i.indrelid = t.oid and i.indisunique and i.indisvalid and i.indimmediate
  ), '[]') as keys,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', key.conname, 'parent', (select parent.sql from relation parent where parent.oid = key.confrelid),
      'columns', array(
        select a.attname::text from unnest(key.conkey) with ordinality k (attnum, position)
        join pg_attribute a on a.attrelid = key.conrelid and a.attnum = k.attnum order by k.position),
      'parentColumns', array(
        select a.attname::text from unnest(key.confkey) with ordinality k (attnum, position)
        join pg_attribute a on a.attrelid = key.confrelid and a.attnum = k.attnum order by k.position)
    ) order by cardinality(key.conkey) desc, key.conname)
    from pg_constraint key where key.conrelid = t.oid and key.contype = 'f'
  ), '[]') as references,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'definition', pg_get_constraintdef(c.oid),
      'columns', array(select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum = any(c.conkey))
    ))
    from pg_constraint c where c.conrelid = t.oid and c.contype = 'c'
  ), '[]') as checks
from relation t join pg_roles owner on owner.oid = t.relowner
left join pg_policy stating on stating.polname = 'iam_service_all'
  and stating.polrelid = coalesce(pg_partition_root(t.oid), t.oid)
where $1::text is null or t.name = $1 order by t.name`;

/** Everything with columns outside PostgreSQL's own schemas, or the one of a name. */
export const relations = (client: SqlClient, name?: string): Effect.Effect<ReadonlyArray<Relation>, SqlError> =>
  client.unsafe<Relation>(query, [name ?? null]);

const tenant = "(select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))";

/** How PostgreSQL writes the policy that keeps tenants apart; it is written alike for every table. */
export const isolation = Effect.fnUntraced(function* (
  client: SqlClient,
): Effect.fn.Return<ReadonlyArray<string>, SqlError> {
  yield* client`create table iam_isolation_rule (organization_id uuid)`;
  yield* client.unsafe(`create policy iam_tenant_isolation on iam_isolation_rule to iam_tenant
    using (organization_id = ${tenant}) with check (organization_id = ${tenant})`);
  const [rule] = yield* relations(client, "iam_isolation_rule");
  yield* client`drop table iam_isolation_rule`;
  return rule?.policies ?? [];
});
