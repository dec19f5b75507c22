/** Why a database server gives no connection. */
import { SqlState } from "@beep/db-admin";
import type { SqlError } from "effect/sql/SqlError";

/** Why, by a code, and what the server or the socket said of it. */
export interface NoConnection {
  readonly code: "CONNECTIONS_TOO_FEW" | "DATABASE_MISSING" | "DATABASE_REFUSED" | "DATABASE_UNREACHABLE";
  readonly said: string;
}

/** Reads it out of the SQLSTATE. */
export const noConnection = (failure: SqlError): NoConnection => ({
  code: codeOf(SqlState.of(failure)),
  said: SqlState.message(failure),
});

const codeOf = (state: string | undefined): NoConnection["code"] => {
  if (state === SqlState.noSuchDatabase) return "DATABASE_MISSING";
  if (state === SqlState.tooManyConnections) return "CONNECTIONS_TOO_FEW";
  // A login that may not connect to this database lacks a privilege.
  if (state === SqlState.insufficientPrivilege || state?.startsWith("28")) return "DATABASE_REFUSED";
  return "DATABASE_UNREACHABLE";
};
