/**
 * What a version before this one has left in clear, or encrypted with the server's secret by Better Auth: sealed, and made
 * digests, when the services start. No SQL can do it, so that the migration leaves the checks of these columns to hold for
 * what is new only. As long as they do, there may be such rows, and each start looks for them; the migration that finds none
 * has the checks hold for all.
 */
import { Digest, Envelope } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { symmetricDecrypt } from "better-auth/crypto";
import { getColumns, or, type SQL, sql } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Secrets from "../crypto/Secrets.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { digestWith, type Means } from "./keeping.ts";
import { models } from "./models.ts";
import { type Plan, plans } from "./secrets.ts";

/** So many rows in one transaction. */
const AT_ONCE = 500;

type Key = Parameters<typeof symmetricDecrypt>[0]["key"];

/** What Better Auth has encrypted by itself, until this was done here; by models and fields. */
const encrypted: Readonly<Record<string, Readonly<Record<string, (text: string) => string | undefined>>>> = {
  account: { accessToken: (text) => ciphertext(text), refreshToken: (text) => ciphertext(text) },
  twoFactor: { backupCodes: (text) => ciphertext(text) },
  // As JSON: a key in clear would be an object.
  jwks: {
    privateKey: (text) => {
      const inner: unknown = JSON.parse(text);
      return typeof inner === "string" ? inner : undefined;
    },
  },
};

/** The text, where it has the form that Better Auth gives a ciphertext. */
const ciphertext = (text: string): string | undefined =>
  /^(?:\$ba\$\d+\$)?(?:[0-9a-f]{2}){40,}$/.test(text) ? text : undefined;

/** A row's columns, as drizzle reads them. */
type Row = Readonly<Record<string, unknown>>;

/**
 * Seals it, in every table that may have such rows. A database that lets it not is a defect.
 *
 * @param key what Better Auth encrypts with
 */
export const sealLeftInClear: (
  connection: ServiceConnection["Service"],
  means: Means,
  key: Key,
) => Effect.Effect<void> = Effect.fn("Auth.sealLeftInClear")(function* (connection, means, key) {
  const { client } = connection;
  const unfinished = yield* connection.statement(client<{ table: string }>`
    select distinct t.relname as table from pg_constraint c join pg_class t on t.oid = c.conrelid
    where c.contype = 'c' and not c.convalidated and c.conname ~ '_(sealed|digested)$'
      and t.relnamespace = current_schema()::regnamespace`);
  for (const { table } of unfinished) {
    const plan = [...plans.values()].find(({ tableName }) => tableName === table);
    if (plan === undefined) continue;
    let rows = 0;
    for (let found = AT_ONCE; found === AT_ONCE; rows += found) {
      found = yield* connection.transaction(sealSome(plan, means, key, client));
    }
    if (rows > 0) {
      yield* Effect.logInfo(`${rows} rows of ${table} were sealed, which an earlier version had left in clear.`);
    }
  }
}, Effect.orDie);

const sealSome = Effect.fnUntraced(function* (plan: Plan, means: Means, key: Key, client: PgClient) {
  const db = yield* makeWithDefaults().pipe(Effect.provideService(PgClient, client));
  const columns: Readonly<Record<string, PgColumn>> = getColumns(plan.table);
  const isLeft: ReadonlyArray<SQL> = [
    ...[...plan.sealed.values()].map((column) => sql`${column} !~ ${Envelope.pattern}`),
    ...[...plan.digested.keys()].map((field) => sql`${columns[field]} !~ ${Digest.pattern}`),
  ];
  const rows: ReadonlyArray<Row> = yield* db
    .select()
    .from(plan.table)
    .where(or(...isLeft))
    .limit(AT_ONCE)
    .for("update");
  for (const row of rows) {
    const values: Record<string, string> = {};
    for (const field of plan.digested.keys()) {
      const text = row[field];
      const column = columns[field];
      if (column === undefined || typeof text !== "string" || Digest.is(text)) continue;
      values[column.name] = digestWith(means, plan, field, text);
    }
    const left = [...plan.sealed].flatMap(([field, column]) => {
      const text = row[field];
      return typeof text === "string" && !Envelope.is(text) ? [{ field, column, text }] : [];
    });
    const unsealed = yield* Effect.forEach(left, ({ column, field, text }) =>
      Effect.map(inClear(plan, field, text, key, String(row.id)), (clear) => ({
        owner: plan.owner.of(row),
        place: Secrets.at(column, String(row.id)),
        value: Redacted.make(clear),
      })),
    );
    const envelopes = yield* means.secrets.seal(unsealed);
    for (const [index, { column }] of left.entries()) values[column.name] = envelopes[index] ?? "";
    const id = models.ids[plan.model]?.toUuid(String(row.id));
    yield* client`update ${client(plan.tableName)} set ${client.update(values)} where id = ${id}::uuid`;
  }
  return rows.length;
});

/** A value as it is to be sealed. What does not decrypt could not be read before either: it stays what it is, within an envelope. */
const inClear = (plan: Plan, field: string, text: string, key: Key, row: string): Effect.Effect<string> =>
  Effect.try(() => encrypted[plan.model]?.[field]?.(text)).pipe(
    Effect.flatMap((data) =>
      data === undefined ? Effect.succeed(text) : Effect.tryPromise(() => symmetricDecrypt({ key, data })),
    ),
    Effect.catch(() =>
      Effect.as(
        Effect.logWarning(
          `${plan.tableName}.${field} of ${row} was encrypted with another secret, and is kept as it is.`,
        ),
        text,
      ),
    ),
  );
