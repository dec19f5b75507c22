/**
 * Examines an installation: what Config says, whether mail leaves, and whether the database is what it should be. It
 * changes nothing, and what it finds carries no secret.
 */
import { SqlState } from "@beep/db-admin";
import type { Errors, Findings } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Reactivity from "effect/reactivity/Reactivity";
import type { SqlError } from "effect/sql/SqlError";
import { keys as authKeys } from "./auth/settings.ts";
import * as Misspelt from "./config/Misspelt.ts";
import type * as Setting from "./config/Setting.ts";
import * as embedded from "./db/embedded.ts";
import * as Progress from "./db/Progress.ts";
import * as server from "./db/server.ts";
import * as configuration from "./doctor/configuration.ts";
import { connect, refusal } from "./doctor/connection.ts";
import { examineServer } from "./doctor/databaseServer.ts";
import { examineDirectory } from "./doctor/dataDirectory.ts";
import * as Expected from "./doctor/Expected.ts";
import { error } from "./doctor/finding.ts";
import { examineLogin, examineMigratingLogin } from "./doctor/logins.ts";
import * as mail from "./doctor/mail.ts";
import { examineTables, notExamined, type Options } from "./doctor/tables.ts";
import * as Iam from "./Iam.ts";

type Keys = Readonly<Record<string, Setting.Setting<unknown>>>;

/**
 * What is wrong, by subjects; nothing where everything is in order.
 *
 * @param options.keys what else the configuration has, beside the services' own: then every other key that begins like
 * ours is found, and not only one that is nearly ours
 * @param options.expected gives what a healthy database has, for who examines often: to find it out takes seconds
 */
export const examine = Effect.fn("Doctor.examine")(function* ({
  keys = {},
  expected = Expected.expected,
}: {
  readonly keys?: Keys;
  readonly expected?: Options["expected"];
} = {}) {
  const url = Option.flatten(yield* configuration.valueOf(Iam.places.databaseUrl));
  const database = Option.match(url, {
    onNone: () => examineEmbedded(expected),
    onSome: (address) => examineServerAt(address, expected),
  });
  return [
    ...(yield* examineConfiguration(keys, url)),
    ...(yield* examineMail(Option.isSome(url))),
    ...(yield* Effect.provide(database, Reactivity.layer)),
  ];
});

const examineConfiguration = Effect.fnUntraced(function* (further: Keys, url: Option.Option<Redacted.Redacted>) {
  yield* Progress.begin("Examining the configuration");
  const { secret, ...stated } = authKeys;
  const onServer = Option.isSome(url);
  const addresses = onServer ? yield* addressesOf(url.value) : undefined;
  const secretStated = yield* configuration.isStated(secret);
  return [
    ...(yield* configuration.invalid([
      ...Object.values({ ...Iam.places, ...stated, ...further }),
      ...(onServer ? Object.values(server.keys) : []),
      // Without a server the secret may still be made.
      ...(secretStated ? [secret] : []),
    ])),
    ...(addresses !== undefined && Result.isFailure(addresses)
      ? [error("CONFIGURATION_INVALID", addresses.failure.message, addresses.failure.remedy)]
      : []),
    ...(yield* configuration.misspelt(
      Object.values({ ...Iam.keys, ...further }),
      Object.keys(further).length > 0 ? Misspelt.demandKnown : Misspelt.demandNoSlip,
    )),
    ...(onServer && !secretStated
      ? [
          error(
            "SECRET_MISSING",
            "IAM_SECRET is not set, and every process on this database needs the same.",
            "Set IAM_SECRET to the output of `openssl rand -base64 32`, and keep it.",
          ),
        ]
      : []),
    ...(yield* configuration.unsafe),
  ];
});

/** The addresses of the database, with the logins in them. */
const addressesOf = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    const migrationsUrl = Option.getOrUndefined(
      Option.flatten(yield* configuration.valueOf(server.keys.migrationsUrl)),
    );
    return {
      url,
      login: (yield* server.addressOf("DATABASE_URL", url)).login,
      migrationsUrl,
      owner: migrationsUrl && (yield* server.addressOf("IAM_MIGRATIONS_URL", migrationsUrl)).login,
    };
  }).pipe(Effect.result);

const examineMail = Effect.fnUntraced(function* (onServer: boolean) {
  yield* Progress.begin("Examining the mail");
  const smtpUrl = Option.getOrUndefined(yield* configuration.valueOf(Iam.places.smtpUrl));
  const from = yield* configuration.valueOf(Iam.places.mailFrom);
  const mailDir = Option.flatten(yield* configuration.valueOf(Iam.places.mailDir));
  const folder = yield* configuration.valueOf(Iam.mailFolder);
  // What the configuration does not say as it should has been found.
  if (smtpUrl === undefined || Option.isNone(folder)) return [];
  const findings = Option.isSome(from) ? mail.examineSender(from.value, Option.isSome(smtpUrl)) : [];
  if (Option.isSome(smtpUrl)) return [...findings, ...(yield* mail.examineSmtp(smtpUrl.value))];
  // In the data directory the folder is as good as that one, which is examined itself.
  if (!onServer && Option.isNone(mailDir)) return findings;
  return [...findings, ...(yield* mail.examineFolder(folder.value, onServer))];
});

