/** Healthy installations, to seed faults into. */
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Catalogue, Migrations } from "@beep/db-admin";
import { IamDb } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, PostgresServer, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { smtpServer } from "../smtp.ts";

export type Environment = Readonly<Record<string, string>>;

/** An installation in which nothing is wrong. */
export interface Installation {
  readonly environment: Environment;
  /** The superuser's address; none where the database is embedded. */
  readonly adminUrl: Redacted.Redacted;
  /** A folder of its own. */
  readonly folder: string;
  /** All that an examination may not change. */
  readonly state: Effect.Effect<unknown>;
}

/** A folder that is gone with the scope. */
const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-doctor-test-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
);

/** Runs statements, one after the other. */
export const run = Effect.fnUntraced(function* (url: Redacted.Redacted, ...statements: ReadonlyArray<string>) {
  const client = yield* connect(url);
  for (const statement of statements) yield* client.unsafe(statement);
}, Effect.scoped);

/** An address with something else in it. */
export const changed = (url: Redacted.Redacted, change: Partial<URL>): string =>
  Object.assign(new URL(Redacted.value(url)), change).href;

/** A login with its name for a password, which is gone with the scope. */
export const login = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted, attributes: string) {
  const name = `doctor_${randomBytes(6).toString("hex")}`;
  const server = Redacted.make(changed(adminUrl, { pathname: "/postgres" }));
  yield* Effect.acquireRelease(run(server, `create role ${name} login password '${name}' ${attributes}`), () =>
    // What it owns goes with the database, which may be dropped after it.
    Effect.ignore(run(server, `drop owned by ${name}`, `drop role ${name}`)),
  );
  return name;
});

/** The catalogue, every row, and what a login and the roles may do. */
const stateOf = (adminUrl: Redacted.Redacted, login: string) =>
  Effect.gen(function* () {
    const client = yield* connect(adminUrl);
    const tables = yield* client<{ name: string }>`
      select oid::regclass::text as name from pg_class
      where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information)' order by 1`;
    const rows = yield* Effect.forEach(tables, ({ name }) =>
      client.unsafe(
        `select '${name}' as "table", ctid::text, xmin::text, to_jsonb(t) as row from ${name} t order by ctid`,
      ),
    );
    const roles = yield* client`
      select to_jsonb(r) - 'rolpassword' as role, array(
        select to_jsonb(m) from pg_auth_members m where m.member = r.oid order by m.roleid, m.grantor
      ) as member_of
      from pg_roles r where rolname ~ '^iam_' or rolname = ${login} order by rolname`;
    return { catalogue: yield* Catalogue.read(client), roles, rows };
  }).pipe(Effect.scoped, Effect.orDie);

const migrated = (ownerUrl: string, login: string) =>
  Effect.gen(function* () {
    const client = yield* connect(Redacted.make(ownerUrl));
    yield* Migrations.run({ login, schema: IamDbSchema }).pipe(Effect.provideService(PgClient, client));
  }).pipe(Effect.scoped);

const organization = "insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'o', 'o')";

const base = Effect.gen(function* () {
  const { port } = yield* smtpServer({
    authOptional: false,
    onAuth: ({ password }, _session, done) =>
      password === "sesame" ? done(null, { user: "iam" }) : done(new Error("Invalid login")),
  });
  return {
    IAM_BASE_URL: "https://iam.example",
    IAM_SECRET: IamTest.secret,
    IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
    IAM_SMTP_URL: `smtp://iam:sesame@localhost:${port}`,
    IAM_MAIL_FROM: "Example <iam@example.com>",
    IAM_TRUSTED_ORIGINS: "https://a.example,http://localhost:5173",
  };
});

type Made = Effect.Effect<Installation, unknown, Scope.Scope>;

