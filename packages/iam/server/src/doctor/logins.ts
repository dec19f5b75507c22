/** The two logins: what they may do, and whether that is too much or too little. */
import type { Findings } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import { error, warning } from "./finding.ts";

interface Login {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly roles: number;
  readonly takes: boolean;
  readonly holds: boolean;
  readonly owns: boolean;
  readonly schema: string | null;
  readonly closed: string | null;
}

// Below PostgreSQL 16 every member may take a role.
const applying = `
with role as (
  select oid, rolname from pg_roles where rolname in ('iam_tenant', 'iam_service')
),
-- Not the current one, which is none for a login that may not look into it.
home as (
  select n.oid, n.nspname from pg_class t join pg_namespace n on n.oid = t.relnamespace
  where t.relname = 'iam_organizations' and t.relkind in ('r', 'p')
  order by n.nspname is not distinct from current_schema() desc limit 1
),
may (take) as (
  select case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end
)
select r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as bypasses,
  (select count(*)::int from role) as roles,
  (select coalesce(bool_and(pg_has_role(r.oid, role.oid, take)), false) from role, may) as takes,
  (select coalesce(bool_or(pg_has_role(r.oid, role.oid, 'usage')), false) from role) as holds,
  exists (
    select from pg_policy p join pg_class t on t.oid = p.polrelid
    where p.polname = 'iam_service_all' and t.relowner = r.oid and t.relnamespace = current_schema()::regnamespace
  ) as owns,
  (select nspname from home) as schema,
  (
    select string_agg(name, ', ' order by name) from home, (select rolname from role union all select r.rolname) without (name)
    where not has_schema_privilege(name, home.oid, 'usage')
  ) as closed
from pg_roles r where r.rolname = current_user`;

/**
 * The application's login.
 *
 * @param alone whether it is the migrating login, too
 */
export const examineLogin = Effect.fnUntraced(function* (client: PgClient, alone: boolean) {
  const findings: Array<Findings.Finding> = [];
  const [login] = yield* client.unsafe<Login>(applying);
  if (login === undefined) return findings;
  const separate =
    "Create a second login, put it into DATABASE_URL and this one into IAM_MIGRATIONS_URL, and run `iam migrate`.";
  if (alone) {
    findings.push(
      warning(
        "ONE_LOGIN",
        `The services run as the login that migrates, ${login.name}: who gets hold of it can drop every table and policy.`,
        separate,
      ),
    );
  } else if (login.owns) {
    findings.push(
      warning(
        "LOGIN_OWNS_TABLES",
        `The application's login ${login.name} owns tables: who gets hold of it can drop them and their policies.`,
        `Give the tables to the login of IAM_MIGRATIONS_URL (alter table … owner to …), and run \`iam migrate\`.`,
      ),
    );
  }
  if (login.superuser) {
    findings.push(
      warning(
        "LOGIN_SUPERUSER",
        `The application's login ${login.name} is a superuser: outside scopes no policy keeps tenants apart.`,
        `alter role ${login.name} nosuperuser; or put another login into DATABASE_URL, and run \`iam migrate\`.`,
      ),
    );
    return findings;
  }
  if (login.bypasses) {
    findings.push(
      error(
        "LOGIN_BYPASSES_ROW_SECURITY",
        `The application's login ${login.name} has BYPASSRLS: outside scopes no policy keeps tenants apart.`,
        `alter role ${login.name} nobypassrls`,
      ),
    );
  }
  if (login.roles < 2) return findings;
  if (!login.takes) {
    findings.push(
      error(
        "LOGIN_LACKS_ROLES",
        `The application's login ${login.name} may not take the roles iam_tenant and iam_service.`,
        "Run `iam migrate` with this login in DATABASE_URL, or correct DATABASE_URL.",
      ),
    );
  }
  if (login.holds) {
    findings.push(
      error(
        "LOGIN_INHERITS_ROLES",
        `The application's login ${login.name} inherits iam_tenant or iam_service, and sees every row without a scope.`,
        "Revoke both from it, and from every role that it belongs to, and run `iam migrate`.",
      ),
    );
  }
  if (login.closed !== null) {
    findings.push(
      error(
        "SCHEMA_CLOSED",
        `The schema ${login.schema} is closed to ${login.closed}: the services do not find their tables in it.`,
        `grant usage on schema ${login.schema} to ${login.closed}`,
      ),
    );
  }
  return findings;
});

interface Migrating {
  readonly name: string;
  readonly missing: string | null;
  readonly creates: boolean;
  readonly foreign: string | null;
}

// That the application's login owns some, it is told itself.
const migrating = `
select r.rolname as name, r.rolcreaterole or r.rolsuper as creates,
  (
    select string_agg(role, ' and ' order by role) from unnest(array['iam_tenant', 'iam_service']) role
    where not exists (select from pg_roles where rolname = role)
  ) as missing,
  (
    select string_agg(distinct pg_get_userbyid(t.relowner), ', ') from pg_policy p join pg_class t on t.oid = p.polrelid
    where p.polname = 'iam_service_all' and t.relnamespace = current_schema()::regnamespace
      and not pg_has_role(r.oid, t.relowner, 'usage') and pg_get_userbyid(t.relowner) <> $1
  ) as foreign
from pg_roles r where r.rolname = current_user`;

/**
 * The migrating login.
 *
 * @param key the setting that names it
 * @param application the name of the application's login
 */
export const examineMigratingLogin = Effect.fnUntraced(function* (client: PgClient, key: string, application: string) {
  const [login] = yield* client.unsafe<Migrating>(migrating, [application]);
  if (login === undefined) return [];
  const findings: Array<Findings.Finding> = [];
  if (login.missing !== null && !login.creates) {
    findings.push(
      error(
        "ROLES_MISSING",
        `The server has no role ${login.missing}, and the login ${login.name} of ${key} may not create it.`,
        `alter role ${login.name} createrole; or let a superuser create both roles (create role … nologin noinherit) ` +
          "and grant them to the login of DATABASE_URL.",
      ),
    );
  }
  if (login.foreign !== null) {
    findings.push(
      error(
        "MIGRATING_LOGIN_NOT_OWNER",
        `The tables belong to ${login.foreign}, and not to the login ${login.name} of ${key}: it cannot migrate them.`,
        "Put the login that owns the tables into IAM_MIGRATIONS_URL.",
      ),
    );
  }
  return findings;
});
