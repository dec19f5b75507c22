/** Drizzle over the one connection. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import { type AnyRelations, is } from "drizzle-orm";
import { type EffectPgDatabase, makeWithDefaults } from "drizzle-orm/effect-postgres";
import { PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";

/** What a database service holds: drizzle, whose queries are Effects, with `db.query` for the tables of the relations. */
export interface Of<Relations extends AnyRelations> {
  readonly db: EffectPgDatabase<Relations> & { readonly $client: PgClient };
}

/**
 * Drizzle for a schema, over the connection that a layer of `IamDb` opened. By it an application adds its own tables:
 * its queries, the identity services' and Better Auth's share one transaction.
 *
 * Dies when a table of `schema` is missing in `relations`, as it would be in `db.query`.
 *
 * @param options.schema the tables by name
 * @param options.relations drizzle's `defineRelations(schema, …)`
 */
export const make = Effect.fn("Db.make")(function* <Relations extends AnyRelations>(options: {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly relations: Relations;
}): Effect.fn.Return<Of<Relations>, never, PgClient> {
  const missing = Object.entries(options.schema)
    .filter(([name, table]) => is(table, PgTable) && options.relations[name]?.table !== table)
    .map(([name]) => name);
  if (missing.length > 0) {
    return yield* Effect.die(
      new Error(`The relations lack ${missing.join(", ")}; pass the schema to defineRelations.`),
    );
  }
  return { db: yield* makeWithDefaults({ relations: options.relations }) };
});
