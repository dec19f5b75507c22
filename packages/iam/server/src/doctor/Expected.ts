/** What a database should be: the catalogue of one that was migrated just now, in memory. */
import { Catalogue, Migrations } from "@beep/db-admin";
import type { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Reactivity from "effect/reactivity/Reactivity";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";
import * as Application from "../db/Application.ts";
import * as embedded from "../db/embedded.ts";

/** Logins have other names in every database, and are compared by what they are for. */
export const namesOf = (logins: {
  readonly owner: string;
  readonly login: string;
}): Readonly<Record<string, string>> => ({
  [logins.login]: "the application's login",
  [logins.owner]: "the owner",
});

/** The schema that the embedded database makes its tables in. */
const HOME = "public";

/** What the tables of a healthy database depend on. */
export interface Options {
  /** Whether the application's login owns the tables, too. */
  readonly alone: boolean;
  /** The schema that the tables are made in. */
  readonly schema: string;
}

/** Gives the catalogue that a healthy database has. */
export type Find = (options: Options) => Effect.Effect<Catalogue.Catalogue, Errors.StartupError | SqlError>;

/** The catalogue that a healthy database has. */
export const expected = Effect.fn("Doctor.expected")(
  function* ({
    alone,
    schema,
  }: Options): Effect.fn.Return<
    Catalogue.Catalogue,
    Errors.StartupError | SqlError,
    Reactivity.Reactivity | Scope.Scope
  > {
    const client = yield* embedded.openFiles(undefined);
    if (schema !== HOME) {
      yield* client`create schema ${client(schema)}`;
      yield* client`select set_config('search_path', quote_ident(${schema}), false)`;
    }
    const login = alone ? embedded.OWNER : embedded.LOGIN;
    const application = yield* Application.Application;
    yield* Migrations.run({
      login,
      schema: { ...IamDbSchema, ...application.schema },
      sources: yield* Application.sources,
    }).pipe(Effect.provideService(PgClient, client));
    return yield* Catalogue.read(client, namesOf({ owner: embedded.OWNER, login }));
  },
  (effect) => Effect.scoped(Effect.provide(effect, Reactivity.layer)),
);
