/**
 * The identity services' database: one connection, drizzle over it, and every table and relation of `@beep/iam-tables`.
 * Queries are Effects, and a transaction travels with the fiber.
 */
import type { Errors } from "@beep/iam-domain";
import { IamDbSchema, relations } from "@beep/iam-tables";
import { PgClient } from "@effect/sql-pg/PgClient";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Reactivity from "effect/reactivity/Reactivity";
import type * as Scope from "effect/Scope";
import * as SqlClient from "effect/sql/SqlClient";
import * as Database from "./Database.ts";
import * as embedded from "./embedded.ts";
import { ServiceConnection } from "./ServiceConnection.ts";
import * as server from "./server.ts";
import { takingTurns } from "./takingTurns.ts";

/** The identity services' database: `{ db }` is drizzle with every table and relation of `@beep/iam-tables`. */
export class IamDb extends Context.Service<IamDb, Database.Of<typeof relations>>()("@beep/iam-server/db/IamDb") {}

/** What a database layer provides: drizzle, the client below it, and the services' own connection. */
export type Provided = IamDb | PgClient | SqlClient.SqlClient | ServiceConnection;

const layerFrom = <E>(
  open: Effect.Effect<
    { readonly client: PgClient; readonly serviceConnection: ServiceConnection["Service"] },
    E,
    Scope.Scope | Reactivity.Reactivity
  >,
): Layer.Layer<Provided, E> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { client, serviceConnection } = yield* open;
      takingTurns(client);
      const iamDb = yield* Database.make({ schema: IamDbSchema, relations }).pipe(
        Effect.provideService(PgClient, client),
      );
      return Context.make(IamDb, iamDb).pipe(
        Context.add(PgClient, client),
        Context.add(SqlClient.SqlClient, client),
        Context.add(ServiceConnection, serviceConnection),
      );
    }),
  ).pipe(Layer.provide(Reactivity.layer));

/** The database on a PostgreSQL server (15 or later), as `DATABASE_URL` and its companions say. Migrates at start. */
export const layer: Layer.Layer<Provided, Errors.StartupError | ConfigError> = layerFrom(server.openDatabase());

/** The embedded database: needs no server. Migrates at start. */
export const layerEmbedded = (options: embedded.Options): Layer.Layer<Provided, Errors.StartupError> =>
  layerFrom(embedded.openDatabase(options));

/** Migrates the database on a PostgreSQL server and leaves it. Gives the names of the migrations that it lacked. */
export const migrate: Effect.Effect<ReadonlyArray<string>, Errors.StartupError | ConfigError> = server
  .migrate()
  .pipe(Effect.provide(Reactivity.layer));

/** Migrates the embedded database and leaves it. Gives the names of the migrations that it lacked. */
export const migrateEmbedded = (options: embedded.Options): Effect.Effect<ReadonlyArray<string>, Errors.StartupError> =>
  embedded.openDatabase(options).pipe(
    Effect.map(({ migrated }) => migrated),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
  );

/** The SQL that an administrator of the server runs, where the login that migrates may not make roles. */
export const setup: Effect.Effect<string, Errors.StartupError | ConfigError> = server.setup();

export { settings } from "./server.ts";
