/** The two logins of an installation: one that owns the tables, and one under which the application runs. */
import type * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";
import { connect } from "./connect.ts";
import type { PostgresServer } from "./PostgresServer.ts";
import type { ProvidedServer } from "./ProvidedServer.ts";
import type { Major } from "./postgres/Major.ts";

/** The login that owns and migrates databases. It is no superuser. */
export const owner = { name: "iam_owner", password: "owner" } as const;

/** The login of the application. It owns nothing. */
export const app = { name: "iam_app", password: "app" } as const;

const statements = (sql: PgClient.PgClient, major: Major) => [
  sql`CREATE ROLE ${sql(owner.name)} LOGIN CREATEROLE CREATEDB PASSWORD ${sql.literal(`'${owner.password}'`)}`,
  // Before 16 a role inherits by its own attribute, from 16 on by how each membership is granted.
  major < 16
    ? sql`CREATE ROLE ${sql(app.name)} LOGIN NOINHERIT PASSWORD ${sql.literal(`'${app.password}'`)}`
    : sql`CREATE ROLE ${sql(app.name)} LOGIN PASSWORD ${sql.literal(`'${app.password}'`)}`,
];

const as = (adminUrl: string, login: { readonly name: string; readonly password: string }): string => {
  const address = new URL(adminUrl);
  address.username = login.name;
  address.password = login.password;
  return address.href;
};

/** Creates the logins on a new server. */
export const create = Effect.fnUntraced(function* (
  server: PostgresServer,
): Effect.fn.Return<ProvidedServer, SqlError, Scope.Scope> {
  const sql = yield* connect(server.adminUrl);
  yield* Effect.all(statements(sql, server.major));
  const adminUrl = Redacted.value(server.adminUrl);
  return { major: server.major, adminUrl, ownerUrl: as(adminUrl, owner), appUrl: as(adminUrl, app) };
}, Effect.scoped);
