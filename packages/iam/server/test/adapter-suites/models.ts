/**
 * An application that extends Better Auth, as its options say: columns of its own on our tables, tables of its own made
 * by our factory, and other names for either. What is not the application's stays ours, column for column.
 */
import { IamDbSchema, relations } from "@beep/iam-tables";
import { EntityId } from "@beep/shared-domain";
import { Columns, Table } from "@beep/shared-tables";
import type { BetterAuthOptions } from "@better-auth/core";
import type { BetterAuthDBSchema, DBFieldAttribute } from "@better-auth/core/db";
import { getAuthTables } from "@better-auth/core/db";
import { defineRelations, getColumns, type Relation } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as Record from "effect/Record";
import { type Models, models as ours } from "../../src/auth/models.ts";

/** The models that options ask for, and the tables to migrate to. */
export interface Extended extends Models {
  readonly schema: Readonly<Record<string, pg.PgTable>>;
}

/** Makes them. */
export const extended = (options: BetterAuthOptions): Extended => {
  const authTables = getAuthTables(options);
  const ids = Object.fromEntries(
    Object.entries(authTables).flatMap(([model, { modelName }]) => {
      const Id = ours.ids[model] ?? idOf(model);
      return [model, modelName].map((name) => [name, Id] as const);
    }),
  );
  const tables: Record<string, pg.PgTable> = {};
  const context: Context = { authTables, ids, tables };
  for (const [model, { modelName }] of Object.entries(authTables)) {
    const table = ours.tables[model];
    tables[model] = table === undefined ? tableOf(model, context) : extendedTable(model, table, context);
    tables[modelName] = tables[model];
  }
  const schema = {
    ...IamDbSchema,
    ...Record.mapKeys(
      Record.filter(tables, (_, name) => name in authTables),
      nameInSchema,
    ),
  };
  return {
    tables: { ...ours.tables, ...tables },
    ids: { ...ours.ids, ...ids },
    schema,
    relations: related(schema, context),
  };
};

/** Some of our tables have other names than Better Auth has for them. */
const nameInSchema = (model: string): string =>
  Object.entries(IamDbSchema).find(([, table]) => table === ours.tables[model])?.[0] ?? model;

interface Context {
  readonly authTables: BetterAuthDBSchema;
  readonly ids: Models["ids"];
  readonly tables: Readonly<Record<string, pg.PgTable>>;
}

const idOf = (model: string): EntityId.Any =>
  EntityId.make(model, {
    prefix: model.toLowerCase(),
    table: `app_${snake(model)}`,
  });

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Builders = Readonly<Record<string, pg.PgColumnBuilder>>;

type Made = ReturnType<typeof Columns.entity<string, string, string>>;

/** A table of the application's own. */
const tableOf = (model: string, context: Context): pg.PgTable => {
  const Id = idOf(model);
  const made = new Set(Object.keys(Columns.entity(Id)));
  const fields = Record.filter(context.authTables[model]?.fields ?? {}, (_, field) => !made.has(field));
  // Which columns these are is known when it runs; the factory's own are not among them.
  return Table.make(Id)(columnsOf(fields, context) as Builders & { readonly [K in keyof Made]: never });
};

/**
 * One of our tables with the columns that it lacks, and with columns under other names; ours itself where it is to stay
 * as it is. In front of ours rather than a copy of it, so that every other property is ours, whatever drizzle keeps there.
 */
const extendedTable = (model: string, table: pg.PgTable, context: Context): pg.PgTable => {
  const columns = getColumns(table);
  const { fields = {} } = context.authTables[model] ?? {};
  const names = Record.map(fields, ({ fieldName }, field) => fieldName ?? field);
  const lacking = Record.filter(fields, (_, field) => !(field in columns));
  if (Record.isEmptyRecord(lacking) && Object.entries(names).every(([field, name]) => field === name)) return table;

  const added = getColumns(pg.pgTable(pg.getTableConfig(table).name, columnsOf(lacking, context)));
  const all = { ...Record.mapKeys(columns, (field) => names[field] ?? field), ...added };
  // By this symbol, which it does not export, drizzle keeps a table's columns.
  return Object.assign(Object.create(table), all, { [Symbol.for("drizzle:Columns")]: all });
};

