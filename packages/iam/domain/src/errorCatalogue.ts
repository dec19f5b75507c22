/**
 * What causes every error code that is stable, and what to do: the page of errors is made from it, and a program may tell
 * it to its users. A code without an explanation does not compile.
 */
import type { AuthErrorCode, betterAuthCodes } from "./AuthErrorCode.ts";
import type * as Errors from "./errors.ts";
import { areas, betterAuth } from "./explanations/betterAuth.ts";
import { answered, type Explanation, type Family, told } from "./explanations/Explanation.ts";
import { sso, ssoRedirections } from "./explanations/sso.ts";
import { undeclared } from "./explanations/undeclared.ts";
import type * as Problems from "./Problems.ts";
import type { ssoCodes } from "./ssoCodes.ts";
import type { undeclaredCodes } from "./undeclaredCodes.ts";
import type { Failure } from "./Webhook.ts";

export type { Explanation, Family } from "./explanations/Explanation.ts";

/** The codes of all error classes that a module exports. */
export type CodesOf<Module> = {
  readonly [Name in keyof Module]: Module[Name] extends abstract new (
    ...args: never
  ) => { readonly code: infer Code extends string }
    ? Code
    : never;
}[keyof Module];

/** Why a service cannot start. */
export const startup: Readonly<Record<Errors.StartupCode, Explanation>> = {
  CONFIGURATION_INVALID: told(
    "A key is missing, misspelt, or has a value that it does not take; the message names the key, never the value.",
    "Correct that key; the page of the configuration has them all.",
  ),
  SECRET_MISSING: told(
    "DATABASE_URL is set, and IAM_SECRET or IAM_KEY_ENCRYPTION_KEYS is not: every process of one installation needs the same.",
    "Set what the message names, to what it says, and keep it.",
  ),
  KEY_ENCRYPTION_KEY_MISSING: told(
    "Data keys in the database are wrapped by a version of the key-encryption key that IAM_KEY_ENCRYPTION_KEYS does not have.",
    "Add that version again, from where you keep it; `iam keys rewrap` lets it go.",
  ),
  KEY_ENCRYPTION_KEY_WRONG: told(
    "A version in IAM_KEY_ENCRYPTION_KEYS is not the key that wrapped the data keys which name it.",
    "Correct the key of that version: one that is new needs a new version.",
  ),
  KEY_MANAGEMENT_UNREACHABLE: told(
    "The program was composed with another key management than the keyring, and that one does not answer.",
    "Look after it, and start again.",
  ),
  PORT_UNAVAILABLE: told(
    "Something else listens at HOST and PORT, this user may not, or this machine has no such address.",
    "Stop what listens there, or correct HOST and PORT.",
  ),
  DATABASE_UNREACHABLE: told(
    "Nothing that speaks PostgreSQL answers at the address.",
    "Start the server, or correct host and port in DATABASE_URL and IAM_MIGRATIONS_URL.",
  ),
  DATABASE_REFUSED: told(
    "The server answers, and refuses the login or its password.",
    "Correct them in DATABASE_URL and IAM_MIGRATIONS_URL, or what pg_hba.conf says of the login.",
  ),
  DATABASE_MISSING: told(
    "The server has no database of that name.",
    "Create it, or correct the name in DATABASE_URL and IAM_MIGRATIONS_URL.",
  ),
  CONNECTIONS_TOO_FEW: told(
    "The server, the database or the login has no connection left.",
    "Lower IAM_DATABASE_CONNECTIONS, or raise the limit.",
  ),
  DATABASE_NEWER: told(
    "The database has migrations that this version does not know.",
    "Run the version that migrated it, or restore a backup from before.",
  ),
  DATABASE_CHANGED: told(
    "Another tool has changed a table that the services stand on: it is gone, or a column or its policy is.",
    "Run `iam doctor`, which names each change, and undo them.",
  ),
  DATABASE_LOCKED: told(
    "Somebody holds a lock on a table of the services for longer than a start waits: a migration, perhaps.",
    "Start again when it is done, or end what holds the lock.",
  ),
  MIGRATION_PENDING: told(
    "The database lacks migrations, and IAM_RUN_MIGRATIONS is off.",
    "Run `iam migrate` with IAM_MIGRATIONS_URL.",
  ),
  MIGRATION_FAILED: told(
    "A migration met an error. The database is as it was before.",
    "Correct the migration, or the data that it met, and start again.",
  ),
  POOLER_IN_BETWEEN: told(
    "DATABASE_URL leads to a pooler that shares connections, on which no role can be held.",
    "Set IAM_DATABASE_POOLER=transaction, or let DATABASE_URL lead to the server itself.",
  ),
  ROLES_MISSING: told(
    "A login lacks a right that it needs, or has one that would show it every row; the message says which.",
    "Do what the message says; `iam migrate --print-setup` prints what an administrator can run.",
  ),
  DATA_DIRECTORY_IN_USE: told(
    "Another process has the data directory open.",
    "Stop that process, or name another directory by IAM_DATA_DIR.",
  ),
  DATA_DIRECTORY_OTHER_VERSION: told(
    "The embedded database in the data directory was made by another major version of PostgreSQL.",
    "Start the version of iam that made it and carry the data over by a dump, or name another by IAM_DATA_DIR.",
  ),
  DATA_DIRECTORY_UNUSABLE: told(
    "The data directory cannot be read or written, or the database in it cannot be opened.",
    "Let this user read and write there, restore it from a backup, or name another by IAM_DATA_DIR.",
  ),
};

