/**
 * What must be so whether or not an attack shows it: attacks are derived from the controls that are there, so that one
 * that was never stated, or is gone with all that spoke of it, is missed by rule.
 */
import * as Effect from "effect/Effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";
import type { Finding } from "./Finding.ts";
import { quoted } from "./names.ts";
import type { Relation } from "./relations.ts";

/** What a team states against the rules, each with its reason. */
export interface Allowed {
  /** Columns that look as if they referred to a table of organizations, by `table.column`. */
  readonly unreferenced?: Readonly<Record<string, string>> | undefined;
  /** Functions that tenants may run as somebody whom row security does not bind, by `name(types)`. */
  readonly functions?: Readonly<Record<string, string>> | undefined;
}

const organization = "organization_id";

/** A table of organizations; its parts are as it is. */
const isOfOrganizations = ({ hasOrganization, isPart, isTable }: Relation): boolean =>
  hasOrganization && isTable && !isPart;

const byIdAlone = (relation: Relation, tables: ReadonlyArray<Relation>): ReadonlyArray<Finding> =>
  relation.references.flatMap(({ columns, name, parent, parentColumns }) => {
    const referred = tables.find(({ sql }) => sql === parent);
    const isPlaced = columns.some((column, at) => column === organization && parentColumns[at] === organization);
    return referred === undefined || isPlaced
      ? []
      : [
          {
            table: relation.name,
            says: `the foreign key ${name} refers to ${referred.name} without the organization`,
            remedy: `Make it over (${organization}, ${columns.join(", ")}): otherwise a row can refer to another tenant's.`,
          },
        ];
  });

const singular = (name: string): string =>
  name
    .replace(/ies$/, "y")
    .replace(/(ss|x|ch|sh)es$/, "$1")
    .replace(/(?<!s)s$/, "");

/** How many words of a table's name a column is called after: `team_id` and `active_team_id` after one of `iam_teams`. */
const wordsOf = (column: string, { name }: Relation): number => {
  const words = singular(name.slice(name.lastIndexOf(".") + 1)).split("_");
  const from = words.findIndex((_, at) => `_${column}`.endsWith(`_${words.slice(at).join("_")}_id`));
  return from < 0 ? 0 : words.length - from;
};

const idOf = ({ keys }: Relation): string => {
  const [key] = keys;
  return key?.primary === true && key.columns.length === 1 ? (key.columns[0] ?? "id") : "id";
};

/** The first of the tables to which a column refers though no foreign key says so: by its name, or by what it holds. */
const referredBy = Effect.fnUntraced(function* (
  client: SqlClient,
  relation: Relation,
  column: string,
  tables: ReadonlyArray<Relation>,
) {
  // After `team_member_id`, members are not meant where there are members of teams.
  const [named] = tables.toSorted((one, other) => wordsOf(column, other) - wordsOf(column, one));
  if (named !== undefined && wordsOf(column, named) > 0) return named;
  for (const table of tables) {
    const id = table.columns.find(({ name }) => name === idOf(table));
    if (id?.base !== "uuid") continue;
    // Ids are random: a value that is one was copied from there.
    const [held] = yield* client.unsafe(
      `select from ${relation.sql} child join ${table.sql} parent on child.${quoted(column)} = parent.${quoted(id.name)} limit 1`,
    );
    if (held !== undefined) return table;
  }
  return undefined;
});

const unreferenced = Effect.fnUntraced(function* (
  client: SqlClient,
  relation: Relation,
  tables: ReadonlyArray<Relation>,
  stated: Readonly<Record<string, string>>,
) {
  const findings: Array<Finding> = [];
  for (const { base, name } of relation.columns) {
    const isSaid = relation.references.some(({ columns }) => columns.includes(name));
    // A key may be another's too, as where a team has one row of settings: its name tells.
    const isItsOwn = name === idOf(relation) && (name === "id" || wordsOf(name, relation) > 0);
    if (base !== "uuid" || name === organization || isSaid || isItsOwn || `${relation.name}.${name}` in stated)
      continue;
    const referred = yield* referredBy(client, relation, name, tables);
    if (referred === undefined) continue;
    findings.push({
      table: relation.name,
      says: `${name} refers to ${referred.name}, and no foreign key says so`,
      remedy: `Add one over (${organization}, ${name}), or say in unreferenced why "${relation.name}.${name}" needs none.`,
    });
  }
  return findings;
});

