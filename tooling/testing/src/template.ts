/** The database of which each test file gets a copy: migrating once and copying is faster than migrating each time. */
import { Migrations } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";
import { connect } from "./connect.ts";
import { app, owner } from "./logins.ts";
import { inDatabase, type ProvidedServer } from "./ProvidedServer.ts";

/** The name of the migrated database. */
export const templateName = "iam_template";

/** Creates the template on a server, migrates it, and closes it to everybody. */
export const prepareTemplate = Effect.fnUntraced(function* (
  server: ProvidedServer,
): Effect.fn.Return<void, SqlError | Error, Scope.Scope> {
  const sql = yield* connect(Redacted.make(server.adminUrl));
  yield* sql`CREATE DATABASE ${sql(templateName)} TEMPLATE template0 OWNER ${sql(owner.name)}`;
  yield* migrateTemplate(inDatabase(server.ownerUrl, templateName));
  // A database is copied only while nobody is connected to it. Whom this refuses cannot come in between, and whom
  // migrating left behind gets five seconds from CREATE DATABASE to be gone.
  yield* sql`ALTER DATABASE ${sql(templateName)} ALLOW_CONNECTIONS false IS_TEMPLATE true`;
}, Effect.scoped);

/** Brings the template to the state in which the application finds its database. */
const migrateTemplate = (ownerUrl: Redacted.Redacted) =>
  Migrations.run({ login: app.name, schema: IamDbSchema }).pipe(
    Effect.provide(Layer.fresh(PgClient.layer({ url: ownerUrl, maxConnections: 1 }))),
  );
