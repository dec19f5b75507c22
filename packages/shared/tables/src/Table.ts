/** Tables of what belongs to no organization. */
import type { EntityId } from "@beep/shared-domain";
import type { SQL } from "drizzle-orm";
import { entityKind, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as columns from "./columns.ts";
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
 * @returns a function of the entity's own columns and, as in drizzle, of its indexes and constraints
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
    return pg.pgTable.withRLS(Id.tableName, all, (table) => [serviceSeesAll(), ...(extras?.(table) ?? [])]);
  };

/** The policy by which the service role sees every row. Migration hardens every table that has it. */
export const serviceSeesAll = () =>
  pg.pgPolicy("iam_service_all", { for: "all", to: serviceRole, using: sql`true`, withCheck: sql`true` });

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
