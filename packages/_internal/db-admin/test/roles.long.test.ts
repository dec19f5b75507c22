/** Migrating on a server that has not seen it before: what the login may do, and what it finds there. */
import { IamDbSchema } from "@beep/iam-tables";
import { connect, PostgresServer, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { Catalogue, Migrations } from "../src/index.ts";
import { expected } from "./catalogue/expected.ts";
import { differencesBetween, folderWith, migrate, stateOf } from "./support.ts";

/** A server of the file's own, because roles belong to the server. The tests are its history, in this order. */
class Server extends Context.Service<Server, PostgresServer.PostgresServer>()("Server") {}

const addressOf = (server: PostgresServer.PostgresServer, database: string, login?: string) => {
  const address = new URL(Redacted.value(server.adminUrl));
  address.pathname = `/${database}`;
  if (login !== undefined) Object.assign(address, { username: login, password: login });
  return Redacted.make(address.href);
};

/** A login, with its name for a password, and a database that it owns. */
const owner = Effect.fnUntraced(function* (name: string, rights: string) {
  const server = yield* Server;
  const admin = yield* connect(server.adminUrl);
  yield* admin.unsafe(`create role ${name} login password '${name}' ${rights}`);
  yield* admin.unsafe(`create database ${name} owner ${name} template template0`);
  return { ownerUrl: addressOf(server, name, name), adminUrl: addressOf(server, name) };
}, Effect.scoped);

const asAdmin = Effect.fnUntraced(function* (statements: ReadonlyArray<string>) {
  const admin = yield* connect((yield* Server).adminUrl);
  for (const statement of statements) yield* admin.unsafe(statement);
}, Effect.scoped);

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  layer(Layer.effect(Server, PostgresServer.make({ major })))((it) => {
    const differences = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted, login: string) {
      const { ownerUrl } = yield* TestDatabase.make({ major, template: "empty" });
      const should = yield* expected(yield* connect(ownerUrl), IamDbSchema, login);
      return differencesBetween(should, yield* Catalogue.read(yield* connect(adminUrl)));
    });

    it.effect("ALN-5: a login that may not make the roles is refused with the remedy, and changes nothing", () =>
      Effect.gen(function* () {
        yield* asAdmin(["create role iam_app login noinherit password 'iam_app'"]);
        const { adminUrl, ownerUrl } = yield* owner("plain", "");
        const before = yield* stateOf(adminUrl);
        const error = yield* Effect.flip(migrate(ownerUrl));
        assert.propertyVal(error, "code", "ROLES_MISSING");
        assert.include(error.message, "permission denied to create role");
        assert.include(error.remedy, "Set IAM_MIGRATIONS_URL to a login that owns the database and has CREATEROLE,");
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
        assert.deepStrictEqual(
          before.roles.map((role) => role.rolname),
          ["iam_app"],
        );
      }),
    );

    it.effect("ALN-5: a first migration that fails leaves no roles behind", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* owner("first", "createrole");
        const before = yield* stateOf(adminUrl);
        const folder = yield* folderWith({ "20990101000000_fails": ["select 1 / 0"] });
        assert.propertyVal(yield* Effect.flip(migrate(ownerUrl, { folder })), "code", "MIGRATION_FAILED");
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
      }),
    );

    it.effect(
      "ALN-5: a login of the application that does not exist is refused with the remedy, and changes nothing",
      () =>
        Effect.gen(function* () {
          const server = yield* Server;
          const adminUrl = addressOf(server, "first");
          const before = yield* stateOf(adminUrl);
          const error = yield* Effect.flip(migrate(addressOf(server, "first", "first"), { login: "no 'body" }));
          assert.deepInclude(error, { code: "ROLES_MISSING", message: "The login of DATABASE_URL does not exist." });
          assert.deepStrictEqual(yield* stateOf(adminUrl), before);
        }),
    );

    it.effect("ALN-5: two databases of one server, migrated at once for the first time, are both migrated", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        yield* asAdmin(["create database second owner first template template0", "create role late login noinherit"]);
        const [gate, admin] = yield* Effect.all([connect(server.adminUrl), connect(server.adminUrl)]);
        for (const { held, login } of [
          { held: "create role iam_tenant", login: "iam_app" },
          { held: "grant iam_tenant to late", login: "late" },
        ]) {
          yield* gate`begin`;
          yield* gate.unsafe(held);
          const both = yield* Effect.forkChild(
            Effect.forEach(["first", "second"], (name) => migrate(addressOf(server, name, "first"), { login }), {
              concurrency: "unbounded",
            }),
          );
          yield* Effect.repeat(
            admin<{ waiting: number }>`
              select count(*)::int as waiting from pg_stat_activity, pg_sleep(0.01)
              where datname in ('first', 'second') and wait_event_type = 'Lock'`,
            { until: ([row]) => row?.waiting === 2 },
          );
          yield* gate`rollback`;
          yield* Fiber.join(both);
        }
      }),
    );

    it.effect(
      "ALN-5: one login may both own the tables and be the application's; without a scope it sees nothing",
      () =>
        Effect.gen(function* () {
          const server = yield* Server;
          const ownerUrl = addressOf(server, "first", "first");
          // Also on a second database, where the login no longer inherits what owners may do.
          for (const name of ["first", "first", "second"]) {
            yield* migrate(addressOf(server, name, "first"), { login: "first" });
          }
          const client = yield* connect(ownerUrl);
          const insert = client`
          insert into iam_rate_limits (id, key, count, last_request) values (gen_random_uuid(), 'digest:1:' || repeat('k', 43), 1, 1)`;
          const count = client`select count(*)::int as rows from iam_rate_limits`;
          const under = (role: string) => (effect: typeof insert) =>
            client.withTransaction(Effect.andThen(client.unsafe(`set local role ${role}`), effect));
          yield* under("iam_service")(insert);
          assert.deepStrictEqual(yield* under("iam_service")(count), [{ rows: 1 }]);
          assert.deepStrictEqual(yield* count, [{ rows: 0 }]);
          assert.propertyVal((yield* Effect.flip(insert)).reason, "_tag", "AuthorizationError");
        }),
    );

    it.effect("ALN-5: a login without CREATEROLE migrates where the roles are made and granted", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        yield* migrate(addressOf(server, "plain", "plain"));
        assert.deepStrictEqual(yield* differences(addressOf(server, "plain"), "iam_app"), []);
      }),
    );

    it.effect("ALN-5: a login that may not grant the roles is refused with the remedy, and changes nothing", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        yield* asAdmin(["create role stranger login noinherit"]);
        const adminUrl = addressOf(server, "plain");
        const before = yield* stateOf(adminUrl);
        const error = yield* Effect.flip(migrate(addressOf(server, "plain", "plain"), { login: "stranger" }));
        assert.propertyVal(error, "code", "ROLES_MISSING");
        assert.include(error.remedy, "let an administrator run what `iam migrate --print-setup` prints");
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
      }),
    );

    it.effect("ALN-5: a login that would hold the roles without taking them is refused, or loses them", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        const adminUrl = addressOf(server, "first");
        const ownerUrl = addressOf(server, "first", "first");
        yield* asAdmin([
          "create role bold login inherit",
          "create role team nologin",
          "grant iam_service to team",
          "grant team to bold",
        ]);
        const holds = Effect.gen(function* () {
          const admin = yield* connect(adminUrl);
          const [row] = yield* admin<{ holds: boolean }>`select pg_has_role('bold', 'iam_service', 'usage') as holds`;
          return row?.holds;
        });
        assert.isTrue(yield* holds);
        const before = yield* stateOf(adminUrl);
        if (major < 16) {
          yield* migrate(ownerUrl, { login: "bold" });
          assert.isFalse(yield* holds);
        } else {
          const error = yield* Effect.flip(migrate(ownerUrl, { login: "bold" }));
          assert.deepInclude(error, {
            code: "ROLES_MISSING",
            message:
              "The login of DATABASE_URL inherits iam_tenant or iam_service, and would see every row without a scope.",
          });
          assert.deepStrictEqual(yield* stateOf(adminUrl), before);
        }
      }),
    );

    it.effect("ALN-5: a login that row security does not bind is refused, with migrations and without", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        const ownerUrl = addressOf(server, "first", "first");
        yield* asAdmin(["create role exempt login noinherit bypassrls password 'exempt'"]);
        const client = yield* connect(addressOf(server, "first", "exempt"));
        const pending = Effect.provideService(Migrations.pending(), PgClient, client);
        const before = yield* stateOf(addressOf(server, "first"));
        for (const refused of [migrate(ownerUrl, { login: "exempt" }), pending]) {
          assert.deepInclude(yield* Effect.flip(refused), {
            code: "ROLES_MISSING",
            message: "The login of DATABASE_URL has BYPASSRLS, and would see every row without a scope.",
          });
        }
        assert.deepStrictEqual(yield* stateOf(addressOf(server, "first")), before);
        yield* asAdmin(["alter role exempt nobypassrls"]);
        yield* migrate(ownerUrl, { login: "exempt" });
        assert.deepStrictEqual(yield* pending, []);
      }),
    );

    it.effect("ALN-5: the superuser may be both logins, as on a developer's machine", () =>
      Effect.gen(function* () {
        const server = yield* Server;
        yield* asAdmin(["create database super template template0"]);
        yield* migrate(addressOf(server, "super"), { login: "postgres" });
        yield* migrate(addressOf(server, "super"), { login: "postgres" });
        const client = yield* connect(addressOf(server, "super"));
        assert.deepStrictEqual(yield* Effect.provideService(Migrations.pending(), PgClient, client), []);
      }),
    );
  });
});
