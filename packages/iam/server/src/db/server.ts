/** A PostgreSQL server: migrated by its owner, used by a login that owns nothing. */
import { Migrations, Setup, SqlState } from "@beep/db-admin";
import { Errors } from "@beep/iam-domain";
import { serviceRole } from "@beep/shared-tables";
import * as Pg from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as places from "../config/places.ts";
import * as Setting from "../config/Setting.ts";
import * as Application from "./Application.ts";
import { noConnection } from "./noConnection.ts";
import * as Progress from "./Progress.ts";
import * as ServiceConnection from "./ServiceConnection.ts";

const Connections = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1));

const { type, says } = places.keys.databaseUrl.entry;

/** How to reach the server. */
export const keys = {
  url: Setting.required("DATABASE_URL", Config.Redacted, { type, says }),
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
  pooler: Setting.withDefault("IAM_DATABASE_POOLER", (key) => Config.Literals(["none", "transaction"], key), {
    type: "`none` or `transaction`",
    value: "none",
    says: "Whether a pooler like PgBouncer, in transaction mode, stands in between. Then there is one pool, statements are not prepared, and a single statement of the identity services becomes a transaction.",
  }),
};

/** What Config says of the server. */
export const settings = Config.all(keys);

/** Migrates the database, and gives the names of the migrations that it lacked. */
export const migrate = Effect.fn("Server.migrate")(function* () {
  const { url, migrationsUrl } = yield* settings;
  const { login } = yield* addressOf("DATABASE_URL", url);
  const ownerUrl = Option.getOrElse(migrationsUrl, () => url);
  yield* addressOf("IAM_MIGRATIONS_URL", ownerUrl);
  yield* Progress.begin("Migrating the database");
  return yield* Application.migrateFor(login).pipe(using(ownerUrl));
}, Effect.mapError(explain));

/** Migrates the database, unless it is told not to, and gives the clients to it. */
export const openDatabase = Effect.fn("Server.open")(function* () {
  const { url, runMigrations, connections, pooler } = yield* settings;
  yield* addressOf("DATABASE_URL", url);
  if (pooler === "none") yield* demandDirect(url);
  if (runMigrations) yield* migrate();
  else yield* demandMigrated(url);
  yield* Progress.begin("Opening the database");
  const pool = { url, multiplex: true, maxConnections: connections, applicationName: "iam" };
  if (pooler === "transaction") {
    const client = yield* Pg.make({ ...pool, prepare: false });
    return { client, serviceConnection: ServiceConnection.perStatement(client) };
  }
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
      message: Application.lacking(pending),
      remedy: "Run `iam migrate` with IAM_MIGRATIONS_URL.",
    });
  }
});

/** Before anything is done: behind a pooler no connection can hold the service role. */
const demandDirect = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  if (yield* isDirect(url)) return;
  return yield* new Errors.StartupError({
    code: "POOLER_IN_BETWEEN",
    message: "Between this process and the database server stands a pooler that shares connections.",
    remedy: "Set IAM_DATABASE_POOLER=transaction, or let DATABASE_URL lead to the server itself.",
  });
});

/**
 * Whether an address leads to a server itself: a connection there begins with a setting of ours. A pooler that shares
 * connections refuses such a beginning, or leaves the setting out.
 */
export const isDirect = (url: Redacted.Redacted) =>
  Pg.makeClient({ url, prepare: false, startupParameters: { [PROBE]: "direct" } }).pipe(
    Effect.flatMap((client) => client<{ value: string | null }>`select current_setting(${PROBE}, true) as value`),
    Effect.scoped,
    Effect.map(([started]) => started?.value === "direct"),
    Effect.catchIf(
      (error) => SqlState.of(error) === SqlState.protocolViolation,
      () => Effect.succeed(false),
    ),
  );

/** A setting of ours, as any session may have them. */
const PROBE = "iam.connection";

/** Runs an effect with a client of its own, which is gone afterwards; first it finds out whether it is let in. */
const using =
  (url: Redacted.Redacted) =>
  <A, E>(effect: Effect.Effect<A, E, Pg.PgClient>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { pooler } = yield* settings;
        const client = yield* Pg.make({ url, maxConnections: 1, prepare: pooler === "none" });
        yield* client`select 1`;
        return yield* Effect.provideService(effect, Pg.PgClient, client);
      }),
    );

/** The login and the database that an address names. */
export const addressOf = Effect.fnUntraced(function* (key: string, url: Redacted.Redacted) {
  const address = addressIn(Redacted.value(url));
  if (Option.isSome(address) && address.value.login !== "") return address.value;
  return yield* new Errors.StartupError({
    code: "CONFIGURATION_INVALID",
    message: `${key} is not the address of a PostgreSQL database with a login.`,
    remedy: `Set ${key} to postgres://<login>:<password>@<host>:<port>/<database>.`,
  });
});

/** What is no address throws, and so does a percent sign that encodes nothing. */
const addressIn = Option.liftThrowable((address: string) => {
  const { protocol, username, password, pathname } = new URL(address);
  const [login = "", , database = ""] = [username, password, pathname.slice(1)].map((part) => decodeURIComponent(part));
  return { login: /^postgres(ql)?:$/.test(protocol) ? login : "", database: database === "" ? login : database };
});

/**
 * What an administrator of the server runs where the migrating login may not make roles, for the logins and the database
 * that Config names, or else for names that say what they are. Connects to nothing.
 */
export const setup = Effect.fn("Server.setup")(function* () {
  const { url, migrationsUrl } = yield* Config.all({
    url: Config.option(keys.url),
    migrationsUrl: keys.migrationsUrl,
  });
  const app = Option.isSome(url) ? yield* addressOf("DATABASE_URL", url.value) : undefined;
  const owner = Option.isSome(migrationsUrl) ? yield* addressOf("IAM_MIGRATIONS_URL", migrationsUrl.value) : undefined;
  return Setup.script({
    owner: owner?.login ?? "iam_owner",
    app: app?.login ?? "iam_app",
    database: (owner ?? app)?.database ?? "iam",
  });
});

function explain<E extends Errors.StartupError | Config.ConfigError>(error: E | SqlError): E | Errors.StartupError {
  return error._tag === "SqlError" ? refusal(error) : error;
}

const refusal = (cause: SqlError): Errors.StartupError => {
  const { code, said } = noConnection(cause);
  return new Errors.StartupError({
    code,
    message: `${words[code].message}: ${said}`,
    remedy: words[code].remedy,
    cause,
  });
};

const words = {
  CONNECTIONS_TOO_FEW: {
    message: "The database server has no connection left",
    remedy: "Lower IAM_DATABASE_CONNECTIONS, or raise max_connections or the limit of the login or database.",
  },
  DATABASE_MISSING: {
    message: "The database server has no database of that name",
    remedy: "Create it, or correct its name in DATABASE_URL and IAM_MIGRATIONS_URL.",
  },
  DATABASE_REFUSED: {
    message: "The database server refused the connection",
    remedy: "Correct login and password in DATABASE_URL and IAM_MIGRATIONS_URL, or what pg_hba.conf says of them.",
  },
  DATABASE_UNREACHABLE: {
    message: "The database server cannot be reached",
    remedy: "Start it, or correct host and port in DATABASE_URL and IAM_MIGRATIONS_URL.",
  },
};
