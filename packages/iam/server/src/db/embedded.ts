/** The embedded database: PGlite in this process, for development, tests and small installations. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
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
export const LOGIN = "iam_app";

/** The login that owns the tables. */
export const OWNER = "postgres";

/** The major version of PostgreSQL that PGlite is: it reads no other's files. */
export const MAJOR = "18";

/** Where in a data directory the database's own files are. */
export const filesIn = (dataDir: string): string => join(dataDir, "postgres");

/** Where the embedded database is. */
export interface Options {
  /** The folder that holds the database; kept between runs. Without one the database is in memory and ends with it. */
  readonly dataDir?: string | undefined;
  /**
   * What a database in memory begins with: the image of another, as PGlite's `dumpDataDir` makes it. Beginning so is faster
   * than migrating, for tests say.
   */
  readonly image?: Blob | undefined;
  /** Whether to migrate the database. If not, one that needs it is refused, as is a folder that holds none. */
  readonly migrate?: boolean | undefined;
}

/** Opens the database, migrates it unless it is told not to, and gives the one client to it. */
export const openDatabase = Effect.fn("Embedded.open")(
  function* (options: Options) {
    const { dataDir, migrate = true } = options;
    const files = dataDir === undefined ? undefined : filesIn(dataDir);
    // Before the folder is made.
    if (!migrate && !(files !== undefined && existsSync(files))) return yield* pending(options);
    yield* Progress.begin("Opening the database");
    if (dataDir !== undefined) {
      yield* demandOwnVersion(dataDir);
      yield* DirectoryLock.take(dataDir);
    }
    const client = yield* openFiles(files, options.image);
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

const pending = ({ dataDir }: Options) =>
  new Errors.StartupError({
    code: "MIGRATION_PENDING",
    message: `The embedded database in ${dataDir ?? "memory"} is not there yet, or lacks migrations.`,
    remedy: "Run `iam migrate`.",
  });

/**
 * Opens a database, whose owner the client is, with the login in it. In memory, where no files are named; there it may
 * begin with an image.
 */
export const openFiles = Effect.fnUntraced(function* (files: string | undefined, image?: Blob) {
  const pglite = yield* Effect.acquireRelease(create(files, image), (database) =>
    Effect.promise(() => database.close()),
  );
  const client = yield* Pg.make({
    stream: () => pgliteStream(pglite),
    username: OWNER,
    database: "postgres",
    maxConnections: 1,
    minConnections: 1,
  });
  yield* client`reset session authorization`;
  yield* client.unsafe(`
    do $$ begin
      if not exists (select from pg_roles where rolname = '${LOGIN}') then create role ${LOGIN} login; end if;
    end $$`);
  return client;
});

/** The major version of PostgreSQL that made the files in a data directory; none where there are none. */
export const versionIn = (dataDir: string): Effect.Effect<string | undefined> =>
  Effect.promise(() =>
    readFile(join(filesIn(dataDir), "PG_VERSION"), "utf8").then(
      (text) => text.trim(),
      () => undefined,
    ),
  );

/** Another version's files are refused before anything is written beside them. */
const demandOwnVersion = Effect.fnUntraced(function* (dataDir: string) {
  const version = yield* versionIn(dataDir);
  if (version !== undefined && version !== MAJOR) return yield* otherVersion(dataDir, version);
});

/** What is wrong with a data directory of another version. */
export const otherVersion = (dataDir: string, version: string) =>
  new Errors.StartupError({
    code: "DATA_DIRECTORY_OTHER_VERSION",
    message: `The database in ${dataDir} was made by PostgreSQL ${version}, and this version reads those of ${MAJOR}.`,
    remedy:
      "Start the version of iam that made it and carry the data over by a dump, or name another directory by " +
      "IAM_DATA_DIR.",
  });

const create = (files: string | undefined, image: Blob | undefined): Effect.Effect<PGlite, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      // Loaded only where it is used: a server with a PostgreSQL of its own needs no megabytes of WebAssembly.
      const { PGlite } = await import("@electric-sql/pglite");
      if (files !== undefined) return PGlite.create(files);
      return image === undefined ? PGlite.create() : PGlite.create({ loadDataDir: image });
    },
    catch: (cause) => unusable(files, cause),
  });

/** What is wrong with a database that does not open. */
export const unusable = (directory: string | undefined, cause: unknown) =>
  new Errors.StartupError({
    code: "DATA_DIRECTORY_UNUSABLE",
    message: `The embedded database in ${directory ?? "memory"} cannot be opened.`,
    remedy: "Restore the directory from a backup, or name another one by IAM_DATA_DIR.",
    cause,
  });
