/** Connections of a test's own. */
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import * as Reactivity from "effect/reactivity/Reactivity";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";

/** A client of exactly one connection, so that what it does is done by one session of the database. */
export const connect = (url: Redacted.Redacted): Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope> =>
  PgClient.makeClient({ url }).pipe(Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make));
