/**
 * What drizzle-kit cannot model: roles, grants, forced row security and row triggers. Every step reads the catalogue
 * and holds for every table made by `Table` or `OrgTable`, an application's own included: such a table is known by its
 * policy `iam_service_all`. Running a step again changes nothing.
 */
import * as SqlState from "./SqlState.ts";

/** The two roles. They belong to the cluster, so that another database may already have made them. */
export const createRoles = `
do $$
declare
  role_name text;
begin
  foreach role_name in array array['iam_tenant', 'iam_service'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin noinherit', role_name);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;
end
$$`;

/**
 * Lets the owner of the database create in its schema also where it does not inherit, which below PostgreSQL 16 is so
 * once it has been the application's login too (see `grantLogin`): what an owner may do there it inherits.
 */
export const grantSchemaCreate = `
do $$
declare
  migrating constant name := current_user;
begin
  if not has_schema_privilege(current_schema(), 'create') and pg_has_role('pg_database_owner', 'member') then
    set local role pg_database_owner;
    execute format('grant create on schema %I to %I', current_schema(), migrating);
    execute format('set local role %I', migrating);
  end if;
end
$$`;

/** The tables that the factories made, with what they state. */
const madeTables = `
select t.oid, t.relname, t.relkind, t.relrowsecurity, t.relforcerowsecurity,
  coalesce(obj_description(p.oid, 'pg_policy')::jsonb, '{}') as facts,
  exists (select from pg_policy p where p.polrelid = t.oid and p.polname = 'iam_tenant_isolation') as is_tenant_table
from pg_class t
join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
where t.relkind in ('r', 'p') and t.relnamespace = current_schema()::regnamespace`;

/**
 * Lets the owner see every row, for the length of the migrating transaction: a data migration under forced row
 * security would otherwise reach no row, and say nothing.
 */
export const suspendForcedRowSecurity = `
do $$
declare
  made record;
begin
  for made in ${madeTables} loop
    if made.relforcerowsecurity then
      execute format('alter table %I no force row level security', made.relname);
    end if;
  end loop;
end
$$`;

/** The functions of the row triggers. Their codes are of the class `IA`, which PostgreSQL leaves to applications. */
export const createTriggerFunctions: ReadonlyArray<string> = [
  `
create or replace function iam_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'id, created_at and organization_id of % are given once', tg_table_name using errcode = 'IA002';
end
$$`,
  `
create or replace function iam_touch_row() returns trigger language plpgsql as $$
begin
  if new.version is distinct from old.version then
    raise exception 'stale version of a row of %', tg_table_name using errcode = '${SqlState.staleVersion}',
      detail = format('The row is at version %s, the update was made for version %s.', old.version, new.version);
  end if;
  new.version := old.version + 1;
  new.updated_at := greatest(clock_timestamp(), old.updated_at + interval '1 millisecond');
  return new;
end
$$`,
  `
create or replace function iam_place_in_organization() returns trigger language plpgsql as $$
begin
  -- The arguments are pairs: a parent table, and the column that refers to it.
  for i in 0 .. tg_nargs - 1 by 2 loop
    execute format('select organization_id from %I where id = $1', tg_argv[i])
      into new.organization_id using (to_jsonb(new) ->> tg_argv[i + 1])::uuid;
    exit when new.organization_id is not null;
  end loop;
  return new;
end
$$`,
  `
create or replace function iam_refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % stay as they were written', tg_table_name using errcode = '${SqlState.immutable}';
end
$$`,
];

/**
 * The function that makes the partitions of the months to come, and closes every partition, to which nobody has a way but
 * through the table. The services call it, who may not make tables.
 */
