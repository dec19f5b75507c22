/** What the command itself refuses. */
import * as Schema from "effect/Schema";

/** The command does not do what it was asked for; nothing was changed. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Literals(["PASSWORD_MISSING", "SEED_REFUSED"]),
  message: Schema.String,
  remedy: Schema.String,
}) {}