/** The errors of the domain that are neither a service's start nor authentication's. */
export const errors: Readonly<
  Record<Exclude<CodesOf<typeof Errors>, Errors.StartupCode | AuthErrorCode>, Explanation>
> = {
  STALE_VERSION: told(
    "An update stated a version of the row that is no longer the current one.",
    "Read the row again, and decide again.",
  ),
  FIRST_ADMINISTRATOR_EXISTS: told(
    "The one-time link is used, and there is an administrator already.",
    "Let an administrator make the next one.",
  ),
  ADMINISTRATOR_MISSING: told(
    "Something is to be done in an administrator's name, and there is none who is not banned.",
    "Make one: `iam user create --admin`, or the link that `iam serve` prints.",
  ),
  TOKEN_INVALID: told(
    "The one-time token is unknown, used up, replaced by a newer one, or older than a day.",
    "Start the server again: as long as there is no administrator it prints a new link.",
  ),
  AUDIT_EVENT_UNKNOWN: told(
    "The log was written by a newer version.",
    "Verify and export it with the version that wrote it, or a later one.",
  ),
  AUDIT_LOG_BROKEN: told(
    "Somebody has changed, removed, moved or added events after they were sealed.",
    "Keep the database as it is, compare it with a backup or an export, and find out who could write to it as its owner.",
  ),
  AUDIT_EXPORT_MALFORMED: told(
    "The export was cut off, or changed on its way.",
    "Export it again, and compare the digests of both files.",
  ),
  TREE_NODE_MISSING: told(
    "Rows of the audit log are missing, or do not hold the hashes that their place completes.",
    "Restore them from a backup or an export, and verify the log before anything is proven from it.",
  ),
  NOTE_MALFORMED: told(
    "What was to be a signed note is none: a line, its base64 or its last newline is amiss.",
    "Read the note as it was written, byte for byte.",
  ),
  NOTE_KEY_MALFORMED: told(
    "A key of signed notes is cut off, of another algorithm, or its id or name is not its own.",
    "Copy the whole line: `<name>+<id>+<base64>`, and before a private key `PRIVATE+KEY+`.",
  ),
  NOTE_KEY_UNKNOWN: told(
    "None of a note's signatures is by a key that is known.",
    "Trust nothing of it. If its key is new, get that key from who signs, and not from beside the note.",
  ),
  NOTE_SIGNATURE_INVALID: told(
    "A signature claims to be by a known key, and is not: the note was changed, or somebody forged it.",
    "Trust nothing of it, and find out who had it in hand.",
  ),
  CHECKPOINT_MALFORMED: told(
    "A signed note is no checkpoint: it is not the three lines of origin, size and root.",
    "Give a checkpoint of this log.",
  ),
  CHECKPOINT_OF_ANOTHER_LOG: told(
    "A key of this log signed a checkpoint that names another one.",
    "Give each log a key of its own, and find out what signed with this one.",
  ),
  KEY_VERSION_MISSING: told(
    "A data key is wrapped by a version of the key-encryption key that this process does not have.",
    "Give every process the same IAM_KEY_ENCRYPTION_KEYS: a new version to all of them before one of them wraps with it.",
  ),
  KEY_NOT_OPENED: told(
    "A wrapped data key was altered, or a version in IAM_KEY_ENCRYPTION_KEYS is another key than the one that wrapped it.",
    "Correct the key of that version, or restore the row of the data key from a backup.",
  ),
  KEY_MANAGEMENT_UNAVAILABLE: told(
    "The service that wraps data keys does not answer, or not as it should; the cause says why.",
    "Try again later; look after that service.",
  ),
  KEY_DESTROYED: told(
    "The owner's data key was destroyed, and nothing can be sealed for that owner any more.",
    "Nothing: that is for good. What belongs to somebody else needs another owner.",
  ),
  KEY_HELD: told(
    "The owner's keys are to be destroyed, and a legal hold is in force.",
    "Release the hold first, where whoever placed it agrees: `iam keys release`.",
  ),
  KEY_OF_INSTALLATION: told(
    "The installation's own key is to be destroyed, without which nothing of the installation's could be read.",
    "Give it another one instead: `iam keys rotate installation`, and then `iam keys rewrap`.",
  ),
  KEY_MISSING: told(
    "The owner of a key is named for whom nothing was ever sealed.",
    "See which there are: `iam keys list`.",
  ),
  HOLD_NOT_FOUND: told(
    "A legal hold is named that never was, or that is released already.",
    "See which are in force: `iam keys list`.",
  ),
  SIGNING_KEY_NOT_FOUND: told(
    "A signing key is named that never was, or that is revoked or published no more already.",
    "See which there are: `iam signing-keys list`.",
  ),
  SECRET_UNREADABLE: told(
    "A sealed value was altered or moved from another place, its key was destroyed, or its key does not open.",
    "Where the key was destroyed, nothing. Otherwise restore the value or its key from a backup, or have it set anew.",
  ),
  MODEL_INVALID: told(
    "A model is no OpenFGA model of schema 1.1, or names what it lacks, or has a relation that nobody can have.",
    "Correct the lines that the message names; nothing of it was written.",
  ),
  MODEL_MISSING: told(
    "An application is asked about that is unknown or has no authorization model yet.",
    "Write its model first.",
  ),
  TYPE_UNKNOWN: told(
    "A list is asked for of a type that the application's model does not have.",
    "Correct the type, or add it to the model.",
  ),
  RELATION_UNKNOWN: told(
    "A list is asked for by a relation that its type does not have in the application's model.",
    "Correct the relation, or add it to the model.",
  ),
  QUESTION_INVALID: told(
    "A subject, a relation or an object of a question is malformed, or is none of the model's.",
    "Correct what the message names: subjects are `type:id`, `type:*` or `type:id#relation`.",
  ),
  TUPLE_INVALID: told(
    "A tuple that is written, or brought along by a question, is malformed, or the model does not allow it.",
    "Correct what the message names; nothing was written.",
  ),
  CONDITION_UNDECIDED: told(
    "The answer hangs on a condition of which a parameter is missing, of another type, or leads to an error.",
    "Give the parameters that the message names in the question's context.",
  ),
  QUESTION_NOT_IN_SQL: told(
    "A relation hangs on a condition, on a group of groups as the subject, or is excepted from itself.",
    "List the objects instead, and select those.",
  ),
  QUESTION_TOO_DEEP: told(
    "The answer would take more than 25 steps from one object to the next.",
    "Nest less deeply, or bind the relation more directly.",
  ),
  REVISION_NOT_REACHED: told(
    "A question asks for a later revision than the database has that it was asked of: a standby that is behind.",
    "Ask again, or ask the primary.",
  ),
  QUESTION_TOO_WIDE: told(
    "The answer would take more facts than are read for one question.",
    "Ask about fewer things at once, or grant by groups.",
  ),
};

