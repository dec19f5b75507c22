/** What can go wrong and can be handled. Each error has a stable `code`; none carries a secret or a query's parameters. */
import { IamEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as SchemaGetter from "effect/SchemaGetter";
import { AuthErrorCode } from "./AuthErrorCode.ts";
import * as KeyOwner from "./KeyOwner.ts";

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
  "KEY_ENCRYPTION_KEY_MISSING",
  "KEY_ENCRYPTION_KEY_WRONG",
  "KEY_MANAGEMENT_UNREACHABLE",
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

/** The key-encryption key that wraps a data key is not there. */
export class KeyVersionMissing extends Schema.TaggedError<KeyVersionMissing>()("KeyVersionMissing", {
  code: Schema.tag("KEY_VERSION_MISSING"),
  /** The version that is named. */
  keyVersion: Schema.String,
}) {
  override get message() {
    return `There is no key-encryption key of version ${JSON.stringify(this.keyVersion)}.`;
  }
}

/** A wrapped data key does not open: it was altered, belongs to another row, or the key-encryption key is another one. */
export class KeyNotOpened extends Schema.TaggedError<KeyNotOpened>()("KeyNotOpened", {
  code: Schema.tag("KEY_NOT_OPENED"),
  dataKey: IamEntityIds.DataKeyId,
  keyVersion: Schema.String,
}) {
  override get message() {
    return `The data key ${this.dataKey} does not open by the key-encryption key of version ${JSON.stringify(this.keyVersion)}.`;
  }
}

/** What wraps data keys does not answer: try again later. */
export class KeyManagementUnavailable extends Schema.TaggedError<KeyManagementUnavailable>()(
  "KeyManagementUnavailable",
  { code: Schema.tag("KEY_MANAGEMENT_UNAVAILABLE"), cause },
) {
  override get message() {
    return "The key management does not answer.";
  }
}

/** The owner's key was destroyed, and with it all that it had sealed: nothing more can be sealed for that owner. */
export class KeyDestroyed extends Schema.TaggedError<KeyDestroyed>()("KeyDestroyed", {
  code: Schema.tag("KEY_DESTROYED"),
  owner: KeyOwner.KeyOwner,
}) {
  override get message() {
    return `The key of ${KeyOwner.text(this.owner)} was destroyed.`;
  }
}

/** A legal hold keeps the owner's keys from being destroyed. */
export class KeyHeld extends Schema.TaggedError<KeyHeld>()("KeyHeld", {
  code: Schema.tag("KEY_HELD"),
  owner: KeyOwner.KeyOwner,
  /** The holds that are in force. */
  holds: Schema.Array(IamEntityIds.LegalHoldId),
}) {
  override get message() {
    return `The keys of ${KeyOwner.text(this.owner)} are under a legal hold (${this.holds.join(", ")}).`;
  }
}

/** The installation's own key is never destroyed, and needs no hold. */
export class KeyOfInstallation extends Schema.TaggedError<KeyOfInstallation>()("KeyOfInstallation", {
  code: Schema.tag("KEY_OF_INSTALLATION"),
}) {
  override get message() {
    return "The installation's own key is never destroyed.";
  }
}

/** The owner has no key: nothing was ever sealed for that owner. */
export class KeyMissing extends Schema.TaggedError<KeyMissing>()("KeyMissing", {
  code: Schema.tag("KEY_MISSING"),
  owner: KeyOwner.KeyOwner,
}) {
  override get message() {
    return `There is no key of ${KeyOwner.text(this.owner)}.`;
  }
}

/** There is no legal hold of that id in force. */
export class HoldNotFound extends Schema.TaggedError<HoldNotFound>()("HoldNotFound", {
  code: Schema.tag("HOLD_NOT_FOUND"),
}) {
  override get message() {
    return "There is no such legal hold in force.";
  }
}

/**
 * A sealed value does not open. `reason` says why: it was altered or moved from another place (`altered`), its key was
 * destroyed, there is no such key, or the key itself does not open.
 */
export class SecretUnreadable extends Schema.TaggedError<SecretUnreadable>()("SecretUnreadable", {
  code: Schema.tag("SECRET_UNREADABLE"),
  table: Schema.String,
  row: Schema.String,
  column: Schema.String,
  reason: Schema.Literals([
    "altered",
    "key destroyed",
    "key unknown",
    "key does not open",
    "key-encryption key missing",
  ]),
}) {
  override get message() {
    return `The secret in ${this.table}.${this.column} of ${this.row} cannot be read: ${this.reason}.`;
  }
}
