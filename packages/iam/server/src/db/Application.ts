/** What an application adds to the database. */
import { Migrations } from "@beep/db-admin";
import type { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

/** An application's tables and migrations. */
export interface Application {
  /** Its tables by name, for what they let tenants read. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The folder of its migrations, as drizzle-kit writes it; none where it migrates by itself. */
  readonly migrations?: string | undefined;
}

/** The application that the database layers serve: none, unless one is provided. */
export const Application = Context.Reference<Application>("@beep/iam-server/db/Application", {
  defaultValue: () => ({ schema: {} }),
});

/**
 * Lets the database layers bring an application's tables along: its migrations run after ours, in the same transaction,
 * and its tables are hardened like ours. To be provided to `IamDb.layer`, or to whatever is composed of it.
 */
export const layer = (application: Application): Layer.Layer<never> => Layer.succeed(Application, application);

/** All migrations, in order. */
export const sources = Effect.map(Application, ({ migrations, schema }) =>
  migrations === undefined ? [Migrations.own] : [Migrations.own, Migrations.application(migrations, schema)],
);

/** Says which of them a database lacks. */
export const lacking = (pending: ReadonlyArray<string>): string =>
  `The database lacks ${pending.length === 1 ? "a migration" : `${pending.length} migrations`} (${pending.join(", ")}).`;

/** Migrates for a login. */
export const migrateFor = Effect.fnUntraced(function* (
  login: string,
): Effect.fn.Return<ReadonlyArray<string>, Errors.StartupError, PgClient> {
  const { schema } = yield* Application;
  return yield* Migrations.run({ login, schema: { ...IamDbSchema, ...schema }, sources: yield* sources });
});
