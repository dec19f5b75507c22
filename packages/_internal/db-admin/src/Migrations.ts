/**
 * Migrating: the roles, drizzle's migrations, and the hardening of every table, in one transaction under a lock. So a
 * migration that fails leaves the database as it was, and processes that start together migrate once.
 */

import { fileURLToPath } from "node:url";
import { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { Record, Table } from "@beep/shared-tables";
import { PgClient } from "@effect/sql-pg/PgClient";
import { is } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import { migrate } from "drizzle-orm/effect-postgres/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import { changes } from "./changes.ts";
import * as hardening from "./hardening.ts";
import { createWriter, record, recordMigrations, suspendRecording } from "./recording.ts";
import { createRelations, relationTriggers } from "./relations.ts";
import { createRetention } from "./retention.ts";
import * as SqlState from "./SqlState.ts";

/** Migrations, and where it stands which of them were applied. */
export interface Source {
  /** The folder, as drizzle-kit writes it. */
  readonly folder: string;
  /** The table in the schema `drizzle` that lists those that were applied. */
  readonly journal: string;
  /** The tables that they make: a database that once had them, and has them no longer, is refused. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** This package's migrations. */
export const own: Source = {
  folder: fileURLToPath(new URL("../migrations", import.meta.url)),
  journal: "iam_migrations",
  schema: IamDbSchema,
};

/** An application's migrations, in the journal that drizzle-kit would use for them. */
export const application = (folder: string, schema: Source["schema"]): Source => ({
  folder,
  journal: "__drizzle_migrations",
  schema,
});

const asDrizzle = ({ folder, journal }: Source) => ({
  migrationsFolder: folder,
  migrationsSchema: "drizzle",
  migrationsTable: journal,
});

/** Any number will do that no other program locks. */
const migrationLock = 7_206_851_301;

/** For whom to migrate. */
export interface Options {
  /** The login of the application: it is given the two roles and owns nothing. */
  readonly login: string;
  /** The tables, for what they state; the database remembers what it was told of other tables. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The migrations, in order; this package's own where nothing is said. */
  readonly sources?: ReadonlyArray<Source> | undefined;
}

/**
 * Brings the database to this version, and gives the names of the migrations that it lacked. Needs a client whose login
 * owns the tables and may create roles, or finds them created. Doing it again changes nothing.
 */
export const run = Effect.fn("Migrations.run")(function* (options: Options) {
  const client = yield* PgClient;
  const db = yield* makeWithDefaults();
  return yield* client.withTransaction(
    Effect.gen(function* () {
      yield* client`select pg_advisory_xact_lock(${migrationLock})`;
      const sources = options.sources ?? [own];
      const missing = yield* pendingOf(sources);
      yield* client.unsafe(hardening.createRoles);
      yield* client.unsafe(hardening.grantSchemaCreate);
      if (missing.length > 0) {
        yield* client.unsafe(hardening.suspendForcedRowSecurity);
        yield* suspendRecording;
        for (const source of sources) yield* migrate(db, asDrizzle(source));
      }
      // Row security, the step that hardens tables turns on again.
      yield* demandUnchanged(sources, { login: options.login, secured: false });
      const [{ schema } = { schema: "public" }] = yield* client<{ schema: string }>`select current_schema() as schema`;
      for (const statement of [
        ...hardening.createTriggerFunctions,
        ...hardening.createPartitioning(schema),
        ...createWriter(schema),
        ...createRetention(schema),
        ...createRelations(schema),
        ...relationTriggers,
      ]) {
        yield* client.unsafe(statement);
      }
      for (const statement of stated(options.schema)) yield* client.unsafe(statement);
      yield* harden;
      if (missing.length > 0) yield* recordMigrations(missing);
      yield* client.unsafe(hardening.grantLogin(options.login));
      yield* client.unsafe(hardening.grantRoles(options.login));
      return missing;
    }),
  );
}, Effect.mapError(explain));

/** The names of the migrations that the database has not seen. Fails when it has seen one that this version lacks. */
export const pendingOf = (sources: ReadonlyArray<Source>) =>
  Effect.map(Effect.forEach(sources, pendingIn), (names) => names.flat());

const pendingIn = Effect.fnUntraced(function* (source: Source) {
  const client = yield* PgClient;
  const known = readMigrationFiles(asDrizzle(source)).map((migration) => migration.name);
  const [{ exists } = { exists: false }] = yield* client<{ exists: boolean }>`
    select to_regclass(${`drizzle.${source.journal}`}) is not null as exists`;
  if (!exists) return known;
  const applied = yield* client<{ name: string }>`
    select name from ${client(`drizzle.${source.journal}`)} order by name`;
  const names = new Set(applied.map((row) => row.name));
  const foreign = [...names].filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    return yield* new Errors.StartupError({
      code: "DATABASE_NEWER",
      message: `The database was migrated by a newer version (${foreign.join(", ")}).`,
      remedy: "Run the version that migrated it, or restore a backup from before.",
    });
  }
  return known.filter((name) => !names.has(name));
});

/**
 * Forced row security, grants and triggers of every table that the factories made, those included that record what
 * changes, and an application's own tables: as migrating puts them right.
 */
export const harden = Effect.andThen(
  Effect.flatMap(PgClient, (client) => client.unsafe(hardening.hardenTables)),
  record,
);

const demandUnchanged = Effect.fnUntraced(function* (
  sources: ReadonlyArray<Source>,
  options: Parameters<typeof changes>[1],
) {
  const changed = yield* changes(
    sources.map((source) => source.schema),
    options,
  );
  if (changed !== undefined) {
    return yield* new Errors.StartupError({
      code: "DATABASE_CHANGED",
      message: `Something else has changed the database since it was migrated: ${changed}.`,
      remedy:
        "Run `iam doctor`: it says what differs, and how to put it right." +
        (sources.length > 1 ? " What is new in your own tables wants its migration: drizzle-kit generate." : ""),
    });
  }
});

/**
 * The names of the migrations that the database has not seen, asked by the application's login. Fails when the database
 * has seen one that this version lacks, when it was migrated for other logins than this one, when row security does not
 * bind this one, and when it has every migration but not what they made.
 */
export const pending = (sources: ReadonlyArray<Source> = [own]) =>
  Effect.catchIf(
    pendingForLogin(sources),
    (error) => SqlState.of(error) === SqlState.insufficientPrivilege,
    (cause) =>
      Effect.fail(
        new Errors.StartupError({
          code: "ROLES_MISSING",
          message: "The database was migrated, but not for the login of DATABASE_URL.",
          remedy: "Migrate it again with that login in DATABASE_URL, or correct DATABASE_URL.",
          cause,
        }),
      ),
  );

const pendingForLogin = Effect.fnUntraced(function* (sources: ReadonlyArray<Source>) {
  const client = yield* PgClient;
  const [login] = yield* client.unsafe<{ bypasses: boolean }>(hardening.bypasses("current_user"));
  if (login?.bypasses) return yield* bypassing();
  const missing = yield* pendingOf(sources);
  if (missing.length === 0) yield* withoutWaiting(demandUnchanged(sources, { secured: true }));
  return missing;
});

/** To look at a policy PostgreSQL waits for whoever has its table locked, and a start should not. */
const withoutWaiting = Effect.fnUntraced(
  function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
    const client = yield* PgClient;
    return yield* client.withTransaction(Effect.andThen(client`select set_config('lock_timeout', '3s', true)`, effect));
  },
  Effect.catchIf(
    (error) => SqlState.of(error) === SqlState.lockNotAvailable,
    (cause) =>
      Effect.fail(
        new Errors.StartupError({
          code: "DATABASE_LOCKED",
          message: "A table of the services is locked, perhaps by a migration that runs.",
          remedy: "Start again when it is done, or end what holds the lock (pg_locks, pg_stat_activity).",
          cause,
        }),
      ),
  ),
);