type TheirCode = (typeof betterAuthCodes)[number] | (typeof ssoCodes)[number] | (typeof undeclaredCodes)[number];

/** What the identity services answer beside Better Auth's own codes. */
const own: Readonly<Record<Exclude<AuthErrorCode, TheirCode | StatusCode>, Explanation>> = {
  INVALID_ID: answered(
    400,
    "An id is malformed, or of another kind of entity; or a request names two organizations. The message says where.",
    "Send an id of the form that the message shows, and the id of one organization.",
  ),
  INVALID_VALUE: answered(
    400,
    "A value cannot be stored: out of range, too long, too deep, or text that PostgreSQL cannot hold.",
    "Correct the value.",
  ),
  ALREADY_EXISTS: answered(
    409,
    "What must be unique exists already, perhaps since another request of the same moment.",
    "Read it, or choose another value.",
  ),
  REFERENCE_GONE: answered(
    409,
    "What the request refers to was deleted while it ran.",
    "Read it again, and decide again.",
  ),
  PLUGIN_NOT_ENABLED: answered(
    404,
    "An operation was called that belongs to a plugin of Better Auth's which is not enabled.",
    "Name the plugin in IAM_PLUGINS.",
  ),
  PASSWORD_COMPROMISED: answered(
    400,
    "The password is tried first by who guesses: common, a repetition, a sequence, a name, or seen in a breach.",
    "Choose another; a few unlikely words do well.",
  ),
  TOO_MANY_FAILURES: answered(
    429,
    "Sign-ins to an account failed five times in a row or more. Each failure doubles the wait, up to 15 minutes.",
    "Wait as long as `Retry-After` says, or set a new password by a mailed link, which ends the wait in that browser.",
  ),
  TOO_MANY_MESSAGES: answered(
    429,
    "An address or a number was sent five messages of a kind or more. Each further one doubles the wait, up to 15 minutes.",
    "Wait as long as `Retry-After` says; the last message still counts.",
  ),
  USER_DEACTIVATED: answered(
    403,
    "The account was made by a directory, which has ended it: no directory has the user as active any more.",
    "Let the directory's administrator assign the user again.",
  ),
  COMMIT_UNKNOWN: answered(
    503,
    "The connection to the database was lost during the commit: the change may or may not have happened.",
    "Find out whether it did before you send it again.",
  ),
};

