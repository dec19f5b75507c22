/** Connections to a database server, and why there is none. */
import type { Errors, Findings } from "@beep/iam-domain";
import * as Pg from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import type { SqlError } from "effect/sql/SqlError";
import { noConnection } from "../db/noConnection.ts";
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
  const { code, said } = noConnection(failure);
  const { message, remedy } = words(key)[code];
  return error(code, `${message}: ${said}`, remedy);
};

const words = (key: string) => ({
  CONNECTIONS_TOO_FEW: {
    message: `The server has no connection left for the login of ${key}`,
    remedy: "Raise max_connections or the limit of the login or database, or lower IAM_DATABASE_CONNECTIONS.",
  },
  DATABASE_MISSING: {
    message: `The server has no database of that name (${key})`,
    remedy: `Create it (create database … owner …), or correct the database's name in ${key}.`,
  },
  DATABASE_REFUSED: {
    message: `The server refuses the login of ${key}`,
    remedy: `Correct login and password in ${key}, or what pg_hba.conf says of them.`,
  },
  DATABASE_UNREACHABLE: {
    message: `The server of ${key} cannot be reached`,
    remedy: `Start it, or correct host and port in ${key}.`,
  },
});
