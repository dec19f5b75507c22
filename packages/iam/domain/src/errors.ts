/** What can go wrong and can be handled. Each error has a stable `code`; none carries a secret or a query's parameters. */
import { IamEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as SchemaGetter from "effect/SchemaGetter";
import { AuthErrorCode } from "./AuthErrorCode.ts";
import * as KeyOwner from "./KeyOwner.ts";

export {
  ConditionUndecided,
  ModelInvalid,
  ModelMissing,
  QuestionInvalid,
  QuestionNotInSql,
  QuestionTooDeep,
  QuestionTooWide,
  RelationUnknown,
  RevisionNotReached,
  TupleInvalid,
  TypeUnknown,
} from "./authorization/AuthorizationErrors.ts";

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

/** An event has a form that this version does not know. */
export class AuditEventUnknown extends Schema.TaggedError<AuditEventUnknown>()("AuditEventUnknown", {
  code: Schema.tag("AUDIT_EVENT_UNKNOWN"),
  event: Schema.String,
  format: Schema.Int,
}) {
  override get message() {
    return `The event ${this.event} has the form ${this.format}, which this version does not know.`;
  }
}

/** What is not as it was sealed. Of what was rewritten as a whole it is known only between which checkpoints it begins. */
export class AuditLogBroken extends Schema.TaggedError<AuditLogBroken>()("AuditLogBroken", {
  code: Schema.tag("AUDIT_LOG_BROKEN"),
  says: Schema.Literals(["changed", "missing", "unsealed", "rewritten", "truncated", "unsigned", "retired"]),
  /** The first index that does not fit, and the last that it may be. */
  index: Schema.BigIntFromString,
  last: Schema.BigIntFromString,
  /** The event that stands there. */
  event: Schema.NullOr(Schema.String),
}) {
  override get message() {
    const where = this.index === this.last ? `at ${this.index}` : `from ${this.index} to ${this.last}`;
    const what = {
      changed: "is not what was sealed: it, or one before it in its chain, was changed, removed or moved",
      missing: "is missing",
      unsealed: "was put behind what is sealed",
      rewritten: "was rewritten: it fits together, but not to the signed checkpoint",
      truncated: "is missing: the log ends before a checkpoint that was signed",
      unsigned: "stands above every checkpoint that was signed",
      retired: "says that events are kept no longer, and those may not be retired",
    }[this.says];
    return `The log is broken ${where}: ${this.event === null ? "what stands there" : this.event} ${what}.`;
  }
}

/** A line of an export is none, or lines are missing at its end. */
export class AuditExportMalformed extends Schema.TaggedError<AuditExportMalformed>()("AuditExportMalformed", {
  code: Schema.tag("AUDIT_EXPORT_MALFORMED"),
  /** Counted from 1. */
  line: Schema.Int,
  says: Schema.String,
}) {
  override get message() {
    return `Line ${this.line} of the export: ${this.says}.`;
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

/** What was to be a signed note is none, or a text cannot be one's. */
export class NoteMalformed extends Schema.TaggedError<NoteMalformed>()("NoteMalformed", {
  code: Schema.tag("NOTE_MALFORMED"),
}) {
  override get message() {
    return "This is not a signed note.";
  }
}

/** What was to be a key of signed notes is none. The key is not in it: it may be the private one. */
export class NoteKeyMalformed extends Schema.TaggedError<NoteKeyMalformed>()("NoteKeyMalformed", {
  code: Schema.tag("NOTE_KEY_MALFORMED"),
}) {
  override get message() {
    return "This is not a key of signed notes.";
  }
}

/** A note is signed by no key that is known: nothing of it can be trusted. */
export class NoteKeyUnknown extends Schema.TaggedError<NoteKeyUnknown>()("NoteKeyUnknown", {
  code: Schema.tag("NOTE_KEY_UNKNOWN"),
}) {
  override get message() {
    return "The note is signed by no known key.";
  }
}

/** A note has a signature that claims to be by a known key, and is not: nothing of it can be trusted. */
export class NoteSignatureInvalid extends Schema.TaggedError<NoteSignatureInvalid>()("NoteSignatureInvalid", {
  code: Schema.tag("NOTE_SIGNATURE_INVALID"),
  /** `<name>+<id>` */
  key: Schema.String,
}) {
  override get message() {
    return `The note has a signature that is not by ${this.key}.`;
  }
}

/** What is signed is no checkpoint of three lines. */
export class CheckpointMalformed extends Schema.TaggedError<CheckpointMalformed>()("CheckpointMalformed", {
  code: Schema.tag("CHECKPOINT_MALFORMED"),
}) {
  override get message() {
    return "This is not a checkpoint.";
  }
}

/** A checkpoint is another log's than the one that was asked for. */
export class CheckpointOfAnotherLog extends Schema.TaggedError<CheckpointOfAnotherLog>()("CheckpointOfAnotherLog", {
  code: Schema.tag("CHECKPOINT_OF_ANOTHER_LOG"),
}) {
  override get message() {
    return "The checkpoint is another log's.";
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

/** There is no signing key of that id, or it is revoked or over already. */
export class SigningKeyNotFound extends Schema.TaggedError<SigningKeyNotFound>()("SigningKeyNotFound", {
  code: Schema.tag("SIGNING_KEY_NOT_FOUND"),
}) {
  override get message() {
    return "There is no such signing key that could be revoked.";
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