/** What the services of organizations refuse. Codes that Better Auth has too are explained among its own. */
const organizations: Readonly<Record<Exclude<CodesOf<typeof Problems>, AuthErrorCode>, Explanation>> = {
  TENANT_MISSING: answered(
    400,
    "The route is of an organization, the request names none, and its session has no active one.",
    "Send the header `iam-organization`, or set an organization active.",
  ),
  INVALID_CURSOR: answered(
    400,
    "The cursor is malformed, or was made for another organization, another list or another order.",
    "Begin at the first page, and send each cursor with the query that it was the answer to.",
  ),
  INVALID_ROLE_NAME: answered(
    400,
    "The name of a role is empty, or has a comma in it or space at its ends.",
    "Choose a name that can stand in a list.",
  ),
  PERMISSION_MISSING: answered(
    403,
    "No role permits this, or the API key or token is limited to something else; `permissions` has what was needed.",
    "Ask for a role that has it, or for a key or token with these permissions or scopes.",
  ),
  ALREADY_A_MEMBER: answered(409, "Whom the request names is a member already.", "Change the member instead."),
  ALREADY_INVITED: answered(
    409,
    "The address has a pending invitation to the organization.",
    "Let it be accepted, or cancel it first.",
  ),
  LAST_OWNER: answered(
    409,
    "The organization would be left without an owner.",
    "Make somebody else an owner first, or delete the organization.",
  ),
  LAST_TEAM: answered(409, "The organization would be left without a team.", "Make another team first."),
  MEMBER_LIMIT_REACHED: answered(409, "The organization has as many members as it may have.", "Remove somebody first."),
  ROLE_IN_USE: answered(
    409,
    "A member or a pending invitation has the role.",
    "Give them another role, or cancel the invitation, first.",
  ),
  ROLE_NAME_TAKEN: answered(409, "The organization has a role of this name, or every one has.", "Choose another name."),
  SLUG_TAKEN: answered(409, "There is an organization of this slug already.", "Choose another slug."),
  WEBHOOK_NOT_FOUND: answered(404, "The organization has no such webhook.", "List those that it has."),
  WEBHOOK_LIMIT_REACHED: answered(
    409,
    "The organization has as many webhooks as it may have.",
    "Remove one, or let one of them have more events.",
  ),
  WEBHOOK_URL_REFUSED: answered(
    400,
    "The address of a webhook is none, or one to which nothing is sent; the detail says why.",
    "Give a public `https://` address, or have an operator allow your network by IAM_WEBHOOK_NETWORKS.",
  ),
};

/** What is said of a webhook's delivery. */
const deliveries: Readonly<Record<Failure, Explanation>> = {
  ADDRESS_REFUSED: told(
    "The webhook's address is private, or its host's name leads to an address that is: nothing was sent.",
    "Give a public `https://` address, or have an operator allow your network by IAM_WEBHOOK_NETWORKS.",
  ),
  ANSWER_CUT_OFF: told(
    "The endpoint took the event, and its answer was longer than 16 KiB or not over in time: the rest was not read.",
    "Answer with a status alone; nothing of the answer is looked at.",
  ),
  ANSWER_NO_SUCCESS: told(
    "The endpoint answered with another status than a 2xx; the delivery has it.",
    "Look into the endpoint's log for the delivery's id.",
  ),
  EVENT_MISSING: told(
    "The event is in the log no longer: its partition was taken away before it could be delivered.",
    "Nothing; look for it in an export.",
  ),
  HOST_UNKNOWN: told("The name of the webhook's host does not resolve.", "Correct the address, or the DNS."),
  HOST_UNREACHABLE: told(
    "No connection to the endpoint came about, its certificate does not hold, or it broke off the answer.",
    "Let the endpoint listen, with a certificate that the public trusts.",
  ),
  REDIRECTED: told(
    "The endpoint answered with a redirection, which is not followed.",
    "Give the address to which it leads.",
  ),
  TIMED_OUT: told(
    "The endpoint did not answer within ten seconds.",
    "Answer first, and do afterwards what the event asks for.",
  ),
};