/** A copy of the migrated template, with two logins. */
export const onServer = (major: 15 | 18): Made =>
  Effect.gen(function* () {
    const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ major });
    yield* run(adminUrl, organization);
    return {
      environment: {
        ...(yield* base),
        DATABASE_URL: Redacted.value(appUrl),
        IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
      },
      adminUrl,
      folder: yield* folder,
      state: stateOf(adminUrl, "iam_app"),
    };
  });

/** The same, for a login of the installation's own, whose attributes may be changed. */
export const withOwnLogin = (major: 15 | 18): Made =>
  Effect.gen(function* () {
    const healthy = yield* onServer(major);
    const name = yield* login(healthy.adminUrl, "noinherit");
    yield* migrated(healthy.environment.IAM_MIGRATIONS_URL ?? "", name);
    return {
      ...healthy,
      environment: {
        ...healthy.environment,
        DATABASE_URL: changed(healthy.adminUrl, { username: name, password: name }),
      },
      state: stateOf(healthy.adminUrl, name),
    };
  });

/** Tables in a schema of another name, to which the addresses lead. */
export const inSchema = (schema: string): Made =>
  Effect.gen(function* () {
    const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ template: "empty" });
    yield* run(
      adminUrl,
      `create schema ${schema} authorization iam_owner`,
      `grant usage on schema ${schema} to public`,
    );
    const search = `?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    const [app, owner] = [changed(appUrl, { search }), changed(ownerUrl, { search })];
    yield* migrated(owner, "iam_app");
    return {
      environment: { ...(yield* base), DATABASE_URL: app, IAM_MIGRATIONS_URL: owner },
      adminUrl,
      folder: yield* folder,
      state: stateOf(adminUrl, "iam_app"),
    };
  });

/** A server of the installation's own, whose owner was given the roles. */
export const onOwnServer: Made = Effect.gen(function* () {
  const { adminUrl } = yield* PostgresServer.make({ major: 18 });
  yield* run(
    adminUrl,
    "create role owner login password 'owner'",
    "create role app login password 'app'",
    "create role iam_tenant nologin noinherit",
    "create role iam_service nologin noinherit",
    "grant iam_tenant, iam_service to app with inherit false, set true",
    "create database iam owner owner",
  );
  const address = (username: string) => changed(adminUrl, { username, password: username, pathname: "/iam" });
  yield* migrated(address("owner"), "app");
  return {
    environment: { ...(yield* base), DATABASE_URL: address("app"), IAM_MIGRATIONS_URL: address("owner") },
    adminUrl,
    folder: yield* folder,
    state: stateOf(adminUrl, "app"),
  };
});

/** A data directory with a migrated database, to make copies of. */
export const dataDirectory = Effect.gen(function* () {
  const dataDir = join(yield* folder, "iam");
  yield* IamDb.migrateEmbedded({ dataDir });
  return dataDir;
});

/** The embedded database, in a copy of a data directory. */
export const embedded = (template: string): Made =>
  Effect.gen(function* () {
    const path = yield* folder;
    const dataDir = join(path, "iam");
    yield* Effect.promise(async () => {
      await mkdir(dataDir, { mode: 0o700 });
      await cp(template, dataDir, { recursive: true });
      await writeFile(join(dataDir, "secret"), `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
      await writeFile(join(dataDir, "key-encryption-keys"), `${IamTest.keyEncryptionKeys}\n`, { mode: 0o600 });
    });
    return {
      environment: { IAM_BASE_URL: "http://localhost:3000", IAM_DATA_DIR: dataDir },
      adminUrl: Redacted.make("postgres://"),
      folder: path,
      state: treeOf(dataDir),
    };
  });

/** Every file, and when it was written. */
const treeOf = (path: string) =>
  Effect.promise(async () => {
    const names = (await readdir(path, { recursive: true })).sort();
    return Promise.all(
      names.map(async (name) => {
        const found = await stat(join(path, name));
        return found.isFile() ? [name, found.mode, found.size, found.mtimeMs] : [name, found.mode];
      }),
    );
  });
