/** What can go wrong and can be handled. Each error has a stable `code`; none carries a secret or a query's parameters. */
import * as Schema from "effect/Schema";
import * as SchemaGetter from "effect/SchemaGetter";
import { AuthErrorCode } from "./AuthErrorCode.ts";

/** What caused an error: for the log. No encoded form has it, because it may quote a statement. */
const cause = Schema.optional(
  Schema.Undefined.pipe(
    Schema.decodeTo(Schema.Unknown, {
      decode: SchemaGetter.transform(() => undefined),
      encode: SchemaGetter.transform(() => undefined),
    }),
  ),
);

/** Why a service cannot start. */
export const StartupCode = Schema.Literals([
  "CONFIGURATION_INVALID",
  "CONNECTIONS_TOO_FEW",
  "DATABASE_CHANGED",
  "DATABASE_LOCKED",
  "DATABASE_MISSING",
  "DATABASE_NEWER",
  "DATABASE_REFUSED",
  "DATABASE_UNREACHABLE",
  "DATA_DIRECTORY_IN_USE",
  "DATA_DIRECTORY_OTHER_VERSION",
  "DATA_DIRECTORY_UNUSABLE",
  "MIGRATION_FAILED",
  "MIGRATION_PENDING",
  "POOLER_IN_BETWEEN",
  "PORT_UNAVAILABLE",
  "ROLES_MISSING",
  "SECRET_MISSING",
]);
export type StartupCode = typeof StartupCode.Type;

/** A service cannot start; nothing was changed. `message` says what is wrong, `remedy` what to do. */
export class StartupError extends Schema.TaggedError<StartupError>()("StartupError", {
  code: StartupCode,
  message: Schema.String,
  remedy: Schema.String,
  cause,
}) {}

/** An update stated a version of the row that is no longer the current one: read again, and decide again. */
export class StaleVersion extends Schema.TaggedError<StaleVersion>()("StaleVersion", {
  code: Schema.tag("STALE_VERSION"),
  cause,
}) {
  override get message() {
    return "The row has been changed since it was read.";
  }
}

/** The outcome of a transaction is unknown: the connection was lost while it was being committed. */
export class CommitUnknown extends Schema.TaggedError<CommitUnknown>()("CommitUnknown", {
  code: Schema.tag("COMMIT_UNKNOWN"),
  cause,
}) {
  override get message() {
    return "The connection was lost while the change was being committed; it may or may not have happened.";
  }
}

/** Authentication refused a request. `status` is the HTTP status that it answers with. */
export class AuthError extends Schema.TaggedError<AuthError>()("AuthError", {
  code: AuthErrorCode,
  status: Schema.Int,
  message: Schema.String,
}) {}

/** There is an administrator already: the next one is made by an administrator. */
export class FirstAdministratorExists extends Schema.TaggedError<FirstAdministratorExists>()(
  "FirstAdministratorExists",
  { code: Schema.tag("FIRST_ADMINISTRATOR_EXISTS") },
) {
  override get message() {
    return "There is an administrator already.";
  }
}

/** Something is to be done in an administrator's name, and there is none who is not banned. */
export class AdministratorMissing extends Schema.TaggedError<AdministratorMissing>()("AdministratorMissing", {
  code: Schema.tag("ADMINISTRATOR_MISSING"),
}) {
  override get message() {
    return "There is no administrator who can act.";
  }
}

/** A one-time token is unknown, used up, replaced by a newer one, or expired. */
export class TokenInvalid extends Schema.TaggedError<TokenInvalid>()("TokenInvalid", {
  code: Schema.tag("TOKEN_INVALID"),
}) {
  override get message() {
    return "The token is not valid, or no longer.";
  }
}

/** A subtree of the log is not where it is stored: rows are missing, or hold fewer hashes than their leaf completes. */
export class TreeNodeMissing extends Schema.TaggedError<TreeNodeMissing>()("TreeNodeMissing", {
  code: Schema.tag("TREE_NODE_MISSING"),
  level: Schema.Int,
  index: Schema.BigIntFromString,
}) {
  override get message() {
    return `The subtree ${this.index} of level ${this.level} is not stored.`;
  }
}
