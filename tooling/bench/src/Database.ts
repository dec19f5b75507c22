/** A database of a benchmark's own: PostgreSQL 18 as in use, migrated, with the identity services' layers on it. */
import type { ServiceConnection } from "@beep/iam-server";
import { IamDb } from "@beep/iam-server/db/Db";
import * as PostgresServer from "@beep/testing/PostgresServer";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as ConfigProvider from "effect/ConfigProvider";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Reactivity from "effect/reactivity/Reactivity";
import type * as Scope from "effect/Scope";
import pg from "pg";

export interface Database {
  /** The superuser, whom no policy binds: to fill tables. */
  readonly admin: PgClient.PgClient;
  readonly adminUrl: Redacted.Redacted;
  /** The address under which the application's login connects. */
  readonly appUrl: Redacted.Redacted;
  /** What `IamDb.layer` provides, with its own defaults, under the application's login. */
  readonly services: Context.Context<IamDb.Provided>;
}

/** How many connections each pool holds, unless a benchmark needs more: what `IamDb.layer` takes where nothing is said. */
const usual = 8;

/** Starts the server and migrates it. Commits are durable, as they are in use; all is gone when the scope closes. */
export const make: Effect.Effect<Database, unknown, Scope.Scope> = Effect.gen(function* () {
  return yield* open(yield* start);
}).pipe(Effect.provide(Reactivity.layer));

/**
 * The same several times: what `fill` writes is there in databases of one server, which are equal page by page.
 *
 * @param names what they are called; the first is the one that is filled
 * @param fill is given the first database, before there is another
 * @param connections how many each pool may hold
 */
export const makeCopies = Effect.fnUntraced(function* <A, const Name extends string>(
  names: readonly [Name, ...ReadonlyArray<Name>],
  fill: (database: Database) => Effect.Effect<A, unknown>,
  connections = usual,
) {
  const url = yield* start;
  const server = yield* PgClient.make({ url, maxConnections: 1 });
  const [first, ...others] = names;
  yield* server`create database ${server(first)}`;
  // Whoever is connected to a database keeps it from being copied.
  const filled = yield* Effect.scoped(Effect.flatMap(open(named(url, first)), fill));
  for (const name of others) yield* server`create database ${server(name)} template ${server(first)}`;
  const databases = new Map<Name, Database>();
  for (const name of names) databases.set(name, yield* open(named(url, name), connections));
  return { filled, databases };
}, Effect.provide(Reactivity.layer));

/** The same twice. */
export const makeTwins = <A>(fill: (database: Database) => Effect.Effect<A, unknown>) =>
  Effect.gen(function* () {
    const { databases, filled } = yield* makeCopies(["one", "other"], fill);
    const [one, other] = [databases.get("one"), databases.get("other")];
    if (one === undefined || other === undefined) return yield* Effect.die(new Error("Each name has a database."));
    return { filled, one, other };
  });

const start = Effect.gen(function* () {
  const { adminUrl } = yield* PostgresServer.make({ major: 18, durable: true });
  const admin = yield* PgClient.makeClient({ url: adminUrl });
  yield* admin`create role iam_app login password 'app'`;
  return adminUrl;
});

const open = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted, connections = usual) {
  const admin = yield* PgClient.make({ url: adminUrl, maxConnections: 1 });
  const appUrl = asApp(adminUrl);
  const config = ConfigProvider.layer(
    ConfigProvider.fromUnknown({
      DATABASE_URL: Redacted.value(appUrl),
      IAM_MIGRATIONS_URL: Redacted.value(adminUrl),
      IAM_DATABASE_CONNECTIONS: String(connections),
    }),
  );
  const services = yield* Layer.build(Layer.provide(IamDb.layer, config));
  const database: Database = { admin, adminUrl, appUrl, services };
  return database;
});

const named = (url: Redacted.Redacted, database: string): Redacted.Redacted => {
  const address = new URL(Redacted.value(url));
  address.pathname = `/${database}`;
  return Redacted.make(address.href);
};

const asApp = (url: Redacted.Redacted): Redacted.Redacted => {
  const address = new URL(Redacted.value(url));
  address.username = "iam_app";
  address.password = "app";
  return Redacted.make(address.href);
};

/** The services' own connection, which is private to their package: it exports the type alone. Its key finds it. */
export const serviceConnection = (services: Context.Context<IamDb.Provided>): ServiceConnection["Service"] =>
  services.mapUnsafe.get("@beep/iam-server/db/ServiceConnection");

/** A pool of the `pg` driver, as large as that of the services, whose connections have the service role. */
export const openPool = (url: Redacted.Redacted) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new pg.Pool({
        connectionString: Redacted.value(url),
        max: usual,
        options: "-c role=iam_service",
      });
      // `end` returns before all is closed, and what the stopping server then says to a connection is no failure. A
      // query that fails says so itself.
      return pool.on("error", () => {});
    }),
    (pool) => Effect.promise(() => pool.end()),
  );
