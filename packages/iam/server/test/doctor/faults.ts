/** What can be wrong with an installation, one fault each. */
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Migrations } from "@beep/db-admin";
import type { Findings } from "@beep/iam-domain";
import { Iam, Keys } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, freePort, IamTest, PgBouncer } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import type * as Clock from "effect/Clock";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as DirectoryLock from "../../src/db/DirectoryLock.ts";
import * as keyring from "../crypto/keyring.ts";
import { changed, type Environment, type Installation, login, run } from "./installation.ts";

/** Other values, and keys that are no longer set. */
type Change = Readonly<Record<string, string | undefined>>;

export interface Fault {
  readonly title: string;
  readonly code: Findings.Code;
  readonly severity: Findings.Finding["severity"];
  /** What the message names. */
  readonly names: string | RegExp;
  /** Makes the fault, and gives what is different in the environment. */
  readonly seed: (installation: Installation) => Effect.Effect<Change | undefined, unknown, Scope.Scope>;
  /** By how many milliseconds this process's clock is ahead. */
  readonly ahead?: number;
}

const fault =
  (severity: Findings.Finding["severity"]) =>
  (title: string, code: Findings.Code, names: Fault["names"], seed: Fault["seed"] | Change): Fault => ({
    title,
    code,
    severity,
    names,
    seed: typeof seed === "function" ? seed : () => Effect.succeed(seed),
  });

const error = fault("error");
const warning = fault("warning");

/** Statements of the superuser. */
const sql =
  (...statements: ReadonlyArray<string>): Fault["seed"] =>
  ({ adminUrl }) =>
    Effect.as(run(adminUrl, ...statements), undefined);

const urlOf = ({ environment }: Installation, key: string) => Redacted.make(environment[key] ?? "");

/** A key's address, with something else in it. */
const moved =
  (key: string, change: Partial<URL>): Fault["seed"] =>
  (installation) =>
    Effect.succeed({ [key]: changed(urlOf(installation, key), change) });

/** A data key, and another keyring than the one that wrapped it. */
function withKey(...entries: ReadonlyArray<string>): Fault["seed"] {
  return ({ environment }) =>
    Effect.flatMap(Keys.Keys, ({ hold }) => hold({ type: "case-file", id: "doctor" }, "It has a key.")).pipe(
      Effect.provide(Layer.provide(Iam.layer, ConfigProvider.layer(ConfigProvider.fromUnknown(environment)))),
      Effect.as(keyring.ring(...entries)),
    );
}

