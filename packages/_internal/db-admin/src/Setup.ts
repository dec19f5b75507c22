/** What an administrator of the server does once, where the login that migrates may not make roles. */
import { createRoles, grantRoles, literal, quoted } from "./hardening.ts";

/** Whom and what to prepare. */
export interface Options {
  /** The login that will own and migrate the database. */
  readonly owner: string;
  /** The login of the application, which is given the two roles; it may be the owner too. */
  readonly app: string;
  /** The database, which is there. */
  readonly database: string;
}

const createLogin = (login: string): string => `
do $$
declare
  login constant name := ${literal(login)};
begin
  if not exists (select from pg_roles where rolname = login) then
    execute format('create role %I login', login);
  end if;
end
$$`;

/** A comment stays one, whatever a name holds. */
const comment = (text: string): string => `-- ${text.replaceAll(/\s/g, " ")}`;

/**
 * The SQL, for a superuser, on any database of the server. It is one transaction; doing it again changes nothing. It
 * holds no password: who can log in is for the administrator to say.
 */
export const script = ({ owner, app, database }: Options): string => {
  const logins = [...new Set([owner, app])];
  return [
    "-- For a superuser of the PostgreSQL server (15 or later).",
    "-- Running it again changes nothing.",
    "--",
    "-- First, where there is no such database yet:",
    comment(`  create database ${quoted(database)};`),
    "-- Afterwards, so that the logins can log in, for example in psql:",
    ...logins.map((login) => comment(`  \\password ${quoted(login)}`)),
    "-- Then `iam migrate`, which needs no right to create roles.",
    "",
    "begin;",
    "",
    "-- What the application acts as: inside one organization, and as the services.",
    `${createRoles.trim()};`,
    "",
    "-- Who owns the tables and migrates them, and who uses them.",
    ...logins.map((login) => `${createLogin(login).trim()};`),
    `alter database ${quoted(database)} owner to ${quoted(owner)};`,
    `grant connect on database ${quoted(database)} to ${quoted(app)};`,
    "",
    "-- The application takes a role for a transaction, and inherits nothing of it.",
    `${grantRoles(app).trim()};`,
    "",
    "commit;",
  ].join("\n");
};