export const createPartitioning = (schema: string): ReadonlyArray<string> => [
  `
create or replace function iam_make_partitions() returns void language plpgsql security definer
set search_path = pg_catalog, ${quoted(schema)}, pg_temp as $$
declare
  parted record;
  part text;
begin
  for parted in
    -- Where the services were not there to make a month in time, its rows are in the partition of all others.
    select t.oid, t.relname || coalesce(to_char(since, '_YYYY_MM'), '_other') as name, since
    from pg_class t join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
    cross join (
      select null::timestamp as since union all
      select generate_series(month, month + interval '2 months', '1 month')
      from date_trunc('month', now() at time zone 'UTC') month
    ) months
    where t.relkind = 'p' and t.relnamespace = ${literal(schema)}::regnamespace
      and obj_description(p.oid, 'pg_policy')::jsonb ? 'partitioned'
  loop
    part := format('%I.%I', ${literal(schema)}, parted.name);
    continue when to_regclass(part) is not null;
    begin
      execute format('create table %s partition of %s ', part, parted.oid::regclass) || case
        when parted.since is null then 'default'
        else format('for values from (%L) to (%L)', parted.since at time zone 'UTC',
          (parted.since + interval '1 month') at time zone 'UTC')
      end;
    exception when check_violation or duplicate_table then
      -- Rows of the month are there already, and stay; or another process has just made it.
      null;
    end;
  end loop;

  for parted in
    select c.oid::regclass as part, c.relrowsecurity and c.relforcerowsecurity as is_secured,
      exists (select from aclexplode(c.relacl) where grantee <> c.relowner) as is_granted,
      -- TRUNCATE of a part asks the triggers of the part, and only rows have those of the whole.
      t.is_immutable and not exists (
        select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'iam_not_truncated' and g.tgenabled = 'A'
      ) as is_emptied
    from (
      select t.oid, coalesce((obj_description(p.oid, 'pg_policy')::jsonb ->> 'immutable')::boolean, false) as is_immutable
      from pg_class t join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
      where t.relkind = 'p' and t.relnamespace = ${literal(schema)}::regnamespace
    ) t
    cross join pg_partition_tree(t.oid) tree join pg_class c on c.oid = tree.relid
    where tree.level > 0
  loop
    if not parted.is_secured then
      execute format('alter table %s enable row level security, force row level security', parted.part);
    end if;
    if parted.is_granted then
      execute format('revoke all on table %s from public, iam_tenant, iam_service', parted.part);
    end if;
    if parted.is_emptied then
      execute format('create or replace trigger iam_not_truncated before truncate on %s for each statement '
        'execute function iam_refuse_rewriting()', parted.part);
      execute format('alter table %s enable always trigger iam_not_truncated', parted.part);
    end if;
  end loop;
end
$$`,
  "revoke execute on function iam_make_partitions() from public",
  "grant execute on function iam_make_partitions() to iam_service",
];

/**
 * Keeps in the catalogue what a table states, as a comment on the policy by which it states it: so that `hardenTables`
 * does right by it whoever migrates, also one who does not know the table.
 */
export const state = (table: string, policy: string, stated: unknown): string => `
do $$
begin
  if ${literal(JSON.stringify(stated))} is distinct from (
    select obj_description(p.oid, 'pg_policy') from pg_policy p
    where p.polrelid = ${literal(quoted(table))}::regclass and p.polname = ${literal(policy)}
  ) then
    comment on policy ${quoted(policy)} on ${quoted(table)} is ${literal(JSON.stringify(stated))};
  end if;
end
$$`;

