/** What an examination of an installation finds, as `iam doctor` tells it. None carries a secret. */
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";

/** What can be found, by its subject. A code stays what it is, because others may act on it. */
const codes = {
  configuration: [
    "BASE_URL_INSECURE",
    "CONFIGURATION_INVALID",
    "ORIGIN_INSECURE",
    "RATE_LIMIT_OFF",
    "SECRET_MISSING",
    "SECRET_WEAK",
  ],
  mail: [
    "MAIL_FOLDER_UNUSABLE",
    "MAIL_SENDER_INVALID",
    "MAIL_TO_FOLDER",
    "SMTP_REFUSED",
    "SMTP_UNREACHABLE",
    "SMTP_WITHOUT_TLS",
  ],
  "data directory": [
    "DATA_DIRECTORY_IN_USE",
    "DATA_DIRECTORY_OTHER_VERSION",
    "DATA_DIRECTORY_READABLE",
    "DATA_DIRECTORY_UNUSABLE",
    "SECRET_FILE_READABLE",
  ],
  "database server": [
    "CLOCK_SKEW",
    "CONNECTIONS_TOO_FEW",
    "DATABASE_MISSING",
    "DATABASE_REFUSED",
    "DATABASE_UNREACHABLE",
    "DATABASE_WITHOUT_TLS",
    "POOLER_IN_BETWEEN",
    "SERVER_TOO_OLD",
  ],
  logins: [
    "LOGIN_BYPASSES_ROW_SECURITY",
    "LOGIN_INHERITS_ROLES",
    "LOGIN_LACKS_ROLES",
    "LOGIN_OWNS_TABLES",
    "LOGIN_SUPERUSER",
    "MIGRATING_LOGIN_NOT_OWNER",
    "ONE_LOGIN",
    "ROLES_MISSING",
    "SCHEMA_CLOSED",
  ],
  tables: [
    "DATABASE_NEWER",
    "HARDENING_MISSING",
    "INDEX_INVALID",
    "MIGRATION_PENDING",
    "NOT_EXAMINED",
    "POLICY_CHANGED",
    "PRIVILEGES_EXTRA",
    "SCHEMA_ALTERED",
    "SCHEMA_MISSING",
    "SCHEMA_UNEXPECTED",
    "TABLE_WITHOUT_ISOLATION",
  ],
} as const;

export type Subject = keyof typeof codes;

/** What is examined, in this order. */
export const subjects: ReadonlyArray<Subject> = Struct.keys(codes);

export const Code = Schema.Literals(Object.values(codes).flat());
export type Code = typeof Code.Type;

/** What a code is about. */
export const subjectOf = (code: Code): Subject =>
  // Every code is in the record from which they are made.
  subjects.find((subject) => codes[subject].some((each) => each === code)) ?? "configuration";

/** `error`: it does not work, or is not safe. `warning`: it works, at a cost that `message` tells. */
export const Severity = Schema.Literals(["error", "warning"]);

/** Something that is not as it should be: `message` says what, `remedy` what to type or to set. */
export const Finding = Schema.Struct({
  code: Code,
  severity: Severity,
  message: Schema.String,
  remedy: Schema.String,
});
export type Finding = typeof Finding.Type;

/** What `iam doctor --json` prints. */
export const Report = Schema.Struct({ findings: Schema.Array(Finding) });