/** What needs no more of the database than that it is there. */
export const ofConfiguration: ReadonlyArray<Fault> = [
  error("a value that is none", "CONFIGURATION_INVALID", "IAM_DATABASE_CONNECTIONS", { IAM_DATABASE_CONNECTIONS: "0" }),
  error("no base address", "CONFIGURATION_INVALID", "IAM_BASE_URL is not set", { IAM_BASE_URL: undefined }),
  error("another kind of database", "CONFIGURATION_INVALID", "DATABASE_URL", {
    DATABASE_URL: "mysql://a:b@localhost/c",
  }),
  error("a migrating address that is none", "CONFIGURATION_INVALID", "IAM_MIGRATIONS_URL", {
    IAM_MIGRATIONS_URL: "here",
  }),
  error("a misspelt key", "CONFIGURATION_INVALID", "IAM_APP_NAM", { IAM_APP_NAM: "acme" }),
  error("no secret", "SECRET_MISSING", "IAM_SECRET", { IAM_SECRET: undefined }),
  error("no keyring", "SECRET_MISSING", "IAM_KEY_ENCRYPTION_KEYS", { IAM_KEY_ENCRYPTION_KEYS: undefined }),
  error("a keyring that is none", "CONFIGURATION_INVALID", "IAM_KEY_ENCRYPTION_KEYS is not valid", {
    IAM_KEY_ENCRYPTION_KEYS: "1:canary",
  }),
  error("a version that wraps and is not there", "CONFIGURATION_INVALID", "IAM_KEY_ENCRYPTION_VERSION", {
    IAM_KEY_ENCRYPTION_VERSION: "2",
  }),
  error(
    "a version that wraps data keys and is missing",
    "KEY_ENCRYPTION_KEY_MISSING",
    "by version 1",
    withKey(keyring.version(2)),
  ),
  error("a version that is another key", "KEY_ENCRYPTION_KEY_WRONG", "Version 1", withKey(keyring.another)),
  warning(
    "data keys that an old version wraps",
    "KEYS_OF_OLD_VERSION",
    /by version 1 .*\(\d+\).* by version 2/,
    withKey(keyring.first, keyring.version(2)),
  ),
  error("a secret that repeats itself", "SECRET_WEAK", "IAM_SECRET", { IAM_SECRET: "correct-horse.".repeat(4) }),
  error("a secret of few characters", "SECRET_WEAK", "IAM_SECRET", {
    IAM_SECRET: `${"a".repeat(30)}bcd${"b".repeat(9)}`,
  }),
  error("a base address without TLS", "BASE_URL_INSECURE", "http://iam.example", {
    IAM_BASE_URL: "http://iam.example",
  }),
  error("an origin without TLS", "ORIGIN_INSECURE", "http://b.example", {
    IAM_TRUSTED_ORIGINS: "https://a.example,http://b.example,http://127.0.0.1:3000",
  }),
  warning("no limit of requests", "RATE_LIMIT_OFF", "IAM_RATE_LIMIT", { IAM_RATE_LIMIT: "false" }),

  warning("mail that reaches nobody", "MAIL_TO_FOLDER", "mails", ({ folder }) =>
    Effect.succeed({ IAM_SMTP_URL: undefined, IAM_MAIL_DIR: join(folder, "mails") }),
  ),
  error("an SMTP server that is away", "SMTP_UNREACHABLE", "ECONNREFUSED", (installation) =>
    Effect.map(freePort, (port) => ({
      IAM_SMTP_URL: changed(urlOf(installation, "IAM_SMTP_URL"), { port: String(port) }),
    })),
  ),
  error(
    "a login that the SMTP server refuses",
    "SMTP_REFUSED",
    "Invalid login",
    moved("IAM_SMTP_URL", { password: "canary" }),
  ),
  // This address reaches this machine, and is none of those that stay on it.
  warning(
    "an SMTP server elsewhere without TLS",
    "SMTP_WITHOUT_TLS",
    "0.0.0.0",
    moved("IAM_SMTP_URL", { hostname: "0.0.0.0" }),
  ),
  error("a sender that is nobody", "MAIL_SENDER_INVALID", "iam@localhost", { IAM_MAIL_FROM: undefined }),
  error("a sender that is no address", "MAIL_SENDER_INVALID", "example.com", {
    IAM_MAIL_FROM: "Example <example.com>",
  }),

  error("a database server that is away", "DATABASE_UNREACHABLE", "DATABASE_URL", (installation) =>
    Effect.map(freePort, (port) => ({
      DATABASE_URL: changed(urlOf(installation, "DATABASE_URL"), { port: String(port) }),
    })),
  ),
  error(
    "a password that is refused",
    "DATABASE_REFUSED",
    "DATABASE_URL",
    moved("DATABASE_URL", { password: "canary" }),
  ),
  error(
    "a migrating password that is refused",
    "DATABASE_REFUSED",
    "IAM_MIGRATIONS_URL",
    moved("IAM_MIGRATIONS_URL", { password: "canary" }),
  ),
  error("no database", "DATABASE_MISSING", "canaries", moved("DATABASE_URL", { pathname: "/canaries" })),
  warning(
    "a database elsewhere without TLS",
    "DATABASE_WITHOUT_TLS",
    "0.0.0.0",
    moved("DATABASE_URL", { hostname: "0.0.0.0" }),
  ),
  { ...warning("a clock that is wrong", "CLOCK_SKEW", /\d+ seconds behind/, {}), ahead: 60_000 },
  error("a server that is too old", "SERVER_TOO_OLD", "PostgreSQL 14.9", (installation) =>
    // Nothing older runs here, so that this one says that it is.
    Effect.as(
      run(
        installation.adminUrl,
        "create schema older",
        `create function older.current_setting(name text) returns text language sql as $$
           select case name when 'server_version_num' then '140009' when 'server_version' then '14.9'
             else pg_catalog.current_setting(name) end $$`,
        "grant usage on schema older to public",
      ),
      {
        DATABASE_URL: changed(urlOf(installation, "DATABASE_URL"), {
          search: `?options=${encodeURIComponent("-c search_path=older,pg_catalog,public")}`,
        }),
      },
    ),
  ),
];

