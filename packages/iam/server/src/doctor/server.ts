/** A database on a server: the server itself, its logins, and the tables. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Progress from "../db/Progress.ts";
import * as server from "../db/server.ts";
import { connect, loginsOf, refusal } from "./connection.ts";
import { examineServer } from "./databaseServer.ts";
import type * as Expected from "./Expected.ts";
import { examineKeys } from "./keys.ts";
import { examineLogin, examineMigratingLogin } from "./logins.ts";
import { looking } from "./notExamined.ts";
import { examineTables } from "./tables.ts";

/** What is wrong with it. */
export const examineServerAt = Effect.fnUntraced(function* (url: Redacted.Redacted, healthy: Expected.Find) {
  const logins = yield* Effect.result(loginsOf(url));
  if (Result.isFailure(logins)) return [];
  const { login, migrationsUrl, owner } = logins.success;
  yield* Progress.begin("Examining the database server");
  const opened = yield* Effect.result(connect(url));
  if (Result.isFailure(opened)) return [refusal("DATABASE_URL", opened.failure)];
  const client = opened.success;
  const pool = {
    connections: Option.getOrElse(yield* Effect.option(server.keys.connections), () => 1),
    pooler: Option.getOrElse(yield* Effect.option(server.keys.pooler), () => "none" as const),
  };
  const findings = [...(yield* looking("the server", examineServer(client, url, pool)))];
  if (findings.some(({ code }) => code === "SERVER_TOO_OLD")) return findings;

  yield* Progress.begin("Examining the logins");
  const runMigrations = Option.getOrElse(yield* Effect.option(server.keys.runMigrations), () => true);
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
  const ofTables = yield* looking("the tables", tables);
  if (ofTables.length > 0) return [...findings, ...ofTables];
  yield* Progress.begin("Examining the keys");
  return [...findings, ...(yield* looking("the keys", examineKeys(client)))];
}, Effect.scoped);

/** The login that owns most of the tables, where there are some. */
const ownerOf = Effect.fnUntraced(function* (client: PgClient) {
  const [most] = yield* client<{ owner: string | null }>`
    select mode() within group (order by pg_get_userbyid(t.relowner)) as owner
    from pg_policy p join pg_class t on t.oid = p.polrelid
    where p.polname = 'iam_service_all' and t.relnamespace = current_schema()::regnamespace`;
  return yield* Effect.fromNullishOr(most?.owner);
});
