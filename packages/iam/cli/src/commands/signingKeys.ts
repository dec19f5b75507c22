/** `iam signing-keys`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/signingKeys.ts"));

const list = Command.make("list", { json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.withShortDescription("List signing keys"),
  Command.withDescription(
    "Lists the keys, in the order in which they sign: what each is now, since when or from when on it signs, until when it does, and until when it is published.",
  ),
  Command.withExamples([{ command: "iam signing-keys list", description: "All that there are" }]),
);

const rotate = Command.make("rotate", { json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.rotate(input)),
).pipe(
  Command.withShortDescription("Make the next key before it is due"),
  Command.withDescription(
    "Publishes the next key now, and prints its id. It signs after IAM_SIGNING_KEY_PUBLISHED_BEFORE, so that whoever verifies knows it by then; the one before it stays published until its tokens have ended. Nobody notices.",
  ),
  Command.withExamples([
    { command: "iam signing-keys rotate", description: "Where the key has signed for long enough" },
  ]),
);

const revoke = Command.make(
  "revoke",
  {
    key: Argument.String("key").pipe(Argument.withDescription("Id of the key, as `iam signing-keys list` shows it")),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.revoke(input)),
).pipe(
  Command.withShortDescription("Revoke a key at once"),
  Command.withDescription(
    [
      "For a key that somebody else may have: it signs no more and is published no more, and prints the id of the key that",
      "signs now. Its tokens are refused by these services at once, and by others when they fetch the published keys again.",
      "Whoever holds one has to get another.",
    ].join(" "),
  ),
  Command.withExamples([
    { command: "iam signing-keys revoke signingkey_01h455vb4pex5vsknk084sn02q", description: "By id" },
  ]),
);

/** `iam signing-keys` */
export const signingKeysCommand: Declared<"signing-keys"> = Command.make("signing-keys").pipe(
  Command.withShortDescription("Look after the keys that sign tokens"),
  Command.withDescription(
    [
      "The keys at /api/auth/jwks, by which others verify the tokens of these services. They rotate by themselves, as",
      "IAM_SIGNING_KEY_PERIOD says. The keys that secrets are sealed under are `iam keys`.",
    ].join(" "),
  ),
  Command.withSubcommands([list, rotate, revoke]),
  Command.withExamples([{ command: "iam signing-keys list", description: "See which key signs, and until when" }]),
);