/** PgBouncer in front of the database, where it is installed. */
export const ofPooler: ReadonlyArray<Fault> =
  IamTest.poolers.length === 0
    ? []
    : [
        error("a pooler in between", "POOLER_IN_BETWEEN", "PgBouncer", (installation) =>
          Effect.map(PgBouncer.make(urlOf(installation, "DATABASE_URL")), (url) => ({
            DATABASE_URL: Redacted.value(url),
          })),
        ),
      ];

/** What a login may do, on an installation whose login is its own. */
export const ofLogins: ReadonlyArray<Fault> = [
  warning("one login for both", "ONE_LOGIN", "can drop every table", (installation) =>
    Effect.gen(function* () {
      const { adminUrl } = installation;
      const owner = yield* login(adminUrl, "createrole noinherit");
      const name = new URL(Redacted.value(adminUrl)).pathname.slice(1);
      // Not the templates' owner, which other tests use.
      yield* run(
        adminUrl,
        `alter database ${name} owner to ${owner}`,
        `grant iam_tenant, iam_service to ${owner}`,
        ...(yield* tablesAndFunctions(adminUrl)).map((object) => `alter ${object} owner to ${owner}`),
        `alter schema drizzle owner to ${owner}`,
      );
      const address = changed(adminUrl, { username: owner, password: owner });
      yield* migrate(address, owner);
      return { DATABASE_URL: address, IAM_MIGRATIONS_URL: undefined };
    }),
  ),
  warning("a superuser", "LOGIN_SUPERUSER", "superuser", alter("superuser")),
  error("a login that bypasses row security", "LOGIN_BYPASSES_ROW_SECURITY", "BYPASSRLS", alter("bypassrls")),
  error("a login that inherits the roles", "LOGIN_INHERITS_ROLES", "inherits", (installation) =>
    Effect.gen(function* () {
      const name = loginOf(installation);
      const admin = yield* connect(installation.adminUrl);
      const [row] = yield* admin<{ inherits: boolean }>`
        select current_setting('server_version_num')::int >= 160000 as inherits`;
      yield* admin.unsafe(
        row?.inherits ? `grant iam_service to ${name} with inherit true` : `alter role ${name} inherit`,
      );
      return undefined;
    }),
  ),
  error("a login without the roles", "LOGIN_LACKS_ROLES", "iam_tenant and iam_service", (installation) =>
    Effect.gen(function* () {
      const admin = yield* connect(installation.adminUrl);
      const name = loginOf(installation);
      const grantors = yield* admin<{ name: string }>`
        select distinct pg_get_userbyid(grantor) as name from pg_auth_members where pg_get_userbyid(member) = ${name}`;
      for (const grantor of grantors) {
        yield* admin.unsafe(`revoke iam_tenant, iam_service from ${name} granted by ${grantor.name}`);
      }
      return undefined;
    }),
  ),
  warning("a login that owns tables", "LOGIN_OWNS_TABLES", "doctor_", (installation) =>
    sql(`alter table iam_teams owner to ${loginOf(installation)}`)(installation),
  ),
  error("a migrating login that owns nothing", "MIGRATING_LOGIN_NOT_OWNER", "iam_owner", (installation) =>
    Effect.gen(function* () {
      const other = yield* login(installation.adminUrl, "createrole");
      return { IAM_MIGRATIONS_URL: changed(installation.adminUrl, { username: other, password: other }) };
    }),
  ),
];

function alter(attributes: string): Fault["seed"] {
  return (installation) => sql(`alter role ${loginOf(installation)} ${attributes}`)(installation);
}

const loginOf = ({ environment }: Installation): string => new URL(environment.DATABASE_URL ?? "").username;

