/** Tables of what belongs to an organization. */
import { type EntityId, SharedEntityIds } from "@beep/shared-domain";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as columns from "./columns.ts";
import type { Facts } from "./facts.ts";
import { currentOrganization, tenantRole } from "./scope.ts";
import * as Table from "./Table.ts";
import { organization } from "./tables/organization.table.ts";

/**
 * `organization_id` is that of the scope unless it is stated; outside a scope, that of a parent which the row refers
 * to by a composite foreign key (a trigger fills it in), and otherwise missing, which the database refuses.
 */
const entityColumns = <Name extends string, Prefix extends string, TableName extends string>(
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) => ({
  ...columns.entity(Id),
  organizationId: columns
    .id("organization_id", SharedEntityIds.OrganizationId)
    .notNull()
    .default(currentOrganization)
    .references(() => organization.id, { onDelete: "cascade" }),
});

type EntityColumns<Name extends string, Prefix extends string> = ReturnType<typeof entityColumns<Name, Prefix, string>>;

/**
 * Makes the table of an entity that belongs to an organization: with `organization_id`, which goes with the
 * organization; with the policy that keeps tenants apart; and with the unique pair `(organization_id, id)`, to which
 * tables of the same tenant refer by both columns, so that no row can point into another tenant.
 *
 * @param Id the entity's ids; they name the table
 * @returns a function of the entity's own columns; as in drizzle, of its indexes and constraints; and of what else is
 *   known of the columns
 */
export const make =
  <const Name extends string, const Prefix extends string, const TableName extends string>(
    Id: EntityId.EntityId<Name, Prefix, TableName>,
  ) =>
  <C extends Table.Columns>(
    own: C & Table.Without<C, EntityColumns<Name, Prefix>>,
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
    const all: EntityColumns<Name, Prefix> & C = { ...entityColumns(Id), ...own };
    return pg.pgTable.withRLS(Id.tableName, all, (table) => [
      ...Table.common(Id, table, facts),
      pg.pgPolicy("iam_tenant_isolation", {
        for: "all",
        to: tenantRole,
        // In a sub-select the setting is read once for a statement, not once for a row.
        using: sql`${table.organizationId} = (select ${currentOrganization})`,
        withCheck: sql`${table.organizationId} = (select ${currentOrganization})`,
      }),
      pg.unique(`${Id.tableName}_organization_id_id_unique`).on(table.organizationId, table.id),
      ...(extras?.(table) ?? []),
    ]);
  };
