/** The families of error codes that the command has of its own: the page of errors is made from them. */
import type { ErrorCatalogue } from "@beep/iam-domain";
import type { Refused, Unfinished } from "./Refused.ts";

const codes: Readonly<Record<Refused["code"] | Unfinished["code"], ErrorCatalogue.Explanation>> = {
  EVENT_NOT_FOUND: {
    statuses: [],
    cause: "There is no such event in the log, or it is not sealed yet.",
    remedy:
      "Name one that `iam audit tail` shows; what was just recorded is sealed within a moment, where a process seals.",
  },
  FILE_UNREADABLE: {
    statuses: [],
    cause: "A file that the command was given cannot be read or written, or is not what it is said to be.",
    remedy: "Correct its name, or let this user read it.",
  },
  LOG_KEY_MISSING: {
    statuses: [],
    cause: "No public key of the log was stated: without one nothing that is signed can be trusted.",
    remedy: "State it by --key, as `iam audit key` printed it.",
  },
  LOG_EMPTY: {
    statuses: [],
    cause: "Nothing is signed yet: no process that runs has IAM_AUDIT_SIGNING_KEY, or it has just begun.",
    remedy: "Run a server with that key; `iam audit key` makes one.",
  },
  PASSWORD_MISSING: {
    statuses: [],
    cause: "A command that sets a password was given none, neither typed nor piped in.",
    remedy: "Type it, or pipe it in: `iam user set-password ann@example.com < file`.",
  },
  KEYS_LEFT: {
    statuses: [],
    cause: "Data keys, or values under a retired one, did not open, and are as they were; everything else is done.",
    remedy: "Restore them from a backup, or have what they sealed set anew; then run `iam keys rewrap` again.",
  },
  SEED_REFUSED: {
    statuses: [],
    cause: "Demo data is asked for where there are users that are not demo data.",
    remedy: "Name another database, or say `--force` to mix them.",
  },
};

/** What the command itself refuses. */
export const errorFamilies: ReadonlyArray<ErrorCatalogue.Family> = [
  { title: "The command", says: "Of `iam` itself.", codes },
];