const bypassing = (cause?: unknown) =>
  new Errors.StartupError({
    code: "ROLES_MISSING",
    message: "The login of DATABASE_URL has BYPASSRLS, and would see every row without a scope.",
    remedy:
      "Take it away (alter role … nobypassrls), or put another login into DATABASE_URL and this one into " +
      "IAM_MIGRATIONS_URL.",
    cause,
  });

const stated = (schema: Options["schema"]): ReadonlyArray<string> =>
  Object.values(schema)
    .filter((table) => is(table, PgTable))
    .flatMap((table) => {
      const { name, policies } = getTableConfig(table);
      return policies.flatMap((policy) => {
        if (policy instanceof Table.ServiceSeesAll || policy instanceof Record.ServiceSeesAll)
          return [hardening.state(name, policy.name, policy.facts)];
        if (policy instanceof Table.TenantMayRead) return [hardening.state(name, policy.name, policy.columns)];
        return [];
      });
    });

function explain(error: unknown): Errors.StartupError {
  if (error instanceof Errors.StartupError) return error;
  switch (SqlState.of(error)) {
    case SqlState.insufficientPrivilege:
      return new Errors.StartupError({
        code: "ROLES_MISSING",
        message: `The migrating login may not make the tables or the roles iam_tenant and iam_service: ${SqlState.message(error)}`,
        remedy:
          "Set IAM_MIGRATIONS_URL to a login that owns the database and has CREATEROLE, or let an administrator run what " +
          "`iam migrate --print-setup` prints.",
        cause: error,
      });
    case SqlState.noSuchLogin:
      return new Errors.StartupError({
        code: "ROLES_MISSING",
        message: "The login of DATABASE_URL does not exist.",
        remedy: "Create it (`iam migrate --print-setup` prints how), or correct DATABASE_URL.",
        cause: error,
      });
    case SqlState.bypassingLogin:
      return bypassing(error);
    case SqlState.inheritingLogin:
      return new Errors.StartupError({
        code: "ROLES_MISSING",
        message:
          "The login of DATABASE_URL inherits iam_tenant or iam_service, and would see every row without a scope.",
        remedy:
          "Revoke both from it, and from every role that it belongs to; migrating then grants them as they must be.",
        cause: error,
      });
    default:
      return new Errors.StartupError({
        code: "MIGRATION_FAILED",
        message: `Migrating failed, and the database is as it was: ${SqlState.message(error)}`,
        remedy: "Correct the migration, or the data that it met, and start again.",
        cause: error,
      });
  }
}
