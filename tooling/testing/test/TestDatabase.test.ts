import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { connect, TestDatabase } from "../src/index.ts";

describe.each(TestDatabase.majors)("PostgreSQL %i", (major) => {
  const make = TestDatabase.make({ major });

  it.effect("gives each its own database", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([make, make]);
      const sql = yield* connect(one.ownerUrl);
      const elsewhere = yield* connect(other.ownerUrl);
      yield* sql`CREATE TABLE mine (n int)`;
      expect(yield* sql`SELECT to_regclass('mine') IS NOT NULL AS seen`).toEqual([{ seen: true }]);
      expect(yield* elsewhere`SELECT to_regclass('mine') IS NOT NULL AS seen`).toEqual([{ seen: false }]);
      expect(yield* sql`SELECT current_setting('server_version_num')::int / 10000 AS major`).toEqual([{ major }]);
    }),
  );

  it.effect("gives as many at once as are asked for", () =>
    Effect.gen(function* () {
      const databases = yield* Effect.all(
        Array.from({ length: 8 }, () => make),
        { concurrency: "unbounded" },
      );
      expect(new Set(databases.map((database) => database.name)).size).toBe(8);
    }),
  );

  it.effect("drops it, whoever is still connected", () =>
    Effect.gen(function* () {
      const keeper = yield* TestDatabase.make({ major, template: "empty" });
      const name = yield* Effect.scoped(
        Effect.gen(function* () {
          const database = yield* make;
          yield* Effect.forkDetach(Effect.scoped(Effect.andThen(connect(database.appUrl), Effect.never)));
          const admin = yield* connect(database.adminUrl);
          yield* Effect.repeat(
            admin<{ here: boolean }>`
              SELECT count(*) > 0 AS here FROM pg_sleep(0.005), pg_stat_activity
              WHERE datname = ${database.name} AND usename = 'iam_app'`,
            { until: (rows) => rows.some((row) => row.here) },
          );
          return database.name;
        }),
      );
      const sql = yield* connect(keeper.adminUrl);
      expect(yield* sql`SELECT datname FROM pg_database WHERE datname = ${name}`).toEqual([]);
    }),
  );

  it.effect("has two logins, of which neither is more than it must be", () =>
    Effect.gen(function* () {
      const database = yield* make;
      const admin = yield* connect(database.adminUrl);
      const nothing = { superuser: false, createrole: false, createdb: false, replication: false, bypassrls: false };
      expect(
        yield* admin`
          SELECT rolname AS name, rolsuper AS superuser, rolcreaterole AS createrole, rolcreatedb AS createdb,
            rolreplication AS replication, rolbypassrls AS bypassrls, rolinherit AS inherit, rolcanlogin AS login,
            (SELECT datdba = pg_roles.oid FROM pg_database WHERE datname = current_database()) AS owner
          FROM pg_roles WHERE rolname IN ('iam_app', 'iam_owner') ORDER BY rolname`,
      ).toMatchObject([
        { ...nothing, name: "iam_app", login: true, inherit: major >= 16, owner: false },
        { ...nothing, name: "iam_owner", login: true, createrole: true, createdb: true, owner: true },
      ]);
      const owner = yield* connect(database.ownerUrl);
      yield* owner`CREATE TABLE t (n int)`;
      const app = yield* connect(database.appUrl);
      expect((yield* Effect.flip(app`SELECT * FROM t`)).reason._tag).toBe("AuthorizationError");
      expect((yield* Effect.flip(app`CREATE TABLE u (n int)`)).reason._tag).toBe("AuthorizationError");
    }),
  );

  it.effect("lets nobody into the template", () =>
    Effect.gen(function* () {
      const database = yield* make;
      const template = new URL(Redacted.value(database.adminUrl));
      template.pathname = "/iam_template";
      const refused = yield* Effect.flip(connect(Redacted.make(template.href)));
      expect(String(refused.reason.cause)).toContain("not currently accepting connections");
    }),
  );
});
