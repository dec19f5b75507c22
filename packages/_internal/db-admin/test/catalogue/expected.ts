/**
 * The database that the tables describe, built anew from what drizzle knows of them: neither drizzle-kit nor the
 * migration step has a part in it. PostgreSQL itself then says how it writes every type and expression.
 */
import { Record, Table } from "@beep/shared-tables";
import type * as PgClient from "@effect/sql-pg/PgClient";
import { is, SQL, sql } from "drizzle-orm";
import { getTableConfig, IndexedColumn, type PgColumn, PgDialect, PgRole, PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import * as Catalogue from "../../src/Catalogue.ts";
import * as hardening from "../../src/hardening.ts";
import { createWriter, isRecorded, statements as recordingOf } from "../../src/recording.ts";
import { createRelations, relationTriggers } from "../../src/relations.ts";
import { createRetention } from "../../src/retention.ts";

/**
 * The catalogue that the tables describe.
 *
 * @param client the owner of an empty database
 * @param login the application's login
 */
export const expected = Effect.fn("expected")(function* (
  client: PgClient.PgClient,
  schema: Readonly<Record<string, unknown>>,
  login: string,
): Effect.fn.Return<Catalogue.Catalogue, SqlError> {
  for (const statement of statements(schema, login)) yield* client.unsafe(statement);
  return yield* Catalogue.read(client);
});

type Config = ReturnType<typeof getTableConfig>;

const statements = (schema: Readonly<Record<string, unknown>>, login: string): ReadonlyArray<string> => {
  const tables = Object.values(schema)
    .filter((table) => is(table, PgTable))
    .map(getTableConfig);
  return [
    ...journal(login),
    ...hardening.createTriggerFunctions,
    ...hardening.createPartitioning("public"),
    ...createWriter("public"),
    ...createRetention("public"),
    ...tables.map(createTable),
    // Keys first, because foreign keys refer to them.
    ...tables.flatMap(keys),
    ...tables.flatMap((table) => [
      ...references(table),
      ...indexes(table),
      ...policies(table),
      ...triggers(table),
      ...recording(table),
    ]),
    ...createRelations("public"),
    ...relationTriggers,
    ...tables.flatMap((table) => grants(table, login)),
  ];
};

/** What drizzle's migrator keeps for itself. */
const journal = (login: string): ReadonlyArray<string> => [
  "create schema drizzle",
  `create table drizzle.iam_migrations (
    id serial primary key, hash text not null, created_at bigint, name text, applied_at timestamptz default now())`,
  `grant usage on schema drizzle to ${login}`,
  `grant select on drizzle.iam_migrations to ${login}`,
];

const dialect = new PgDialect();

const text = (expression: SQL): string => dialect.sqlToQuery(expression.inlineParams()).sql;

const quoted = (name: string): string => `"${name}"`;

const list = (columns: ReadonlyArray<{ readonly name: string }>): string =>
  `(${columns.map((column) => quoted(column.name)).join(", ")})`;

const createTable = (table: Config): string => {
  const { partitioned } = recordFacts(table) ?? {};
  const parted = partitioned === undefined ? "" : `partition by range (${quoted(partitioned)})`;
  return `create table ${quoted(table.name)} (${table.columns.map(define).join(", ")}) ${parted}`;
};

/** What a record states; nothing of a table of entities. */
const recordFacts = (table: Config) =>
  table.policies.flatMap((policy) => (policy instanceof Record.ServiceSeesAll ? [policy.facts] : []))[0];

const define = (column: PgColumn): string => {
  const { default: initial, isUnique, name, notNull, primary, uniqueType } = column;
  if (column.generated !== undefined) {
    throw new Error(`${name} is computed by the database: say here how.`);
  }
  return [
    quoted(name),
    `${column.getSQLType()}${"[]".repeat(column.dimensions ?? 0)}`,
    notNull ? "not null" : "",
    primary ? "primary key" : "",
    isUnique ? `unique ${uniqueType === "not distinct" ? "nulls not distinct" : ""}` : "",
    column.generatedIdentity === undefined
      ? ""
      : `generated ${column.generatedIdentity.type === "always" ? "always" : "by default"} as identity`,
    initial === undefined ? "" : `default ${defaultOf(column, initial)}`,
  ].join(" ");
};

const defaultOf = (column: PgColumn, initial: unknown): string => {
  if (Array.isArray(initial)) return `'{${initial.map((value) => JSON.stringify(value)).join()}}'`;
  return text(is(initial, SQL) ? initial : sql`${sql.param(initial, column)}`);
};

const keys = (table: Config): ReadonlyArray<string> => [
  ...table.primaryKeys.map((key) => constraint(table, key.getName(), `primary key ${list(key.columns)}`)),
  ...table.uniqueConstraints.map((unique) =>
    constraint(
      table,
      unique.getName(),
      `unique ${unique.nullsNotDistinct ? "nulls not distinct" : ""} ${list(unique.columns)}`,
    ),
  ),
  ...table.checks.map((check) => constraint(table, check.name, `check (${text(check.value)})`)),
];

const constraint = (table: Config, name: string | undefined, definition: string): string =>
  `alter table ${quoted(table.name)} add ${name === undefined ? "" : `constraint ${quoted(name)}`} ${definition}`;

const references = (table: Config): ReadonlyArray<string> =>
  table.foreignKeys.map((key) => {
    const { columns, foreignTable, foreignColumns } = key.reference();
    return constraint(
      table,
      undefined,
      `foreign key ${list(columns)} references ${quoted(getTableConfig(foreignTable).name)} ${list(foreignColumns)}
        on delete ${key.onDelete ?? "no action"} on update ${key.onUpdate ?? "no action"}`,
    );
  });

const indexes = (table: Config): ReadonlyArray<string> =>
  table.indexes.map(({ config }) => {
    const parts = config.columns.map((part) => {
      if (is(part, SQL)) return `(${text(part)})`;
      if (!is(part, IndexedColumn)) throw new Error(`The index ${config.name} is on neither columns nor expressions.`);
      const { nulls, opClass, order } = part.indexConfig;
      return [quoted(part.name), opClass, order, nulls && `nulls ${nulls}`].filter(Boolean).join(" ");
    });
    const unique = config.unique ? "unique" : "";
    const where = config.where === undefined ? "" : `where ${text(config.where)}`;
    return `create ${unique} index ${config.name === undefined ? "" : quoted(config.name)} on ${quoted(table.name)}
      using ${config.method ?? "btree"} (${parts.join(", ")}) ${where}`;
  });

const policies = (table: Config): ReadonlyArray<string> => [
  `alter table ${quoted(table.name)} ${table.enableRLS ? "enable" : "disable"} row level security`,
  // Not drizzle's to say: every table of ours is so.
  `alter table ${quoted(table.name)} force row level security`,
  ...table.policies.flatMap((policy) => {
    const roles = (Array.isArray(policy.to) ? policy.to : [policy.to ?? "public"]).map((role) =>
      is(role, PgRole) ? role.name : role,
    );
    const create = [
      `create policy ${quoted(policy.name)} on ${quoted(table.name)} as ${policy.as ?? "permissive"}`,
      `for ${policy.for ?? "all"} to ${roles.join(", ")}`,
      policy.using === undefined ? "" : `using (${text(policy.using)})`,
      policy.withCheck === undefined ? "" : `with check (${text(policy.withCheck)})`,
    ].join(" ");
    const comment = `comment on policy ${quoted(policy.name)} on ${quoted(table.name)} is`;
    if (policy instanceof Table.TenantMayRead) return [create, `${comment} '${JSON.stringify(policy.columns)}'`];
    if (policy instanceof Table.ServiceSeesAll || policy instanceof Record.ServiceSeesAll)
      return [create, `${comment} '${JSON.stringify(policy.facts)}'`];
    return [create];
  }),
];

/** What merely refers to an organization does not belong to it. */
const isTenantTable = (table: Config): boolean =>
  recordFacts(table) === undefined &&
  table.columns.some((column) => column.name === "organization_id" && column.notNull);

/** What records the changes of a table; how it is written, tests of what is recorded say. */
const recording = (table: Config): ReadonlyArray<string> => {
  const facts = table.policies.flatMap((policy) => (policy instanceof Table.ServiceSeesAll ? [policy.facts] : []))[0];
  if (facts === undefined) return [];
  const columns = table.columns.map((column) => ({ name: column.name, type: typeOf(column) }));
  const recorded = { schema: "public", name: table.name, facts, columns };
  return isRecorded(recorded) ? recordingOf(recorded) : [];
};

/** As PostgreSQL names it, without its precision. */
const typeOf = (column: PgColumn): string => {
  const type = `${column.getSQLType()}${"[]".repeat(column.dimensions ?? 0)}`;
  return type.replace(/ ?\(\d+\)/, "");
};

/** Where a row trigger must stand, as the design says it, and not as the migration step finds it out. */
const triggers = (table: Config): ReadonlyArray<string> => {
  const record = recordFacts(table);
  if (record !== undefined) return record.immutable === true ? keepingRows(table) : [];
  const once = ["id", "created_at", ...(isTenantTable(table) ? ["organization_id"] : [])];
  const parents = table.foreignKeys.flatMap((key) => {
    const { columns, foreignTable, foreignColumns } = key.reference();
    const [organization, child] = columns;
    if (organization?.name !== "organization_id" || foreignColumns[0]?.name !== "organization_id") return [];
    return child === undefined ? [] : [`'${getTableConfig(foreignTable).name}', '${child.name}'`];
  });
  return [
    `create trigger iam_given_once before update on ${quoted(table.name)} for each row
      when (${once.map((name) => `old.${name} is distinct from new.${name}`).join(" or ")})
      execute function iam_refuse_change()`,
    `create trigger iam_touch_row before update on ${quoted(table.name)} for each row execute function iam_touch_row()`,
    ...(parents.length === 0
      ? []
      : [
          `create trigger iam_place_in_organization before insert on ${quoted(table.name)} for each row
            when (new.organization_id is null) execute function iam_place_in_organization(${parents.join(", ")})`,
        ]),
  ];
};

/** Nobody changes what stays as it was written. */
const keepingRows = (table: Config): ReadonlyArray<string> =>
  [
    "iam_immutable before delete or update on % for each row",
    // In partitions it is they that are kept from it.
    ...(recordFacts(table)?.partitioned === undefined
      ? ["iam_not_truncated before truncate on % for each statement"]
      : []),
  ].flatMap((trigger) => [
    `create trigger ${trigger.replace("%", quoted(table.name))} execute function iam_refuse_rewriting()`,
    `alter table ${quoted(table.name)} enable always trigger ${trigger.split(" ", 1)[0]}`,
  ]);

const grants = (table: Config, login: string): ReadonlyArray<string> => [
  `grant ${recordFacts(table)?.services.join(", ") ?? "select, insert, update, delete"} on ${quoted(table.name)} to iam_service`,
  `grant select on ${quoted(table.name)} to ${login}`,
  ...(isTenantTable(table) ? [`grant select, insert, update, delete on ${quoted(table.name)} to iam_tenant`] : []),
  ...table.policies
    .filter((policy) => policy instanceof Table.TenantMayRead)
    .map((policy) => `grant select (${policy.columns.map(quoted).join(", ")}) on ${quoted(table.name)} to iam_tenant`),
];
