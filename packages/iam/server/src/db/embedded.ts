/** The embedded database: PGlite in this process, for development, tests and small installations. */
import { Migrations } from "@beep/db-admin";
import { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import type { PGlite } from "@electric-sql/pglite";
import * as Pg from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pgliteStream } from "./pgliteStream.ts";
import * as ServiceConnection from "./ServiceConnection.ts";

/** The login that the one session takes, so that row security binds it as it would on a server. */
const LOGIN = "iam_app";

export interface Options {
  /** The folder that holds the database; kept between runs. Without one the database is in memory and ends with it. */
  readonly dataDir?: string | undefined;
}

/** Opens the database, migrates it, and gives the one client to it. */
export const openDatabase = Effect.fn("Embedded.open")(function* (options: Options) {
  if (options.dataDir !== undefined) yield* lock(options.dataDir);
  const pglite = yield* Effect.acquireRelease(create(options.dataDir), (database) =>
    Effect.promise(() => database.close()),
  );
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
  yield* Migrations.run({ login: LOGIN, schema: IamDbSchema }).pipe(Effect.provideService(Pg.PgClient, client));
  yield* client.unsafe(`set session authorization ${LOGIN}`);
  return { client, serviceConnection: ServiceConnection.taken(client) };
}, (opening, options) => Effect.mapError(opening, (error) => error._tag === "StartupError" ? error : unusable(options.dataDir, error)));

const create = (dataDir: string | undefined): Effect.Effect<PGlite, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      // Loaded only where it is used: a server with a PostgreSQL of its own needs no megabytes of WebAssembly.
      const { PGlite } = await import("@electric-sql/pglite");
      return dataDir === undefined ? PGlite.create() : PGlite.create(join(dataDir, "postgres"));
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

/** Two processes in one data directory would destroy it. */
const lock = (dataDir: string) =>
  Effect.acquireRelease(takeLock(dataDir, join(dataDir, "lock")), () =>
    Effect.promise(() => rm(join(dataDir, "lock"), { force: true })),
  );

const takeLock = (dataDir: string, file: string): Effect.Effect<void, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dataDir, { recursive: true });
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
    },
    catch: (cause) => cause,
  }).pipe(
    Effect.catchIf(isAlreadyThere, () =>
      Effect.gen(function* () {
        const holder = Number(yield* Effect.promise(() => readFile(file, "utf8").catch(() => "")));
        if (isRunning(holder)) {
          return yield* new Errors.StartupError({
            code: "DATA_DIRECTORY_IN_USE",
            message: `The data directory ${dataDir} is in use by process ${holder}.`,
            remedy: "Stop that process, or name another directory by IAM_DATA_DIR.",
          });
        }
        // What a process left behind that was killed.
        yield* Effect.promise(() => rm(file, { force: true }));
        return yield* takeLock(dataDir, file);
      }),
    ),
    Effect.mapError((cause) =>
      cause instanceof Errors.StartupError
        ? cause
        : new Errors.StartupError({
            code: "DATA_DIRECTORY_UNUSABLE",
            message: `The data directory ${dataDir} cannot be written.`,
            remedy: "Let this user write there, or name another directory by IAM_DATA_DIR.",
            cause,
          }),
    ),
  );

const isAlreadyThere = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EEXIST";

const isRunning = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process is there but somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};
