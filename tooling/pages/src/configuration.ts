/** The page of the configuration, from the keys themselves. */
import { keys as commandKeys } from "@beep/iam-cli";
import { Iam } from "@beep/iam-server";
import { table } from "./table.ts";

type Keys = typeof Iam.keys;

const tableOf = (keys: Keys): ReadonlyArray<string> =>
  table(
    ["key", "takes", "default", "what it does"],
    Object.values(keys).map(({ entry: { key, type, fallback, says } }) => [
      `\`${key}\``,
      type,
      fallback ?? "must be set",
      says,
    ]),
  );

/** The page. */
export const configuration: ReadonlyArray<string> = [
  "# Configuration",
  "",
  "Everything is read from Effect's `Config`, which by default is the environment. A value that a key does not take is",
  "refused at the start with `CONFIGURATION_INVALID`, and so is a key that is misspelt:",
  "",
  "- The command `iam` refuses a name that is near to a key that is not set, and suggests that one. What else begins with",
  "  `IAM_` it names in the log, because nobody reads it.",
  "- `Iam.layer` refuses what differs in one or two letters from a key that is not set. An application may have other keys",
  "  that begin with `IAM_`; where its name is that near to one of ours, setting ours too lets it pass. Keys of a",
  "  source that cannot list them are not checked.",
  "",
  "## The services",
  "",
  "`Iam.layer`, and the layers that it is made of, read these. Without `DATABASE_URL` they use the embedded database;",
  "`IamDb.layer` by itself must have it.",
  "",
  ...tableOf(Iam.keys),
  "",
  "## The command `iam`",
  "",
  "It reads those, and these:",
  "",
  ...tableOf(commandKeys),
  "",
  "`iam serve` needs nothing: what must be set it makes up where that is safe.",
  "",
  "- `IAM_BASE_URL` is `http://localhost:<PORT>` unless it is set. Behind a proxy, or for anybody else, set it.",
  "- `IAM_SECRET` is made once and kept in `<IAM_DATA_DIR>/secret`, with the embedded database, and so are",
  "  `IAM_KEY_ENCRYPTION_KEYS` in `key-encryption-keys` beside it, an entry on each line. With `DATABASE_URL` both must be set,",
  "  because every process of one installation needs the same.",
];