/** Forced row security, grants and triggers of every made table. */
export const hardenTables = `
do $$
declare
  made record;
  readable text;
  sequence_name name;
  parents text;
  wanted record;
  is_entity boolean;
  is_immutable boolean;
begin
  for made in ${madeTables} loop
    -- Records have no versions.
    is_entity := exists (
      select from pg_attribute a where a.attrelid = made.oid and a.attname = 'version' and not a.attisdropped);
    is_immutable := coalesce((made.facts ->> 'immutable')::boolean, false);
    if not made.relrowsecurity then
      execute format('alter table %I enable row level security', made.relname);
    end if;
    if not made.relforcerowsecurity then
      execute format('alter table %I force row level security', made.relname);
    end if;

    execute format('revoke all on table %I from public, iam_tenant, iam_service', made.relname);
    execute format('grant %s on table %I to iam_service', coalesce(
      (select string_agg(privilege, ', ') from jsonb_array_elements_text(made.facts -> 'services') privilege),
      'select, insert, update, delete'), made.relname);
    if made.is_tenant_table then
      execute format('grant select, insert, update, delete on table %I to iam_tenant', made.relname);
    end if;

    select string_agg(format('%I', a.attname), ', ') into readable
    from pg_policy p
    join pg_attribute a on a.attrelid = p.polrelid and a.attnum > 0 and not a.attisdropped
      and obj_description(p.oid, 'pg_policy')::jsonb ? a.attname::text
    where p.polrelid = made.oid and p.polname = 'iam_tenant_reads';
    if readable is not null then
      execute format('grant select (%s) on table %I to iam_tenant', readable, made.relname);
    end if;

    -- Those of serial columns; who may write to a table may draw from the sequence of an identity column anyway.
    for sequence_name in
      select s.relname from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = made.oid
        and d.deptype = 'a'
    loop
      execute format('revoke all on sequence %I from public, iam_tenant, iam_service', sequence_name);
      execute format('grant usage on sequence %I to iam_service', sequence_name);
      if made.is_tenant_table then
        execute format('grant usage on sequence %I to iam_tenant', sequence_name);
      end if;
    end loop;

    -- A check that was added while rows did not pass it; since then they may have been put right.
    for wanted in
      select c.conname from pg_constraint c where c.conrelid = made.oid and c.contype = 'c' and not c.convalidated
    loop
      begin
        execute format('alter table %I validate constraint %I', made.relname, wanted.conname);
      exception when check_violation then
        null;
      end;
    end loop;

    -- A foreign key (organization_id, x) to (organization_id, id) says from which parent the organization follows.
    select string_agg(format('%L, %L', parent.relname, child_column.attname), ', ' order by key.conname) into parents
    from pg_constraint key
    join pg_class parent on parent.oid = key.confrelid
    join pg_attribute organization on organization.attrelid = key.conrelid
      and organization.attname = 'organization_id' and organization.attnum = key.conkey[1]
    join pg_attribute child_column on child_column.attrelid = key.conrelid and child_column.attnum = key.conkey[2]
    where key.conrelid = made.oid and key.contype = 'f' and cardinality(key.conkey) = 2;

    for wanted in
      select row_trigger.*, t.oid is not null as is_there,
        t.tgenabled::text = enabled and pg_get_triggerdef(t.oid, true) = format('CREATE TRIGGER %I %s', name, definition)
          and not exists (select from pg_trigger part where part.tgparentid = t.oid and part.tgenabled <> t.tgenabled) as is_so
      from (values
        ('iam_given_once', 'O', case when is_entity then format(
          'BEFORE UPDATE ON %I FOR EACH ROW WHEN (old.id IS DISTINCT FROM new.id '
          'OR old.created_at IS DISTINCT FROM new.created_at%s) EXECUTE FUNCTION iam_refuse_change()',
          made.relname,
          case when made.is_tenant_table then ' OR old.organization_id IS DISTINCT FROM new.organization_id' end) end),
        ('iam_touch_row', 'O', case when is_entity then
          format('BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION iam_touch_row()', made.relname) end),
        -- Those that fire always fire also where a superuser has put triggers off for the session.
        ('iam_immutable', 'A', case when is_immutable then
          format('BEFORE DELETE OR UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION iam_refuse_rewriting()', made.relname) end),
        -- Of a table in partitions each of them has it: TRUNCATE asks those of the parts that hold the rows.
        ('iam_not_truncated', 'A', case when is_immutable and made.relkind = 'r' then
          format('BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION iam_refuse_rewriting()', made.relname) end),
        ('iam_place_in_organization', 'O', case when parents is not null then format(
          'BEFORE INSERT ON %I FOR EACH ROW WHEN (new.organization_id IS NULL) '
          'EXECUTE FUNCTION iam_place_in_organization(%s)',
          made.relname, parents) end)
      ) row_trigger (name, enabled, definition)
      left join pg_trigger t on t.tgrelid = made.oid and t.tgname = name
    loop
      -- Only what differs: the lock that it takes waits for whoever writes to the table, and holds up all others.
      if wanted.definition is null and wanted.is_there then
        execute format('drop trigger %I on %I', wanted.name, made.relname);
      elsif wanted.definition is not null and wanted.is_so is not true then
        execute format('create or replace trigger %I %s', wanted.name, wanted.definition);
        if wanted.enabled = 'A' then
          execute format('alter table %I enable always trigger %I', made.relname, wanted.name);
        end if;
      end if;
    end loop;
  end loop;
  perform iam_make_partitions();
end
$$`;

