/** Tables of what is no entity: events, seals, leases. Each has its natural key, and neither versions nor an id of its own. */
import { entityKind, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import type { RecordFacts } from "./facts.ts";
import { serviceRole } from "./scope.ts";
import type { Columns } from "./Table.ts";

/** The policy by which the service role sees every row of a record, and as far as it may, writes it. */
export class ServiceSeesAll extends pg.PgPolicy {
  // By this drizzle tells its classes apart, also in instanceof.
  static override readonly [entityKind]: string = "RecordServiceSeesAll";

  readonly facts: RecordFacts;

  constructor(facts: RecordFacts) {
    super("iam_service_all", { for: "all", to: serviceRole, using: sql`true`, withCheck: sql`true` });
    this.facts = facts;
  }
}

/**
 * Makes the table of a record, which tenants do not see.
 *
 * @param name the SQL name
 * @returns a function of the columns; as in drizzle, of keys, indexes and constraints; and of what is done with the rows
 */
export const make =
  <const Name extends string>(name: Name) =>
  <C extends Columns>(
    columns: C,
    extras: (table: pg.PgBuildExtraConfigColumns<C>) => ReadonlyArray<pg.PgTableExtraConfigValue>,
    facts: RecordFacts,
    // Written out for the same reason as that of `Table.make`.
  ): pg.PgTableWithColumns<{
    name: Name;
    schema: undefined;
    columns: pg.PgBuildColumns<Name, C>;
    dialect: "pg";
    isAlias: false;
  }> =>
    pg.pgTable.withRLS(name, columns, (table) => [
      new ServiceSeesAll(facts),
      // Row security binds the owner too, under whose rights triggers write. Nobody else has the privilege.
      ...(facts.written === undefined
        ? []
        : [pg.pgPolicy("iam_database_writes", { for: "insert", to: "public", withCheck: sql`true` })]),
      ...extras(table),
    ]);