const migrate = (url: string, name: string) =>
  Effect.flatMap(connect(Redacted.make(url)), (client) =>
    Migrations.run({ login: name, schema: IamDbSchema }).pipe(Effect.provideService(PgClient, client)),
  ).pipe(Effect.scoped);

const tablesAndFunctions = (adminUrl: Redacted.Redacted) =>
  Effect.gen(function* () {
    const admin = yield* connect(adminUrl);
    const objects = yield* admin<{ name: string }>`
      select 'table ' || oid::regclass as name from pg_class
      where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('public', 'drizzle')
      union all select 'function ' || oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace`;
    return objects.map(({ name }) => name);
  }).pipe(Effect.scoped);

/** What somebody does to the tables. */
export const ofTables: ReadonlyArray<Fault> = [
  error("too few connections for two pools", "CONNECTIONS_TOO_FEW", "16", (installation) =>
    sql(`alter database ${new URL(Redacted.value(installation.adminUrl)).pathname.slice(1)} connection limit 10`)(
      installation,
    ),
  ),
  error("a database that takes no more connections", "CONNECTIONS_TOO_FEW", "DATABASE_URL", (installation) =>
    sql(`alter database ${new URL(Redacted.value(installation.adminUrl)).pathname.slice(1)} connection limit 0`)(
      installation,
    ),
  ),
  error("a schema that is closed", "SCHEMA_CLOSED", "iam_service", sql("revoke usage on schema public from public")),
  error(
    "a migration of a newer version",
    "DATABASE_NEWER",
    "29991231000000_later",
    sql("insert into drizzle.iam_migrations (hash, name) values ('', '29991231000000_later')"),
  ),
  warning("a migration that is missing", "MIGRATION_PENDING", "_init", sql("delete from drizzle.iam_migrations")),
  error(
    "row security that binds no owner",
    "HARDENING_MISSING",
    "row security of iam_members",
    sql("alter table iam_members no force row level security"),
  ),
  error(
    "row security that is off",
    "HARDENING_MISSING",
    "row security of iam_members",
    sql("alter table iam_members disable row level security"),
  ),
  error(
    "a trigger that is off",
    "HARDENING_MISSING",
    "trigger iam_touch_row on iam_members",
    sql("alter table iam_members disable trigger iam_touch_row"),
  ),
  error(
    "no trigger",
    "HARDENING_MISSING",
    "trigger iam_given_once on iam_teams",
    sql("drop trigger iam_given_once on iam_teams"),
  ),
  error(
    "another function of the triggers",
    "HARDENING_MISSING",
    "function iam_touch_row()",
    sql("create or replace function iam_touch_row() returns trigger language plpgsql as 'begin return new; end'"),
  ),
  error(
    "columns that are no longer stated",
    "HARDENING_MISSING",
    "iam_tenant_reads on iam_users",
    sql("comment on policy iam_tenant_reads on iam_users is null"),
  ),
  error(
    "a privilege that is missing",
    "HARDENING_MISSING",
    "iam_service lacks INSERT on iam_members",
    sql("revoke insert on iam_members from iam_service"),
  ),
  error(
    "a journal that may not be read",
    "HARDENING_MISSING",
    "the application's login lacks USAGE on schema drizzle",
    sql("revoke usage on schema drizzle from iam_app"),
  ),
  error(
    "a privilege of everybody",
    "PRIVILEGES_EXTRA",
    "public has SELECT on iam_members",
    sql("grant select on iam_members to public"),
  ),
  error(
    "a privilege of tenants",
    "PRIVILEGES_EXTRA",
    "iam_tenant has SELECT on iam_sessions",
    sql("grant select on iam_sessions to iam_tenant"),
  ),
  error(
    "a function with its owner's rights that everybody may run",
    "PRIVILEGES_EXTRA",
    "public has EXECUTE on function iam_make_partitions()",
    sql("grant execute on function iam_make_partitions() to public"),
  ),
  error(
    "a function that the services may no longer run",
    "HARDENING_MISSING",
    "iam_service lacks EXECUTE on function iam_make_partitions()",
    sql("revoke execute on function iam_make_partitions() from iam_service"),
  ),
  error(
    "a table whose changes are not recorded",
    "HARDENING_MISSING",
    "trigger iam_record on iam_members",
    sql("drop trigger iam_record on iam_members"),
  ),
  error(
    "a part of a table to which there is another way",
    "HARDENING_MISSING",
    "part iam_audit_events_other of iam_audit_events",
    sql("alter table iam_audit_events_other disable row level security"),
  ),
  warning(
    "a privilege of another login",
    "PRIVILEGES_EXTRA",
    /doctor_\w+ has SELECT on iam_users.email/,
    ({ adminUrl }) =>
      Effect.gen(function* () {
        const other = yield* login(adminUrl, "");
        yield* run(adminUrl, `grant select (email) on iam_users to ${other}`);
        return undefined;
      }),
  ),
  error(
    "no policy",
    "POLICY_CHANGED",
    "iam_tenant_isolation on iam_members is missing",
    sql("drop policy iam_tenant_isolation on iam_members"),
  ),
  error(
    "a policy that keeps nothing apart",
    "POLICY_CHANGED",
    "iam_tenant_isolation on iam_teams",
    sql("alter policy iam_tenant_isolation on iam_teams using (true)"),
  ),
  error(
    "a policy for everybody",
    "POLICY_CHANGED",
    "everybody on iam_members",
    sql("create policy everybody on iam_members using (true)"),
  ),
  warning("a policy for somebody else", "POLICY_CHANGED", "theirs on iam_members", ({ adminUrl }) =>
    Effect.gen(function* () {
      const other = yield* login(adminUrl, "");
      yield* run(adminUrl, `create policy theirs on iam_members for select to ${other} using (true)`);
      return undefined;
    }),
  ),
  error("no table", "SCHEMA_MISSING", "table iam_rate_limits", sql("drop table iam_rate_limits")),
  error("no column", "SCHEMA_MISSING", "column iam_users.ban_reason", sql("alter table iam_users drop ban_reason")),
  error("no index", "SCHEMA_MISSING", "index iam_members_user_id_idx", sql("drop index iam_members_user_id_idx")),
  error("no foreign key", "SCHEMA_MISSING", "foreign key iam_sessions(user_id)", dropForeignKey("iam_sessions")),
  error(
    "another type",
    "SCHEMA_ALTERED",
    "column iam_teams.name",
    sql("alter table iam_teams alter name type varchar(80)"),
  ),
  warning("a column more", "SCHEMA_UNEXPECTED", "column iam_teams.extra", sql("alter table iam_teams add extra text")),
  warning("an index more", "SCHEMA_UNEXPECTED", "index extra", sql("create index extra on iam_teams (name)")),
  warning(
    "a trigger more",
    "SCHEMA_UNEXPECTED",
    "trigger extra on iam_teams",
    sql(
      "create trigger extra after update on iam_teams for each row execute function suppress_redundant_updates_trigger()",
    ),
  ),
  error(
    "an index that is invalid",
    "INDEX_INVALID",
    "iam_members_user_id_idx",
    sql("update pg_index set indisvalid = false where indexrelid = 'iam_members_user_id_idx'::regclass"),
  ),
  error("an index that could not be made", "INDEX_INVALID", "extra", ({ adminUrl }) =>
    Effect.gen(function* () {
      yield* run(adminUrl, "insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'o', 'other')");
      yield* Effect.flip(run(adminUrl, "create unique index concurrently extra on iam_organizations (name)"));
      return undefined;
    }),
  ),
  warning(
    "a table that nothing keeps apart",
    "TABLE_WITHOUT_ISOLATION",
    "notes",
    sql("create table notes (id int, organization_id uuid references iam_organizations)"),
  ),
  error(
    "an application's own table that is not hardened",
    "HARDENING_MISSING",
    "row security of notes",
    ofNotes("alter table notes no force row level security"),
  ),
  error(
    "an application's own table whose changes are not recorded",
    "HARDENING_MISSING",
    "trigger iam_record on notes",
    ofNotes("drop trigger iam_record on notes"),
  ),
];