const columnsOf = (fields: Readonly<Record<string, DBFieldAttribute>>, context: Context): Builders =>
  Object.fromEntries(
    Object.entries(fields).map(([field, attribute]) => {
      const { fieldName = field, references, required, unique } = attribute;
      let column = columnOf(fieldName, attribute, context);
      if (required !== false) column = column.notNull();
      if (unique === true) column = column.unique();
      if (references !== undefined) {
        column = column.references(() => foreign(references, context), { onDelete: references.onDelete ?? "cascade" });
      }
      return [fieldName, column];
    }),
  );

const columnOf = (name: string, { references, type }: DBFieldAttribute, context: Context): pg.PgColumnBuilder => {
  const Id = references?.field === "id" ? context.ids[references.model] : undefined;
  if (Id !== undefined) return Columns.id(name, Id);
  switch (type) {
    case "string":
      return pg.text(name);
    case "number":
      return pg.integer(name);
    case "boolean":
      return pg.boolean(name);
    case "date":
      return Columns.timestamp(name);
    case "json":
      return pg.jsonb(name);
    case "string[]":
      return pg.text(name).array();
    case "number[]":
      return pg.integer(name).array();
    default:
      throw new Error(`There is no column for ${name}, of the type ${String(type)}.`);
  }
};

type Reference = NonNullable<DBFieldAttribute["references"]>;

const foreign = ({ field, model }: Reference, { authTables, tables }: Context): pg.PgColumn => {
  const table = tables[model];
  const column = table && getColumns(table)[authTables[model]?.fields[field]?.fieldName ?? field];
  if (column === undefined) throw new Error(`There is no ${model}.${field}.`);
  return column;
};

/** How one table refers to another. */
interface Link {
  readonly kind: "one" | "many";
  readonly name: string;
  readonly source: string;
  readonly from: ReadonlyArray<string>;
  readonly target: string;
  readonly to: ReadonlyArray<string>;
  readonly alias?: string | undefined;
}

/** Our relations over the extended tables, and those of what is added, under the names that Better Auth looks for. */
const related = (schema: Extended["schema"], { authTables }: Context): Models["relations"] => {
  const links = [...ourLinks, ...Object.keys(authTables).flatMap((model) => linksOf(model, authTables))];
  const names = ({ kind, name, target }: Link): ReadonlyArray<string> => {
    const { modelName = target } = authTables[target] ?? {};
    // Under a model's other name Better Auth looks for what refers to it, too.
    return name === target || name === `${target}s` ? [name, kind === "one" ? modelName : `${modelName}s`] : [name];
  };
  return defineRelations(schema, (r) => {
    const columns = (table: string, fields: Link["from"]) => fields.flatMap((field) => r[table]?.[field] ?? []);
    return Record.map(schema, (_, source) =>
      Object.fromEntries(
        links
          .filter((link) => link.source === source)
          .flatMap((link) => {
            const { alias, kind, target } = link;
            const [from, ...moreFrom] = columns(source, link.from);
            const [to, ...moreTo] = columns(target, link.to);
            if (from === undefined || to === undefined) throw new Error(`${source}.${link.name} refers to no column.`);
            const relation = r[kind][target]?.({
              from: [from, ...moreFrom],
              to: [to, ...moreTo],
              ...(alias === undefined ? {} : { alias }),
            });
            return relation === undefined ? [] : names(link).map((name) => [name, relation] as const);
          }),
      ),
    );
  });
};

const ourLinks: ReadonlyArray<Link> = Object.values(relations).flatMap((config) =>
  Object.entries<Relation>(config.relations).map(([name, relation]) => ({
    kind: relation.relationType,
    name,
    source: config.name,
    from: relation.sourceColumns.map((column) => column._.key),
    target: relation.targetTableName,
    to: relation.targetColumns.map((column) => column._.key),
    alias: relation.alias,
  })),
);

/** The references that are not ours, in both directions. */
const linksOf = (model: string, authTables: BetterAuthDBSchema): ReadonlyArray<Link> => {
  const { fields = {}, modelName = model } = authTables[model] ?? {};
  const table = ours.tables[model];
  return Object.entries(fields).flatMap(([field, { fieldName = field, references, unique }]): ReadonlyArray<Link> => {
    if (references === undefined || (table !== undefined && field in getColumns(table))) return [];
    const target = authTables[references.model];
    const to = [target?.fields[references.field]?.fieldName ?? references.field];
    const there = { source: model, from: [fieldName], target: references.model, to };
    const back = { source: references.model, from: to, target: model, to: [fieldName] };
    return [
      { kind: "one", name: references.model, ...there },
      unique === true ? { kind: "one", name: modelName, ...back } : { kind: "many", name: `${modelName}s`, ...back },
    ];
  });
};
