/** What the command itself refuses. */
import type { ErrorCatalogue } from "@beep/iam-domain";
import * as Schema from "effect/Schema";

/** The command does not do what it was asked for; nothing was changed. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Literals(["PASSWORD_MISSING", "SEED_REFUSED"]),
  message: Schema.String,
  remedy: Schema.String,
}) {}

/** The command did what it was asked for, and could not send the mail that belongs to it. */
export class Unsent extends Schema.TaggedError<Unsent>()("Unsent", {
  code: Schema.tag("MAIL_FAILED"),
  message: Schema.String,
  remedy: Schema.String,
}) {}

const codes: Readonly<Record<Refused["code"], ErrorCatalogue.Explanation>> = {
  PASSWORD_MISSING: {
    statuses: [],
    cause: "A command that sets a password was given none, neither typed nor piped in.",
    remedy: "Type it, or pipe it in: `iam user set-password ann@example.com < file`.",
  },
  SEED_REFUSED: {
    statuses: [],
    cause: "Demo data is asked for where there are users that are not demo data.",
    remedy: "Name another database, or say `--force` to mix them.",
  },
};

/** What the page of errors says of the command's own refusals. */
export const errorFamily: ErrorCatalogue.Family = {
  title: "The command",
  says: "Of `iam` itself.",
  codes,
};
