import { Migrations } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";

/** Migrates as the owner of the database, for the login under which the application runs. */
export const main = Migrations.run({ login: "iam_app", schema: IamDbSchema }).pipe(
  Effect.provide(PgClient.layerConfig({ url: Config.Redacted("IAM_MIGRATIONS_URL") })),
);
