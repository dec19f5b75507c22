/** What the page of errors says of what `iam doctor` finds. */
import * as Record from "effect/Record";
import { type Explanation, told } from "./Explanation.ts";

/** What is said of the codes of a subject. */
const about = <Subject extends string, Code extends string>(
  subject: Subject,
  codes: Readonly<Record<Code, Explanation>>,
): Readonly<Record<Code, Explanation & { readonly subject: Subject }>> =>
  Record.map(codes, (explanation: Explanation) => ({ ...explanation, subject }));

/** All codes, by subject. Each finding says more: which login, which table, and what to type. */
export const findings = {
  ...about("configuration", {
    BASE_URL_INSECURE: told(
      "IAM_BASE_URL is http: and not of this machine: passwords and sessions travel readable.",
      "Serve it by TLS, and set IAM_BASE_URL to its https: address.",
    ),
    CONFIGURATION_INVALID: told(
      "A key is missing, misspelt, or has a value that it does not take.",
      "Correct that key; the page of the configuration has them all.",
    ),
    ORIGIN_INSECURE: told(
      "IAM_TRUSTED_ORIGINS has an http: origin that is not of this machine.",
      "Serve that origin by TLS, and write it with https:.",
    ),
    RATE_LIMIT_OFF: told(
      "IAM_RATE_LIMIT is off: nothing slows down who tries many passwords.",
      "Remove it, unless something in front of the server limits requests.",
    ),
    SECRET_MISSING: told(
      "DATABASE_URL is set, and IAM_SECRET or IAM_KEY_ENCRYPTION_KEYS is not: every process of one installation needs the same.",
      "Set what the finding names, to what it says, and keep it.",
    ),
    SECRET_WEAK: told(
      "IAM_SECRET repeats itself, or has few different characters: it can be guessed.",
      "Set it to the output of `openssl rand -base64 32`; everybody then signs in again.",
    ),
  }),
  ...about("mail", {
    MAIL_FOLDER_UNUSABLE: told(
      "The folder for mail cannot be written.",
      "Let this user write there, or name another by IAM_MAIL_DIR.",
    ),
    MAIL_SENDER_INVALID: told(
      "IAM_MAIL_FROM is no address that an SMTP server would take.",
      "Set it to an address of yours.",
    ),
    MAIL_TO_FOLDER: told(
      "A database server is used, and mail is written to a folder, where nobody gets it.",
      "Set IAM_SMTP_URL.",
    ),
    SMTP_REFUSED: told("The SMTP server refuses the login.", "Correct user and password in IAM_SMTP_URL."),
    SMTP_UNREACHABLE: told("The SMTP server does not answer.", "Start it, or correct IAM_SMTP_URL."),
    SMTP_WITHOUT_TLS: told(
      "The SMTP server is not on this machine and offers no TLS: mail and password travel readable.",
      "Use smtps:, or a server that offers STARTTLS.",
    ),
  }),
  ...about("data directory", {
    DATA_DIRECTORY_IN_USE: told(
      "Another process has the data directory open; the finding names it.",
      "Stop that process to have the tables examined, too.",
    ),
    DATA_DIRECTORY_OTHER_VERSION: told(
      "The embedded database was made by another major version of PostgreSQL.",
      "Start the version of iam that made it, or name another directory by IAM_DATA_DIR.",
    ),
    DATA_DIRECTORY_READABLE: told(
      "Others on this machine may read the data directory.",
      "Take it from them: chmod 700.",
    ),
    DATA_DIRECTORY_UNUSABLE: told(
      "The data directory cannot be read or written, or the database in it cannot be opened.",
      "Let this user read and write there, restore it, or name another by IAM_DATA_DIR.",
    ),
    SECRET_FILE_READABLE: told("Others on this machine may read the secret.", "Take it from them: chmod 600."),
  }),
  ...about("keys", {
    KEY_ENCRYPTION_KEY_MISSING: told(
      "Data keys are wrapped by a version of the key-encryption key that is not there: nothing starts.",
      "Add that version to IAM_KEY_ENCRYPTION_KEYS, from where you keep it.",
    ),
    KEY_ENCRYPTION_KEY_WRONG: told(
      "A version in IAM_KEY_ENCRYPTION_KEYS is another key than the one that wrapped data keys: nothing starts.",
      "Correct the key of that version: one that is new needs a new version.",
    ),
    KEYS_OF_OLD_VERSION: told(
      "Data keys are still wrapped by a version of the key-encryption key that wraps no more.",
      "Run `iam keys rewrap`; then that version can be taken away.",
    ),
  }),
  ...about("database server", {
    CLOCK_SKEW: told(
      "The clocks of this machine and the database server differ by seconds: sessions end early or late.",
      "Let both keep their time by NTP.",
    ),
    CONNECTIONS_TOO_FEW: told(
      "The pools may open more connections than the server or the login allows.",
      "Lower IAM_DATABASE_CONNECTIONS, or raise the limit.",
    ),
    DATABASE_MISSING: told(
      "The server has no database of that name.",
      "Create it, or correct the name in the address.",
    ),
    DATABASE_REFUSED: told(
      "The server refuses the login or its password.",
      "Correct the address, or what pg_hba.conf says of the login.",
    ),
    DATABASE_UNREACHABLE: told("No server answers at the address.", "Start it, or correct host and port."),
    DATABASE_WITHOUT_TLS: told(
      "The connection to another machine has no TLS.",
      "Add `?sslmode=require` to the address, and let the server offer TLS.",
    ),
    POOLER_IN_BETWEEN: told(
      "The address leads to a pooler that shares connections, and the configuration does not say so.",
      "Set IAM_DATABASE_POOLER=transaction, or let DATABASE_URL lead to the server itself.",
    ),
    SERVER_TOO_OLD: told("The server is older than PostgreSQL 15.", "Upgrade it."),
  }),
  ...about("logins", {
    LOGIN_BYPASSES_ROW_SECURITY: told(
      "The application's login has BYPASSRLS: outside scopes no policy keeps tenants apart.",
      "Take it away: alter role … nobypassrls.",
    ),
    LOGIN_INHERITS_ROLES: told(
      "The application's login inherits iam_tenant or iam_service, and sees every row without a scope.",
      "Revoke both, and run `iam migrate`.",
    ),
    LOGIN_LACKS_ROLES: told(
      "The application's login may not take the roles iam_tenant and iam_service.",
      "Run `iam migrate` with this login in DATABASE_URL.",
    ),
    LOGIN_OWNS_TABLES: told(
      "The application's login owns tables: who gets hold of it can drop them and their policies.",
      "Give them to the login of IAM_MIGRATIONS_URL, and run `iam migrate`.",
    ),
    LOGIN_SUPERUSER: told(
      "The application's login is a superuser, whom no policy binds outside scopes.",
      "Put another login into DATABASE_URL, and run `iam migrate`.",
    ),
    MIGRATING_LOGIN_NOT_OWNER: told(
      "The tables belong to another login than the one that migrates.",
      "Put the login that owns them into IAM_MIGRATIONS_URL.",
    ),
    ONE_LOGIN: told(
      "The services run as the login that migrates, which can drop every table and policy.",
      "Make a login that owns nothing for DATABASE_URL; IAM_MIGRATIONS_URL names the owner.",
    ),
    ROLES_MISSING: told(
      "The roles are not there, and the migrating login may not create them.",
      "Let an administrator run what `iam migrate --print-setup` prints.",
    ),
    SCHEMA_CLOSED: told(
      "A login or role may not use the schema in which the tables are.",
      "Let it: grant usage on schema ….",
    ),
  }),
  ...about("tables", {
    DATABASE_NEWER: told(
      "The database has migrations that this version does not know.",
      "Run the version that migrated it, or restore a backup from before.",
    ),
    HARDENING_MISSING: told(
      "Forced row security, a grant or a row trigger is missing, switched off or changed.",
      "Run `iam migrate`, which restores it.",
    ),
    INDEX_INVALID: told(
      "An index is invalid: no query uses it, and a unique one may let duplicates in.",
      "Build it again: reindex index concurrently ….",
    ),
    MIGRATION_PENDING: told("The database lacks migrations.", "Run `iam migrate`."),
    NOT_EXAMINED: told(
      "Something could not be looked at; the finding says what, and why.",
      "Put right what the finding says, and examine again.",
    ),
    POLICY_CHANGED: told(
      "A policy is not the one that keeps tenants apart.",
      "Make it again by the statement that the finding has.",
    ),
    PRIVILEGES_EXTRA: told(
      "A login or role has privileges on a table of ours that the services do not need.",
      "Revoke them.",
    ),
    SCHEMA_ALTERED: told("A column, constraint, index or function of ours was changed.", "Make it again what it was."),
    SCHEMA_MISSING: told(
      "A table, column, constraint, index, policy or function of ours is missing.",
      "Restore it from a backup, or make it again by the statement that the finding has.",
    ),
    SCHEMA_UNEXPECTED: told(
      "Somebody else added something to a table of ours.",
      "Drop it, or move it to a table of your own.",
    ),
    TABLE_WITHOUT_ISOLATION: told(
      "A table refers to organizations, and has no policy that keeps them apart.",
      "Make it by `OrgTable.make`, or keep it out of what tenants can reach.",
    ),
  }),
};
