/** A PostgreSQL server: migrated by its owner, used by a login that owns nothing. */
import { Migrations, SqlState } from "@beep/db-admin";
import { Errors } from "@beep/iam-domain";
import { serviceRole } from "@beep/shared-tables";
import * as Pg from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as Setting from "../config/Setting.ts";
import * as Application from "./Application.ts";
import * as Progress from "./Progress.ts";
import * as ServiceConnection from "./ServiceConnection.ts";

const Connections = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1));

/** How to reach the server. */
export const keys = {
  url: Setting.required("DATABASE_URL", Config.Redacted, {
    type: "`postgres://` address",
    says: "The PostgreSQL server (15 or later) and the application's login.",
  }),
  migrationsUrl: Setting.optional("IAM_MIGRATIONS_URL", Config.Redacted, {
    type: "`postgres://` address",
    fallback: "`DATABASE_URL`",
    says: "The same database under the login that owns the tables and may create roles.",
  }),
  runMigrations: Setting.withDefault("IAM_RUN_MIGRATIONS", Config.Boolean, {
    type: "`true` or `false`",
    value: true,
    says: "Whether to migrate at start. Otherwise a database that needs migrating is refused.",
  }),
  connections: Setting.withDefault("IAM_DATABASE_CONNECTIONS", (key) => Config.schema(Connections, key), {
    type: "whole number from 1",
    value: 8,
    says: "How many connections each of the two pools may hold: the application's, and the identity services' own.",
  }),
};

/** What Config says of the server. */
export const settings = Config.all(keys);

/** Migrates the database, and gives the names of the migrations that it lacked. */
export const migrate = Effect.fn("Server.migrate")(function* () {
  const { url, migrationsUrl } = yield* settings;
  const login = yield* loginOf("DATABASE_URL", url);
  const ownerUrl = Option.getOrElse(migrationsUrl, () => url);
  yield* loginOf("IAM_MIGRATIONS_URL", ownerUrl);
  yield* Progress.begin("Migrating the database");
  return yield* Application.migrateFor(login).pipe(using(ownerUrl));
}, Effect.mapError(explain));

/** Migrates the database, unless it is told not to, and gives the clients to it. */
export const openDatabase = Effect.fn("Server.open")(function* () {
  const { url, runMigrations, connections } = yield* settings;
  yield* loginOf("DATABASE_URL", url);
  if (runMigrations) yield* migrate();
  else yield* demandMigrated(url);
  yield* Progress.begin("Opening the database");
  const pool = { url, multiplex: true, maxConnections: connections, applicationName: "iam" };
  const client = yield* Pg.make(pool);
  const roleHolder = yield* Pg.make({
    ...pool,
    applicationName: "iam-service",
    startupParameters: { role: serviceRole.name },
  });
  return { client, serviceConnection: ServiceConnection.pooled(client, roleHolder) };
}, Effect.mapError(explain));

const demandMigrated = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const pending = yield* Migrations.pending(yield* Application.sources).pipe(using(url));
  if (pending.length > 0) {
    return yield* new Errors.StartupError({
      code: "MIGRATION_PENDING",
      message: `The database lacks ${pending.length} migrations (${pending.join(", ")}), and IAM_RUN_MIGRATIONS is off.`,
      remedy: "Run `iam migrate` with IAM_MIGRATIONS_URL.",
    });
  }
});

/** Runs an effect with a client of its own, which is gone afterwards; first it finds out whether it is let in. */
const using =
  (url: Redacted.Redacted) =>
  <A, E>(effect: Effect.Effect<A, E, Pg.PgClient>) =>
    Effect.scoped(
      Effect.flatMap(Pg.make({ url, maxConnections: 1 }), (client) =>
        Effect.andThen(client`select 1`, Effect.provideService(effect, Pg.PgClient, client)),
      ),
    );

/** The login in an address, which is refused where it is none. */
export const loginOf = Effect.fnUntraced(function* (key: string, url: Redacted.Redacted) {
  const login = loginIn(Redacted.value(url));
  if (Option.isSome(login) && login.value !== "") return login.value;
  return yield* new Errors.StartupError({
    code: "CONFIGURATION_INVALID",
    message: `${key} is not the address of a PostgreSQL database with a login.`,
    remedy: `Set ${key} to postgres://<login>:<password>@<host>:<port>/<database>.`,
  });
});

/** What is no address throws, and so does a percent sign that encodes nothing. */
const loginIn = Option.liftThrowable((address: string) => {
  const { protocol, username, password } = new URL(address);
  const [login = ""] = [username, password].map((part) => decodeURIComponent(part));
  return /^postgres(ql)?:$/.test(protocol) ? login : "";
});

function explain<E extends Errors.StartupError | Config.ConfigError>(error: E | SqlError): E | Errors.StartupError {
  return error._tag === "SqlError" ? unreachable(error) : error;
}

const unreachable = (error: SqlError): Errors.StartupError => {
  const said = SqlState.message(error);
  return SqlState.of(error)?.startsWith("28") || SqlState.of(error)?.startsWith("3D")
    ? new Errors.StartupError({
        code: "DATABASE_REFUSED",
        message: `The database server refused the connection: ${said}`,
        remedy: "Correct the login, password and database name in DATABASE_URL and IAM_MIGRATIONS_URL.",
        cause: error,
      })
    : new Errors.StartupError({
        code: "DATABASE_UNREACHABLE",
        message: `The database server cannot be reached: ${said}`,
        remedy: "Start it, or correct host and port in DATABASE_URL and IAM_MIGRATIONS_URL.",
        cause: error,
      });
};