/** Codes that are the names of HTTP statuses. */
type StatusCode = keyof typeof status;

const status = {
  BAD_REQUEST: answered(400, "The request is malformed; the detail says how.", "Correct the request."),
  UNAUTHORIZED: answered(401, "There is no live session.", "Sign in."),
  PAYMENT_REQUIRED: answered(402, "Something has to be paid first; nothing here answers so.", "Nothing."),
  FORBIDDEN: answered(403, "The session's user may not do this.", "Ask whoever may."),
  NOT_FOUND: answered(404, "There is no such route, or what it names does not exist.", "Correct the path or the id."),
  METHOD_NOT_ALLOWED: answered(405, "The route does not have this method.", "Use the method that the reference has."),
  NOT_ACCEPTABLE: answered(406, "The answer has no form that the request accepts.", "Accept `application/json`."),
  CONFLICT: answered(409, "The change contradicts what is there.", "Read it again, and decide again."),
  GONE: answered(410, "What was there is there no longer.", "Stop asking for it."),
  PRECONDITION_FAILED: answered(412, "A condition that the request states does not hold.", "Read again first."),
  PAYLOAD_TOO_LARGE: answered(413, "The body has more than 1 MiB.", "Send less."),
  UNSUPPORTED_MEDIA_TYPE: answered(415, "The body is not of a type that is read.", "Send `application/json`."),
  UNPROCESSABLE_ENTITY: answered(422, "The request is well-formed and cannot be followed.", "Correct its values."),
  TOO_MANY_REQUESTS: answered(429, "The client has asked too often.", "Wait as long as `Retry-After` says."),
  INTERNAL_SERVER_ERROR: answered(500, "Something failed unexpectedly.", "Look for the trace in the server's log."),
  NOT_IMPLEMENTED: answered(501, "The operation is not there.", "Use another one."),
  SERVICE_UNAVAILABLE: answered(503, "The server cannot answer for now.", "Try again later."),
} satisfies Partial<Record<AuthErrorCode, Explanation>>;

/** Every code of an `AuthError`. */
export const authentication: Readonly<Record<AuthErrorCode, Explanation>> = {
  ...betterAuth,
  ...sso,
  ...undeclared,
  ...own,
  ...status,
};

/** The families of the domain, in the order in which the page has them. */
export const families: ReadonlyArray<Family> = [
  {
    title: "Starting",
    says: "Of `StartupError`: nothing was changed. The command prints one line with the code, and ends with 1.",
    codes: startup,
  },
  {
    title: "Errors of the services",
    says: "Tagged errors of Effects; they are no HTTP answers of their own.",
    codes: errors,
  },
  {
    title: "Transactions and values",
    says: "Of `AuthError`, and over HTTP. `CommitUnknown`, with the same code, is the error of a transaction of your own.",
    codes: own,
  },
  {
    title: "Organizations",
    says: "Of `Problems`, and over HTTP, where routes and services of an organization refuse; what does not exist there has the `…_NOT_FOUND` of Better Auth, as 404, and the limit of invitations its `INVITATION_LIMIT_REACHED`, as 409.",
    codes: organizations,
  },
  {
    title: "Webhooks",
    says: "What a delivery has for `error`; no request fails by them. Codes of the services' errors stand there too.",
    codes: deliveries,
  },
  {
    title: "HTTP statuses",
    says: "An error that says nothing else has the name of its status for a code; what is not listed here is named alike.",
    codes: status,
  },
  ...areas.map((area) => ({ ...area, title: `Better Auth: ${area.title}` })),
  {
    title: "Single sign-on",
    says: "Of `AuthError`, and over HTTP. Those without a status come to the page of errors, as `?error=<code>`.",
    codes: { ...sso, ...ssoRedirections },
  },
  {
    title: "Better Auth: undeclared",
    says: "Of `AuthError`, and over HTTP; Better Auth's `$ERROR_CODES` do not have them.",
    codes: undeclared,
  },
];

export { findings } from "./explanations/findings.ts";