/** What is done to a table of an application after it was migrated. */
function ofNotes(statement: string): Fault["seed"] {
  return ({ adminUrl, environment }) =>
    Effect.gen(function* () {
      yield* run(
        adminUrl,
        "create table notes (id uuid primary key, created_at timestamptz, updated_at timestamptz, version int)",
        "alter table notes owner to iam_owner",
        "alter table notes enable row level security",
        "create policy iam_service_all on notes to iam_service using (true) with check (true)",
      );
      const owner = yield* connect(Redacted.make(environment.IAM_MIGRATIONS_URL ?? ""));
      yield* Effect.provideService(Migrations.harden, PgClient, owner);
      yield* run(adminUrl, statement);
      return undefined;
    });
}

function dropForeignKey(table: string): Fault["seed"] {
  return ({ adminUrl }) =>
    Effect.gen(function* () {
      const admin = yield* connect(adminUrl);
      const [key] = yield* admin<{ name: string }>`
        select conname as name from pg_constraint where conrelid = ${table}::regclass and contype = 'f'
          and pg_get_constraintdef(oid) ~ '^FOREIGN KEY .user_id.'`;
      yield* admin.unsafe(`alter table ${table} drop constraint ${key?.name}`);
      return undefined;
    });
}

/** A server on which nobody made the roles, and a login that may not. */
export const ofServer: ReadonlyArray<Fault> = [
  error("no roles, and nobody who may make them", "ROLES_MISSING", "iam_service and iam_tenant", (installation) =>
    Effect.as(
      run(
        Redacted.make(changed(installation.adminUrl, { pathname: "/postgres" })),
        "drop database iam with (force)",
        "drop role iam_tenant",
        "drop role iam_service",
        "create database iam owner owner",
      ),
      undefined,
    ),
  ),
];

