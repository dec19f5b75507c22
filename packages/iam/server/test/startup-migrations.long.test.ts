/** What a starting application does with a database that does not fit it. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application, IamDb } from "@beep/iam-server";
import { connect, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

/** Starts as the environment says, and stops again. */
const start = (environment: Readonly<Record<string, string>>) =>
  Layer.build(Layer.fresh(IamDb.layer)).pipe(
    Effect.scoped,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment))),
  );

/** The tables there are, and the migrations that made them. */
const stateOf = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const admin = yield* connect(url);
  const tables = yield* admin`
    select oid::regclass::text as table from pg_class where relkind = 'r' and relnamespace::regnamespace::text !~ '^pg_|^inf'
    order by 1`;
  return { tables, migrations: tables.length === 0 ? [] : yield* admin`select * from drizzle.iam_migrations` };
}, Effect.scoped);

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  it.effect("a database that is not there, or takes no more connections, is refused by its own code", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl } = yield* TestDatabase.make({ major });
      const url = new URL(Redacted.value(appUrl));
      const missing = Object.assign(new URL(url), { pathname: "/canaries" });
      assert.deepInclude(yield* Effect.flip(start({ DATABASE_URL: missing.href })), {
        code: "DATABASE_MISSING",
        message: 'The database server has no database of that name: database "canaries" does not exist',
      });
      const admin = yield* connect(adminUrl);
      yield* admin.unsafe(`alter database ${url.pathname.slice(1)} connection limit 0`);
      assert.deepInclude(yield* Effect.flip(start({ DATABASE_URL: url.href })), {
        code: "CONNECTIONS_TOO_FEW",
        message: `The database server has no connection left: too many connections for database "${url.pathname.slice(1)}"`,
      });
    }).pipe(Effect.scoped),
  );

  it.effect("ALN-5: with IAM_RUN_MIGRATIONS off, a database that lacks migrations is refused, and unchanged", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ major, template: "empty" });
      const urls = { DATABASE_URL: Redacted.value(appUrl), IAM_MIGRATIONS_URL: Redacted.value(ownerUrl) };
      const error = yield* Effect.flip(start({ ...urls, IAM_RUN_MIGRATIONS: "false" }));
      assert.deepInclude(error, {
        _tag: "StartupError",
        code: "MIGRATION_PENDING",
        remedy: "Run `iam migrate` with IAM_MIGRATIONS_URL.",
      });
      assert.deepStrictEqual((yield* stateOf(adminUrl)).tables, []);
      yield* start(urls);
      yield* start({ ...urls, IAM_RUN_MIGRATIONS: "false" });
      assert.isAbove((yield* stateOf(adminUrl)).tables.length, 0);
    }),
  );

  it.effect("ALN-5: a database with a migration that this version lacks is refused, and unchanged", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ major });
      yield* Effect.flatMap(
        connect(adminUrl),
        (admin) => admin`insert into drizzle.iam_migrations (hash, name) values ('', '20990101000000_newer')`,
      ).pipe(Effect.scoped);
      const before = yield* stateOf(adminUrl);
      for (const run of ["true", "false"]) {
        const error = yield* Effect.flip(
          start({
            DATABASE_URL: Redacted.value(appUrl),
            IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
            IAM_RUN_MIGRATIONS: run,
          }),
        );
        assert.deepInclude(error, {
          _tag: "StartupError",
          code: "DATABASE_NEWER",
          message: "The database was migrated by a newer version (20990101000000_newer).",
        });
      }
      assert.deepStrictEqual(yield* stateOf(adminUrl), before);
    }),
  );

  it.effect("ALN-5: a login for which the database was not migrated is refused with the remedy", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl, name } = yield* TestDatabase.make({ major });
      const admin = yield* connect(adminUrl);
      const login = `other_${name}`;
      yield* Effect.acquireRelease(admin.unsafe(`create role ${login} login password 'other'`), () =>
        Effect.orDie(admin.unsafe(`drop role ${login}`)),
      );
      const url = Object.assign(new URL(Redacted.value(appUrl)), { username: login, password: "other" });
      const error = yield* Effect.flip(start({ DATABASE_URL: url.href, IAM_RUN_MIGRATIONS: "false" }));
      assert.deepInclude(error, {
        _tag: "StartupError",
        code: "ROLES_MISSING",
        remedy: "Migrate it again with that login in DATABASE_URL, or correct DATABASE_URL.",
      });
    }),
  );
});

it.live(
  "ALN-5: an embedded database that is not to be migrated is refused when it lacks migrations, or is none",
  () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "iam-embedded-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true })),
      );
      const dataDir = join(folder, "iam");
      const open = (migrate: boolean, application: Application.Application = { schema: {} }) =>
        Layer.build(Layer.fresh(IamDb.layerEmbedded({ dataDir, migrate }))).pipe(
          Effect.scoped,
          Effect.provide(Application.layer(application)),
          Effect.asVoid,
        );
      assert.strictEqual((yield* Effect.flip(open(false))).code, "MIGRATION_PENDING");
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), []);
      yield* open(true);
      yield* open(false);

      const migrations = join(folder, "drizzle");
      yield* Effect.promise(async () => {
        await mkdir(join(migrations, "20990101000000_notes"), { recursive: true });
        await writeFile(join(migrations, "20990101000000_notes", "migration.sql"), "create table notes (text text);");
      });
      const application = { schema: {}, migrations };
      assert.strictEqual((yield* Effect.flip(open(false, application))).code, "MIGRATION_PENDING");
      yield* open(true, application);
      yield* open(false, application);
    }).pipe(Effect.scoped),
  60_000,
);
