/** Tables of what belongs to no organization. */
import { Digest, type EntityId, Envelope } from "@beep/shared-domain";
import type { SQL } from "drizzle-orm";
import { entityKind, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as columns from "./columns.ts";
import { type Facts, type Stated, state } from "./facts.ts";
import { serviceRole, tenantRole } from "./scope.ts";

type EntityColumns<Name extends string, Prefix extends string> = ReturnType<
  typeof columns.entity<Name, Prefix, string>
>;

export type Columns = Record<string, pg.AnyPgColumnBuilder>;

/** Refuses columns that the factory makes. */
export type Without<C, Common> = { readonly [K in keyof C & keyof Common]: never };

/**
 * Makes the table of an entity that belongs to no organization.
 *
 * Only the service role sees its rows. A table that tenants may read says so itself, by a `TenantMayRead` among its
 * extras.
 *
 * @param Id the entity's ids; they name the table
 * @returns a function of the entity's own columns; as in drizzle, of its indexes and constraints; and of what else is
 *   known of the columns
 */
export const make =
  <const Name extends string, const Prefix extends string, const TableName extends string>(
    Id: EntityId.EntityId<Name, Prefix, TableName>,
  ) =>
  <C extends Columns>(
    own: C & Without<C, EntityColumns<Name, Prefix>>,
    extras?: (
      table: pg.PgBuildExtraConfigColumns<EntityColumns<Name, Prefix> & C>,
    ) => ReadonlyArray<pg.PgTableExtraConfigValue>,
    facts: Facts<keyof C & string> = {},
    // Written out: inferred, it loses the table's name in the emitted declaration, and every selected column may be null.
    // An alias is written in declarations of other packages, which cannot name it.
  ): pg.PgTableWithColumns<{
    name: TableName;
    schema: undefined;
    columns: pg.PgBuildColumns<TableName, EntityColumns<Name, Prefix> & C>;
    dialect: "pg";
    isAlias: false;
  }> => {
    const all: EntityColumns<Name, Prefix> & C = { ...columns.entity(Id), ...own };
    return pg.pgTable.withRLS(Id.tableName, all, (table) => [...common(Id, table, facts), ...(extras?.(table) ?? [])]);
  };

/**
 * The policy by which the service role sees every row. Migration hardens every table that has it, and tells the database
 * by a comment on it what the table states of its columns.
 */
export class ServiceSeesAll extends pg.PgPolicy {
  // By this drizzle tells its classes apart, also in instanceof.
  static override readonly [entityKind]: string = "ServiceSeesAll";

  readonly facts: Stated;

  constructor(facts: Stated) {
    super("iam_service_all", { for: "all", to: serviceRole, using: sql`true`, withCheck: sql`true` });
    this.facts = facts;
  }
}

/** The policy of the services, and for each column that keeps a secret in a certain form the check that it has that form. */
export const common = (
  Id: EntityId.Any,
  columns: Readonly<Record<string, pg.ExtraConfigColumn>>,
  facts: Facts,
): ReadonlyArray<pg.PgTableExtraConfigValue> => {
  const stated = state(Id, columns, facts);
  return [
    new ServiceSeesAll(stated),
    ...stated.sealed.map((column) =>
      pg.check(
        `${Id.tableName}_${column}_sealed`,
        sql`${sql.identifier(column)} ~ ${sql.raw(`'${Envelope.pattern}'`)}`,
      ),
    ),
    ...(facts.lookedUp ?? []).map((column) => {
      const { name = column } = columns[column] ?? {};
      return pg.check(
        `${Id.tableName}_${name}_digested`,
        sql`${sql.identifier(name)} ~ ${sql.raw(`'${Digest.pattern}'`)}`,
      );
    }),
  ];
};

/** The policy of a table outside organizations that states which rows and columns a tenant may read. */
export class TenantMayRead extends pg.PgPolicy {
  // By this drizzle tells its classes apart, also in instanceof.
  static override readonly [entityKind]: string = "TenantMayRead";

  /** The SQL names of the columns that the tenant role is granted; all others stay hidden from it. */
  readonly columns: ReadonlyArray<string>;

  constructor(options: { readonly rows: SQL; readonly columns: ReadonlyArray<{ readonly name: string }> }) {
    super("iam_tenant_reads", { for: "select", to: tenantRole, using: options.rows });
    this.columns = options.columns.map((column) => column.name);
  }
}
