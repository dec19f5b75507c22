/**
 * Better Auth's own drizzle adapter, on the one connection. Its statements go through the Effect client by drizzle's
 * proxy driver, so that they take part in the caller's transaction, pool and spans.
 */

import { Table } from "@beep/shared-tables";
import { drizzleAdapter } from "@better-auth/drizzle-adapter/relations-v2";
import { effectPgCodecs } from "drizzle-orm/effect-postgres";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/pg-proxy";
import * as Predicate from "effect/Predicate";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asEndpoint } from "./acting.ts";
import type { Means } from "./keeping.ts";
import { type Models, models } from "./models.ts";
import * as promises from "./promises.ts";
import { seam } from "./seam.ts";

/**
 * The adapter for Better Auth's `database` option. All that it does, it does under the service role.
 *
 * @param means by which secrets are sealed and looked up
 * @param served what it reads and writes; this package's own models unless others are given
 */
export const makeAdapter = (connection: ServiceConnection["Service"], means: Means, served: Models = models) => {
  const { ids, relations, tables } = served;
  const changes = eventful(Object.values(tables));
  const database = drizzle(
    async (sql, params, method) => {
      const statement = connection.client.unsafe(sql, params);
      const run: ServiceConnection["Service"]["statement"] = changes(sql)
        ? (effect) => asEndpoint(connection.writing(effect))
        : connection.statement;
      if (method === "all") {
        const rows = await promises.leave(run(statement.values));
        return { rows: rows.map((row) => [...row]) };
      }
      return { rows: withCounts(await promises.leave(run(statement.raw))) };
    },
    { codecs: effectPgCodecs, relations },
  );
  const inTransaction = promises.inTransaction(connection);
  const transaction = <A>(run: (database: unknown) => Promise<A>): Promise<A> => inTransaction(() => run(database));
  return seam(
    drizzleAdapter(Object.assign(database, { transaction }), { provider: "pg", schema: tables, transaction: true }),
    { savepoint: inTransaction, together: promises.together(connection) },
    ids,
    means,
  );
};

/**
 * Whether a statement, as the adapter writes it, changes what is recorded. Counters and what is kept alive are not, and so
 * cost no transaction.
 */
const eventful = (tables: ReadonlyArray<PgTable>): ((sql: string) => boolean) => {
  const facts = new Map(
    tables.map((table) => {
      const { name, policies } = getTableConfig(table);
      return [name, policies.find((policy) => policy instanceof Table.ServiceSeesAll)?.facts];
    }),
  );
  return (sql) => {
    const [, verb, name = ""] = /^\s*(insert into|update|delete from) "(\w+)"/.exec(sql) ?? [];
    if (verb === undefined) return false;
    const stated = facts.get(name);
    if (stated === undefined) return true;
    if (stated.unrecorded !== null) return false;
    const [, set = ""] = /^\s*update "\w+" set (.*?) (?:where|returning) /s.exec(sql) ?? [];
    const columns = [...set.matchAll(/"(\w+)" = /g)].map(([, column = ""]) => column);
    return (
      verb !== "update" || columns.some((column) => column !== "updated_at" && !stated.uneventful.includes(column))
    );
  };
};

/** The adapter reads on the rows themselves how many were written. */
const withCounts = (result: unknown) => {
  if (!Predicate.hasProperty(result, "rows") || !Array.isArray(result.rows)) return [];
  const rowCount = Predicate.hasProperty(result, "rowCount") ? result.rowCount : 0;
  return Object.assign([...result.rows], { rowCount, affectedRows: rowCount });
};
