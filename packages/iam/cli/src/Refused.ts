/** What the command itself refuses, or leaves unfinished. */
import * as Schema from "effect/Schema";

/** The command does not do what it was asked for; nothing was changed. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Literals([
    "EVENT_NOT_FOUND",
    "FILE_UNREADABLE",
    "LOG_KEY_MISSING",
    "LOG_EMPTY",
    "PASSWORD_MISSING",
    "SEED_REFUSED",
  ]),
  message: Schema.String,
  remedy: Schema.String,
}) {}

/** The command did what it could, and something is left that it could not do. */
export class Unfinished extends Schema.TaggedError<Unfinished>()("Unfinished", {
  code: Schema.tag("KEYS_LEFT"),
  message: Schema.String,
  remedy: Schema.String,
}) {}

/** The command did what it was asked for, and could not send the mail that belongs to it. */
export class Unsent extends Schema.TaggedError<Unsent>()("Unsent", {
  code: Schema.tag("MAIL_FAILED"),
  message: Schema.String,
  remedy: Schema.String,
}) {}