const examineEmbedded = Effect.fnUntraced(function* (healthy: Options["expected"]) {
  yield* Progress.begin("Examining the data directory");
  const dataDir = yield* configuration.valueOf(Iam.places.dataDir);
  if (Option.isNone(dataDir)) return [];
  const { copy, findings } = yield* examineDirectory(dataDir.value);
  if (copy === undefined) return findings;
  yield* Progress.begin("Examining the tables");
  const opened = yield* Effect.result(embedded.openFiles(copy));
  if (Result.isFailure(opened)) {
    return [
      ...findings,
      error(
        "DATA_DIRECTORY_UNUSABLE",
        `The embedded database in ${dataDir.value} cannot be opened.`,
        "Restore the directory from a backup, or name another one by IAM_DATA_DIR.",
      ),
    ];
  }
  const tables = yield* looking(
    "the tables",
    examineTables(opened.success, {
      login: embedded.LOGIN,
      owner: embedded.OWNER,
      ownerUrl: undefined,
      runMigrations: true,
      expected: healthy,
    }),
  );
  return [...findings, ...tables];
}, Effect.scoped);

const examineServerAt = Effect.fnUntraced(function* (url: Redacted.Redacted, healthy: Options["expected"]) {
  const addresses = yield* addressesOf(url);
  if (Result.isFailure(addresses)) return [];
  const { login, migrationsUrl, owner } = addresses.success;
  yield* Progress.begin("Examining the database server");
  const opened = yield* Effect.result(connect(url));
  if (Result.isFailure(opened)) return [refusal("DATABASE_URL", opened.failure)];
  const client = opened.success;
  const pool = {
    connections: Option.getOrElse(yield* configuration.valueOf(server.keys.connections), () => 1),
    pooler: Option.getOrElse(yield* configuration.valueOf(server.keys.pooler), () => "none" as const),
  };
  const findings = [...(yield* looking("the server", examineServer(client, url, pool)))];
  if (findings.some(({ code }) => code === "SERVER_TOO_OLD")) return findings;

  yield* Progress.begin("Examining the logins");
  const runMigrations = Option.getOrElse(yield* configuration.valueOf(server.keys.runMigrations), () => true);
  // Without an address of its own it is the application's login that migrates, if anybody.
  const alone = owner === undefined ? runMigrations : owner === login;
  findings.push(...(yield* looking("the application's login", examineLogin(client, alone))));
  let ownerUrl = alone ? url : undefined;
  if (alone)
    findings.push(...(yield* looking("the migrating login", examineMigratingLogin(client, "DATABASE_URL", login))));
  else if (migrationsUrl !== undefined) {
    const migrating = yield* Effect.result(connect(migrationsUrl));
    if (Result.isFailure(migrating)) findings.push(refusal("IAM_MIGRATIONS_URL", migrating.failure));
    else {
      ownerUrl = migrationsUrl;
      const found = examineMigratingLogin(migrating.success, "IAM_MIGRATIONS_URL", login);
      findings.push(...(yield* looking("the migrating login", found)));
    }
  }
  // Where these are found, the tables are missing or out of sight, and there is nothing more to say of them.
  if (findings.some(({ code }) => code === "ROLES_MISSING" || code === "SCHEMA_CLOSED")) return findings;

  yield* Progress.begin("Examining the tables");
  const tables = examineTables(client, {
    login,
    owner: yield* Effect.orElseSucceed(ownerOf(client), () => owner ?? login),
    ownerUrl,
    runMigrations,
    expected: healthy,
  });
  return [...findings, ...(yield* looking("the tables", tables))];
}, Effect.scoped);

/** The login that owns most of the tables, where there are some. */
const ownerOf = Effect.fnUntraced(function* (client: PgClient) {
  const [most] = yield* client<{ owner: string | null }>`
    select mode() within group (order by pg_get_userbyid(t.relowner)) as owner
    from pg_policy p join pg_class t on t.oid = p.polrelid
    where p.polname = 'iam_service_all' and t.relnamespace = current_schema()::regnamespace`;
  return yield* Effect.fromNullishOr(most?.owner);
});

/** Whatever keeps from looking at something is found, too. */
const looking = <R>(
  what: string,
  findings: Effect.Effect<ReadonlyArray<Findings.Finding>, Errors.StartupError | SqlError, R>,
) =>
  Effect.catch(findings, (failure) =>
    Effect.succeed([
      notExamined(`${what}: ${failure._tag === "SqlError" ? SqlState.message(failure) : failure.message}`),
    ]),
  );
