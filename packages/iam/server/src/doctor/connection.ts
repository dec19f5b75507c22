/** Connections to a database server, and why there is none. */
import { SqlState } from "@beep/db-admin";
import type { Errors, Findings } from "@beep/iam-domain";
import * as Pg from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import type { SqlError } from "effect/sql/SqlError";
import * as server from "../db/server.ts";
import { error } from "./finding.ts";

/** One connection. It prepares nothing, so that poolers do not keep it from looking. */
export const connect = (url: Redacted.Redacted, startupParameters: Readonly<Record<string, string>> = {}) =>
  Pg.makeClient({ url, applicationName: "iam-doctor", prepare: false, startupParameters });

/** Who uses the database, and who migrates it. */
export interface Logins {
  readonly login: string;
  readonly migrationsUrl: Redacted.Redacted | undefined;
  readonly owner: string | undefined;
}

/** The logins in the addresses of the database. */
export const loginsOf = Effect.fnUntraced(function* (
  url: Redacted.Redacted,
): Effect.fn.Return<Logins, Errors.StartupError> {
  const migrationsUrl = Option.getOrUndefined(Option.flatten(yield* Effect.option(server.keys.migrationsUrl)));
  return {
    login: (yield* server.addressOf("DATABASE_URL", url)).login,
    migrationsUrl,
    owner: migrationsUrl && (yield* server.addressOf("IAM_MIGRATIONS_URL", migrationsUrl)).login,
  };
});

/** Why an address gives no connection; `key` is the setting that has it. */
export const refusal = (key: string, failure: SqlError): Findings.Finding => {
  const said = SqlState.message(failure);
  const state = SqlState.of(failure) ?? "";
  if (state === "3D000") {
    return error(
      "DATABASE_MISSING",
      `The server has no database of that name (${key}): ${said}`,
      `Create it (create database … owner …), or correct the database's name in ${key}.`,
    );
  }
  if (state.startsWith("28") || state === SqlState.insufficientPrivilege) {
    return error(
      "DATABASE_REFUSED",
      `The server refuses the login of ${key}: ${said}`,
      `Correct login and password in ${key}, or what pg_hba.conf says of them.`,
    );
  }
  if (state === "53300") {
    return error(
      "CONNECTIONS_TOO_FEW",
      `The server has no connection left for the login of ${key}: ${said}`,
      "Raise max_connections or the limit of the login or database, or lower IAM_DATABASE_CONNECTIONS.",
    );
  }
  return error(
    "DATABASE_UNREACHABLE",
    `The server of ${key} cannot be reached: ${said}`,
    `Start it, or correct host and port in ${key}.`,
  );
};
