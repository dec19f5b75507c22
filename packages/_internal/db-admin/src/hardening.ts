/**
 * What drizzle-kit cannot model: roles, grants, forced row security and row triggers. Every step reads the catalogue
 * and holds for every table made by `Table` or `OrgTable`, an application's own included: such a table is known by its
 * policy `iam_service_all`. Running a step again changes nothing.
 */

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

/** The tables that the factories made. */
const madeTables = `
select t.oid, t.relname, t.relrowsecurity, t.relforcerowsecurity,
  exists (select from pg_policy p where p.polrelid = t.oid and p.polname = 'iam_tenant_isolation') as is_tenant_table
from pg_class t
join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
where t.relkind in ('r', 'p') and t.relnamespace = current_schema()::regnamespace`;

/**
 * Lets the owner see every row, for the length of the migrating transaction: a data migration under forced row
 * security would otherwise reach no row, and say nothing.
 */
export const relax = `
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
    raise exception 'stale version of a row of %', tg_table_name using errcode = 'IA001',
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
];

/** Forced row security, grants and triggers of every made table. */
export const hardenTables = `
do $$
declare
  made record;
  parents text;
begin
  for made in ${madeTables} loop
    if not made.relrowsecurity then
      execute format('alter table %I enable row level security', made.relname);
    end if;
    if not made.relforcerowsecurity then
      execute format('alter table %I force row level security', made.relname);
    end if;

    execute format('revoke all on table %I from public, iam_tenant, iam_service', made.relname);
    execute format('grant select, insert, update, delete on table %I to iam_service', made.relname);
    if made.is_tenant_table then
      execute format('grant select, insert, update, delete on table %I to iam_tenant', made.relname);
    end if;

    execute format(
      'create or replace trigger iam_given_once before update on %I for each row when (old.id is distinct from new.id '
      'or old.created_at is distinct from new.created_at %s) execute function iam_refuse_change()',
      made.relname,
      case when made.is_tenant_table then 'or old.organization_id is distinct from new.organization_id' end);
    execute format(
      'create or replace trigger iam_touch_row before update on %I for each row execute function iam_touch_row()',
      made.relname);

    -- A foreign key (organization_id, x) to (organization_id, id) says from which parent the organization follows.
    select string_agg(format('%L, %L', parent.relname, child_column.attname), ', ' order by key.conname) into parents
    from pg_constraint key
    join pg_class parent on parent.oid = key.confrelid
    join pg_attribute organization on organization.attrelid = key.conrelid
      and organization.attname = 'organization_id' and organization.attnum = key.conkey[1]
    join pg_attribute child_column on child_column.attrelid = key.conrelid and child_column.attnum = key.conkey[2]
    where key.conrelid = made.oid and key.contype = 'f' and cardinality(key.conkey) = 2;
    if parents is not null then
      execute format(
        'create or replace trigger iam_place_in_organization before insert on %I for each row '
        'when (new.organization_id is null) execute function iam_place_in_organization(%s)',
        made.relname, parents);
    end if;
  end loop;
end
$$`;

/** Grants the tenant role the columns that a table outside organizations lets tenants read. */
export const grantColumns = (table: string, columns: ReadonlyArray<string>): string =>
  `grant select (${columns.map(quoted).join(", ")}) on table ${quoted(table)} to iam_tenant`;

/**
 * Lets a login take the two roles, and read the tables without one, in which case no policy shows it a row. Below
 * PostgreSQL 16 a grant cannot leave out inheritance, so that the login itself must not inherit.
 */
export const grantLogin = (login: string): string => `
do $$
declare
  login constant name := ${literal(login)};
  made record;
begin
  if not exists (select from pg_roles where rolname = login) then
    raise exception 'the login "%" does not exist', login using errcode = 'IA003';
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
  execute format('grant select on table drizzle.iam_migrations to %I', login);
  if (select rolsuper from pg_roles where rolname = login) then
    return;
  end if;
  if current_setting('server_version_num')::int >= 160000 then
    if not (pg_has_role(login, 'iam_tenant', 'set') and pg_has_role(login, 'iam_service', 'set'))
      or pg_has_role(login, 'iam_tenant', 'usage') or pg_has_role(login, 'iam_service', 'usage')
    then
      execute format('grant iam_tenant, iam_service to %I with inherit false, set true', login);
    end if;
  else
    if (select rolinherit from pg_roles where rolname = login) then
      execute format('alter role %I noinherit', login);
    end if;
    if not (pg_has_role(login, 'iam_tenant', 'member') and pg_has_role(login, 'iam_service', 'member')) then
      execute format('grant iam_tenant, iam_service to %I', login);
    end if;
  end if;
end
$$`;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