const withoutServices = (relation: Relation): ReadonlyArray<Finding> =>
  relation.made
    ? []
    : [
        {
          table: relation.name,
          says: "it has no policy iam_service_all, so that the services see nothing in it",
          remedy: "Make it with OrgTable.make, and migrate.",
        },
      ];

/** What the rules find wrong with each table of organizations. Reads what the tables hold, under no row security. */
export const wrongTables = Effect.fnUntraced(function* (
  client: SqlClient,
  relations: ReadonlyArray<Relation>,
  stated: Readonly<Record<string, string>> = {},
): Effect.fn.Return<ReadonlyArray<Finding>, SqlError> {
  const tables = relations.filter(isOfOrganizations);
  const found = yield* Effect.forEach(tables, (relation) =>
    Effect.map(unreferenced(client, relation, tables, stated), (columns) => [
      ...withoutServices(relation),
      ...byIdAlone(relation, tables),
      ...columns,
    ]),
  );
  const columns = tables.flatMap(({ columns, name }) => columns.map((column) => `${name}.${column.name}`));
  return [...found.flat(), ...stale("unreferenced", stated, columns)];
});

/** What is stated of nothing: it would let through what comes later under the name. */
const stale = (
  option: keyof Allowed,
  stated: Readonly<Record<string, string>>,
  there: ReadonlyArray<string>,
): ReadonlyArray<Finding> =>
  Object.keys(stated)
    .filter((name) => !there.includes(name))
    .map((name) => ({
      table: name,
      says: `${option} names it, and it is not there`,
      remedy: `Take it out of ${option}.`,
    }));

/**
 * Functions that run as their owner, whom row security does not bind: as a superuser, by BYPASSRLS, as the services, or
 * because the owner of a table can take its row security away. Nobody calls the functions of triggers, and those of an
 * extension are the extension's.
 */
const unboundFunctions = `
select case when n.nspname = current_schema() then '' else n.nspname || '.' end
  || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' as name, owner.rolname as owner
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles owner on owner.oid = p.proowner
where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
  -- What everybody may, the tenant role may.
  and has_function_privilege('iam_tenant', p.oid, 'execute')
  and (owner.rolsuper or owner.rolbypassrls or pg_has_role(owner.oid, 'iam_service', 'usage') or exists (
    select from pg_class t join pg_namespace s on s.oid = t.relnamespace
    where t.relkind in ('r', 'p') and s.nspname not in ('pg_catalog', 'information_schema')
      and s.nspname !~ '^pg_(toast|temp)' and pg_has_role(owner.oid, t.relowner, 'usage')
      and (t.relrowsecurity or exists (
        select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organization_id' and not a.attisdropped))
  ))
order by 1`;

/** The functions by which a tenant reads as somebody who sees every tenant's rows. */
export const wrongFunctions = Effect.fnUntraced(function* (
  client: SqlClient,
  stated: Readonly<Record<string, string>> = {},
): Effect.fn.Return<ReadonlyArray<Finding>, SqlError> {
  const found = yield* client.unsafe<{ name: string; owner: string }>(unboundFunctions);
  const wrong = found.filter(({ name }) => !(name in stated));
  return [
    ...wrong.map(({ name, owner }) => ({
      table: name,
      says: `tenants may run a function as ${owner}, whom row security does not bind`,
      remedy: `Make it security invoker, revoke execute from public and iam_tenant, or say in functions why "${name}" may be.`,
    })),
    ...stale(
      "functions",
      stated,
      found.map(({ name }) => name),
    ),
  ];
});
