/**
 * What somebody else's tool has changed of what the services stand on: tables, columns, policies and row security. One
 * statement, because every start asks it; what differs otherwise, `iam doctor` finds out by the whole catalogue.
 */
import { organizationSetting } from "@beep/shared-tables";
import { PgClient } from "@effect/sql-pg/PgClient";
import { is, type SQL } from "drizzle-orm";
import { getTableConfig, PgDialect, PgRole, PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";

/** What is told in a message; the rest is counted. */
const TOLD = 3;

/**
 * What no longer is as the tables say, in words; nothing when all is.
 *
 * @param schemas the tables that must be there
 * @param login the application's, to which no further policy may show rows; the client's where nothing is said
 * @param secured whether row security must be on already, because nobody will turn it on
 */
export const changes = Effect.fnUntraced(function* (
  schemas: ReadonlyArray<Readonly<Record<string, unknown>>>,
  { login, secured }: { readonly login?: string; readonly secured: boolean },
) {
  const client = yield* PgClient;
  const wanted = schemas.flatMap((schema) =>
    Object.values(schema)
      .filter((table) => is(table, PgTable))
      .map(describe),
  );
  const rows = yield* client.unsafe<{ change: string }>(query, [
    JSON.stringify(wanted),
    organizationSetting,
    login ?? null,
    secured,
  ]);
  if (rows.length === 0) return undefined;
  const told = rows.slice(0, TOLD).map((row) => row.change);
  return [...told, ...(rows.length > TOLD ? [`${rows.length - TOLD} more`] : [])].join("; ");
});

const describe = (table: PgTable) => {
  const { columns, enableRLS, name, policies, schema } = getTableConfig(table);
  return {
    schema,
    name,
    secured: enableRLS,
    // By the factories, for which row security is forced; an application may have other tables with some of its own.
    made: policies.some((policy) => policy.name === "iam_service_all"),
    // The others' names are up to the database object that an application makes.
    columns: columns.filter((column) => !column.keyAsName).map((column) => column.name),
    policies: policies.map((policy) => ({
      name: policy.name,
      // As `pg_policy` writes it.
      command: { all: "*", select: "r", insert: "a", update: "w", delete: "d" }[policy.for ?? "all"],
      permissive: (policy.as ?? "permissive") === "permissive",
      roles: (Array.isArray(policy.to) ? policy.to : [policy.to ?? "public"])
        .map((role) => (is(role, PgRole) ? role.name : role))
        .sort(),
      using: asksForScope(policy.using),
      check: asksForScope(policy.withCheck),
    })),
  };
};

const dialect = new PgDialect();

/** Whether an expression tells tenants apart; none where there is no expression. */
const asksForScope = (expression: SQL | undefined): boolean | null =>
  expression === undefined ? null : dialect.sqlToQuery(expression.inlineParams()).sql.includes(organizationSetting);

// Versions of PostgreSQL write an expression differently, so that of an expression only this is asked: whether it is
// there, and whether it reads the setting.
const query = `
with
wanted as (
  select w.*, t.oid, t.relrowsecurity and (t.relforcerowsecurity or not made) as is_secured
  from jsonb_to_recordset($1::text::jsonb)
    w (schema text, name text, secured bool, made bool, columns jsonb, policies jsonb)
  left join pg_class t on t.relname = w.name and t.relkind in ('r', 'p')
    and t.relnamespace = (select oid from pg_namespace where nspname = coalesce(w.schema, current_schema()))
),
-- To whom no further policy may show rows: to tenants, and to the login, itself or by a group that it belongs to. A
-- superuser sees every row anyway.
seeing as (
  select r.oid from pg_roles r join pg_roles who
    on who.rolname in ('iam_tenant', coalesce($3::text, current_user)) and pg_has_role(who.oid, r.oid, 'usage')
  where not who.rolsuper
),
policy as (
  select wanted.oid, wanted.name as table_name, p.*, there.oid as there,
    there.polcmd::text = command and there.polpermissive = permissive
    and roles = (
      select jsonb_agg(coalesce(r.rolname, 'public') order by coalesce(r.rolname, 'public') collate "C")
      from unnest(there.polroles) role left join pg_roles r on r.oid = role
    )
    and strpos(pg_get_expr(there.polqual, there.polrelid), $2) > 0 is not distinct from "using"
    and strpos(pg_get_expr(there.polwithcheck, there.polrelid), $2) > 0 is not distinct from "check" as is_so
  from wanted cross join jsonb_to_recordset(policies)
    p (name text, command text, permissive bool, roles jsonb, "using" bool, "check" bool)
  left join pg_policy there on there.polrelid = wanted.oid and there.polname = p.name
  where wanted.oid is not null
)
select format('the table %s is missing', name) as change from wanted where oid is null
union all
select format('the column %s of %s is missing', "column", name)
from wanted cross join jsonb_array_elements_text(columns) "column"
where oid is not null and not exists (
  select from pg_attribute a where a.attrelid = oid and a.attname = "column" and a.attnum > 0 and not a.attisdropped
)
union all
select format('the policy %s on %s is %s', name, table_name, case when there is null then 'missing' else 'another' end)
from policy where is_so is not true
union all
select format('the policy %s on %s shows further rows', p.polname, wanted.name)
from wanted join pg_policy p on p.polrelid = wanted.oid and p.polpermissive
where made and (p.polroles = '{0}' or exists (select from seeing where seeing.oid = any(p.polroles)))
  and not exists (select from policy where policy.there = p.oid)
union all
select format('row security of %s is off', name) from wanted where secured and not is_secured and $4::bool`;
