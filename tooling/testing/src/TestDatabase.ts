/** A database for one test file. */
import { randomBytes } from "node:crypto";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";
import { inject } from "vitest";
import { connect } from "./connect.ts";
import { owner } from "./logins.ts";
import { remedy } from "./PostgresServer.ts";
import { inDatabase, type ProvidedServer } from "./ProvidedServer.ts";
import type { Major } from "./postgres/Major.ts";
import { PostgresUnavailable } from "./postgres/PostgresUnavailable.ts";
import { templateName } from "./template.ts";

/** Which database is wanted. */
export interface Options {
  /** 18 unless stated. */
  readonly major?: Major | undefined;
  /** A copy of the migrated database, unless it is to be empty. */
  readonly template?: "migrated" | "empty" | undefined;
}

/** The addresses of a database, each with another login. */
export interface Shape {
  readonly major: Major;
  readonly name: string;
  /** As the superuser. */
  readonly adminUrl: Redacted.Redacted;
  /** As the login that owns the database. */
  readonly ownerUrl: Redacted.Redacted;
  /** As the login of the application. */
  readonly appUrl: Redacted.Redacted;
}

const serverOf = (major: Major): Effect.Effect<ProvidedServer, PostgresUnavailable> =>
  Effect.suspend(() => {
    const server = inject("postgresServers").find((provided) => provided.major === major);
    return server === undefined
      ? Effect.fail(new PostgresUnavailable({ reason: `PostgreSQL ${major} does not run (${remedy(major)}).` }))
      : Effect.succeed(server);
  });

const create = Effect.fnUntraced(function* (server: ProvidedServer, name: string, template: string) {
  const sql = yield* connect(Redacted.make(server.adminUrl));
  yield* sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)} OWNER ${sql(owner.name)}`;
}, Effect.scoped);

const drop = Effect.fnUntraced(function* (server: ProvidedServer, name: string) {
  const sql = yield* connect(Redacted.make(server.adminUrl));
  yield* sql`DROP DATABASE ${sql(name)} WITH (FORCE)`;
}, Effect.scoped);

/** A database that nobody else uses, on a server of the test run. */
export class TestDatabase extends Context.Service<TestDatabase, Shape>()("@beep/testing/TestDatabase") {
  /** The major versions that run: what a file that is to pass on each of them goes through. */
  static get majors(): ReadonlyArray<Major> {
    return inject("postgresServers").map((server) => server.major);
  }

  /** Creates a database, which is dropped with the scope, whoever is still connected to it. */
  static readonly make = Effect.fnUntraced(function* ({
    major = 18,
    template = "migrated",
  }: Options = {}): Effect.fn.Return<Shape, PostgresUnavailable | SqlError, Scope.Scope> {
    const server = yield* serverOf(major);
    const name = `test_${randomBytes(8).toString("hex")}`;
    yield* Effect.acquireRelease(create(server, name, template === "migrated" ? templateName : "template0"), () =>
      Effect.orDie(drop(server, name)),
    );
    return {
      major,
      name,
      adminUrl: inDatabase(server.adminUrl, name),
      ownerUrl: inDatabase(server.ownerUrl, name),
      appUrl: inDatabase(server.appUrl, name),
    };
  });

  /** The same as a layer, for a whole file or suite. */
  static readonly layer = (options?: Options): Layer.Layer<TestDatabase, PostgresUnavailable | SqlError> =>
    Layer.effect(TestDatabase, TestDatabase.make(options));
}
