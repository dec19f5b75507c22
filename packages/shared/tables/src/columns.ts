/** Columns that the tables share. */
import type { EntityId } from "@beep/shared-domain";
import * as pg from "drizzle-orm/pg-core";

/** A `uuid` column that reads and writes the ids of one entity; another entity's id is refused, by type and when run. */
export const id = <Name extends string, Prefix extends string, TableName extends string>(
  name: string,
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) =>
  pg.customType<{ data: EntityId.Id<Name, Prefix>; driverData: string }>({
    dataType: () => "uuid",
    toDriver: Id.toUuid,
    fromDriver: Id.fromUuid,
  })(name);

/** A point in time. Milliseconds, because that is what a JavaScript `Date` holds: a value read back is the value written. */
export const timestamp = (name: string) => pg.timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

/** The columns of every entity; a trigger moves `updated_at` and `version`. */
export const entity = <Name extends string, Prefix extends string, TableName extends string>(
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) => ({
  id: id("id", Id).primaryKey().$defaultFn(Id.create),
  createdAt: timestamp("created_at").notNull().defaultNow(),
  updatedAt: timestamp("updated_at").notNull().defaultNow(),
  version: pg.integer("version").notNull().default(1),
});

/** Bytes, as what is hashed and signed has them. */
export const bytes = (name: string) =>
  pg.customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })(name);

/** The number of a transaction, which never comes again (`xid8`). */
export const transaction = (name: string) =>
  pg.customType<{ data: string; driverData: string }>({
    dataType: () => "xid8",
    // It is read as this one is: as text. The client knows no form of the type itself.
    codec: "interval",
  })(name);

/**
 * Text that is compared byte by byte, whatever the order of the database is: what is no language's, and is looked up or
 * listed in its order.
 */
export const bytewise = (name: string) =>
  pg.customType<{ data: string; driverData: string }>({ dataType: () => 'text collate "C"' })(name);