/** Selects whether row security does not bind a login, though it is no superuser; `login` is an expression. */
export const bypasses = (login: string): string =>
  `select rolbypassrls and not rolsuper as bypasses from pg_roles where rolname = ${login}`;

/** Lets a login read the tables without one of the roles, in which case no policy shows it a row. */
export const grantLogin = (login: string): string => `
do $$
declare
  login constant name := ${literal(login)};
  made record;
begin
  if not exists (select from pg_roles where rolname = login) then
    raise exception 'the login "%" does not exist', login using errcode = '${SqlState.noSuchLogin}';
  end if;
  if (${bypasses("login")}) then
    raise exception 'the login "%" has BYPASSRLS', login using errcode = '${SqlState.bypassingLogin}';
  end if;
  for made in ${madeTables} loop
    if not exists (
      select from pg_class t where t.oid = made.oid and pg_get_userbyid(t.relowner) = login
    ) then
      execute format('revoke all on table %I from %I', made.relname, login);
      execute format('grant select on table %I to %I', made.relname, login);
    end if;
  end loop;
  -- So that a process that does not migrate can still tell whether it fits the database.
  execute format('grant usage on schema drizzle to %I', login);
  execute format('grant select on all tables in schema drizzle to %I', login);
end
$$`;

/**
 * Lets a login take the two roles. So row security must bind it; a superuser, whom nothing binds, is let through for a
 * developer's machine. Below PostgreSQL 16 a grant cannot leave out inheritance, so that the login itself must not
 * inherit.
 */
export const grantRoles = (login: string): string => `
do $$
declare
  login constant name := ${literal(login)};
begin
  if (select rolsuper from pg_roles where rolname = login) then
    return;
  end if;
  if current_setting('server_version_num')::int >= 160000 then
    if not pg_has_role(login, 'iam_tenant', 'set')
      or not pg_has_role(login, 'iam_service', 'set')
      or pg_has_role(login, 'iam_tenant', 'usage')
      or pg_has_role(login, 'iam_service', 'usage')
    then
      execute format('grant iam_tenant, iam_service to %I '
        'with inherit false, set true', login);
    end if;
    -- Somebody else may have granted them otherwise, or to a group of it.
    if pg_has_role(login, 'iam_tenant', 'usage')
      or pg_has_role(login, 'iam_service', 'usage')
    then
      raise exception 'the login "%" inherits the roles', login
        using errcode = '${SqlState.inheritingLogin}';
    end if;
  else
    if (select rolinherit from pg_roles where rolname = login) then
      execute format('alter role %I noinherit', login);
    end if;
    if not pg_has_role(login, 'iam_tenant', 'member')
      or not pg_has_role(login, 'iam_service', 'member')
    then
      begin
        execute format('grant iam_tenant, iam_service to %I', login);
      exception when unique_violation then
        -- Logins belong to the cluster: another database has just granted them.
        null;
      end;
    end if;
  end if;
end
$$`;

/** A name as SQL writes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as SQL writes it; without a dollar, two of which would end what stands between dollars. */
export const literal = (text: string): string =>
  text.includes("$")
    ? `E'${text.replaceAll(/['\\$]/g, (character) => (character === "$" ? "\\x24" : `\\${character}`))}'`
    : `'${text.replaceAll("'", "''")}'`;