const dataDir = ({ environment }: Installation) => environment.IAM_DATA_DIR ?? "";

/** Of the embedded database. */
export const ofEmbedded: ReadonlyArray<Fault> = [
  warning("a directory in use", "DATA_DIRECTORY_IN_USE", String(process.pid), (installation) =>
    Effect.as(DirectoryLock.take(dataDir(installation)), undefined),
  ),
  error("a directory of another version", "DATA_DIRECTORY_OTHER_VERSION", "PostgreSQL 17", (installation) =>
    Effect.promise(async () => {
      await writeFile(join(dataDir(installation), "postgres", "PG_VERSION"), "17\n");
      return undefined;
    }),
  ),
  error("a directory that others may read", "DATA_DIRECTORY_READABLE", "open to other users", (installation) =>
    Effect.promise(async () => {
      await chmod(dataDir(installation), 0o755);
      return undefined;
    }),
  ),
  error("a secret that others may read", "SECRET_FILE_READABLE", "secret", (installation) =>
    Effect.promise(async () => {
      await chmod(join(dataDir(installation), "secret"), 0o644);
      return undefined;
    }),
  ),
  error("a keyring that others may read", "SECRET_FILE_READABLE", "key-encryption-keys", (installation) =>
    Effect.promise(async () => {
      await chmod(join(dataDir(installation), "key-encryption-keys"), 0o644);
      return undefined;
    }),
  ),
  error("a directory that is none", "DATA_DIRECTORY_UNUSABLE", "cannot be written", (installation) =>
    Effect.succeed({ IAM_DATA_DIR: join(dataDir(installation), "secret") }),
  ),
  error("files that are no database", "DATA_DIRECTORY_UNUSABLE", "cannot be opened", (installation) =>
    Effect.promise(async () => {
      await rm(join(dataDir(installation), "postgres", "global"), { recursive: true });
      return undefined;
    }),
  ),
  error("a folder for mail that is none", "MAIL_FOLDER_UNUSABLE", "secret", (installation) =>
    Effect.succeed({ IAM_MAIL_DIR: join(dataDir(installation), "secret", "mail") }),
  ),
];

/** The environment after a change. */
export const apply = (environment: Environment, change: Change | undefined): Environment =>
  Object.fromEntries(
    Object.entries({ ...environment, ...change }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );

/** This process's clock, set ahead. */
export const setAhead = (clock: Clock.Clock, milliseconds: number): Clock.Clock =>
  Object.assign(Object.create(clock), {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + milliseconds,
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + milliseconds),
  });
