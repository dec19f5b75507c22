/** The embedded database: PGlite in this process, for development, tests and small installations. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Migrations } from "@beep/db-admin";
import { Errors } from "@beep/iam-domain";
import * as Pg from "@effect/sql-pg/PgClient";
import type { PGlite } from "@electric-sql/pglite";
import * as Effect from "effect/Effect";
import * as Application from "./Application.ts";
import * as DirectoryLock from "./DirectoryLock.ts";
import * as Progress from "./Progress.ts";
import { pgliteStream } from "./pgliteStream.ts";
import * as ServiceConnection from "./ServiceConnection.ts";

/** The login that the one session takes, so that row security binds it as it would on a server. */
const LOGIN = "iam_app";

/** Where the embedded database is. */
export interface Options {
  /** The folder that holds the database; kept between runs. Without one the database is in memory and ends with it. */
  readonly dataDir?: string | undefined;
  /** Whether to migrate the database. If not, one that needs it is refused, as is a folder that holds none. */
  readonly migrate?: boolean | undefined;
}

/** Opens the database, migrates it unless it is told not to, and gives the one client to it. */
export const openDatabase = Effect.fn("Embedded.open")(
  function* (options: Options) {
    const { dataDir, migrate = true } = options;
    // Before the folder is made.
    if (!migrate && !(dataDir !== undefined && existsSync(folderIn(dataDir)))) return yield* pending(options);
    yield* Progress.begin("Opening the database");
    if (dataDir !== undefined) yield* DirectoryLock.take(dataDir);
    const pglite = yield* Effect.acquireRelease(create(dataDir), (database) => Effect.promise(() => database.close()));
    const client = yield* Pg.make({
      stream: () => pgliteStream(pglite),
      username: "postgres",
      database: "postgres",
      maxConnections: 1,
      minConnections: 1,
    });
    yield* client`reset session authorization`;
    yield* client.unsafe(`
    do $$ begin
      if not exists (select from pg_roles where rolname = '${LOGIN}') then create role ${LOGIN} login; end if;
    end $$`);
    const database = Effect.provideService(Pg.PgClient, client);
    if (migrate) yield* Progress.begin("Migrating the database");
    const migrated = migrate ? yield* database(Application.migrateFor(LOGIN)) : [];
    yield* client.unsafe(`set session authorization ${LOGIN}`);
    if (!migrate && (yield* database(Migrations.pending(yield* Application.sources))).length > 0) {
      return yield* pending(options);
    }
    return { client, serviceConnection: ServiceConnection.perStatement(client), migrated };
  },
  (opening, options) =>
    Effect.mapError(opening, (error) => (error._tag === "StartupError" ? error : unusable(options.dataDir, error))),
);

const folderIn = (dataDir: string) => join(dataDir, "postgres");

const pending = ({ dataDir }: Options) =>
  new Errors.StartupError({
    code: "MIGRATION_PENDING",
    message: `The embedded database in ${dataDir ?? "memory"} is not there yet, or lacks migrations.`,
    remedy: "Run `iam migrate`.",
  });

const create = (dataDir: string | undefined): Effect.Effect<PGlite, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      // Loaded only where it is used: a server with a PostgreSQL of its own needs no megabytes of WebAssembly.
      const { PGlite } = await import("@electric-sql/pglite");
      return dataDir === undefined ? PGlite.create() : PGlite.create(folderIn(dataDir));
    },
    catch: (cause) => unusable(dataDir, cause),
  });

const unusable = (dataDir: string | undefined, cause: unknown) =>
  new Errors.StartupError({
    code: "DATA_DIRECTORY_UNUSABLE",
    message: `The embedded database in ${dataDir ?? "memory"} cannot be opened.`,
    remedy: "Restore the directory from a backup, or name another one by IAM_DATA_DIR.",
    cause,
  });
