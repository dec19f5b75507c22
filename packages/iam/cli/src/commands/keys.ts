/** `iam keys`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as CliError from "effect/cli/CliError";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/keys.ts"));

const description = "User by address or id, organization by slug or id, `installation`, or <kind>:<id>";

const owner = Argument.String("owner").pipe(Argument.withDescription(description));

const as = Flags.as("the operator");

const list = Command.make(
  "list",
  {
    owner: Flag.String("owner").pipe(Flag.withDescription("Those of one owner"), Flag.optional),
    ...Flags.page,
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.withShortDescription("List data keys and legal holds"),
  Command.withDescription(
    "Lists data keys, the newest first, with the version of the key-encryption key that wraps each; and the legal holds in force.",
  ),
  Command.withExamples([{ command: "iam keys list --owner ann@example.com", description: "One user's" }]),
);

const generate = Command.make("generate", {}, () => Effect.flatMap(operations, (run) => run.generate)).pipe(
  Command.withShortDescription("Make a key-encryption key"),
  Command.withDescription(
    "Prints a new entry for IAM_KEY_ENCRYPTION_KEYS, of the next version, and changes nothing. It is kept nowhere else: whoever loses it has lost what is sealed.",
  ),
  Command.withExamples([{ command: "iam keys generate > key", description: "Into a file" }]),
);

const rewrap = Command.make("rewrap", { json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.rewrap(input)),
).pipe(
  Command.withShortDescription("Wrap all data keys by the newest key-encryption key"),
  Command.withDescription(
    [
      "Wraps every data key by the key-encryption key that wraps now, so that older ones can be taken away, and seals anew",
      "what is under a key that was rotated. Servers go on meanwhile. Interrupted, it goes on where it was when it is run",
      "again; several at once share the work.",
    ].join(" "),
  ),
  Command.withExamples([
    { command: "iam keys rewrap", description: "After a new version was added to IAM_KEY_ENCRYPTION_KEYS" },
  ]),
);

const rotate = Command.make("rotate", { owner, json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.rotate(input)),
).pipe(
  Command.withShortDescription("Give an owner another data key"),
  Command.withDescription(
    "Seals what is written from now on under a new data key. The old one still opens, until `iam keys rewrap` has sealed everything anew and ends it.",
  ),
  Command.withExamples([{ command: "iam keys rotate acme", description: "An organization's" }]),
);

const destroy = Command.make(
  "destroy",
  {
    owner,
    forGood: Flag.Boolean("for-good").pipe(
      Flag.withDescription("Say that it is meant: it cannot be undone (required)"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
  },
  (input) => Effect.flatMap(operations, (run) => run.destroy(input)),
).pipe(
  Command.validate(({ forGood }) =>
    forGood
      ? Effect.void
      : Effect.fail(
          new CliError.ValidationError({ message: "State --for-good: what is destroyed cannot be read again." }),
        ),
  ),
  Command.withShortDescription("Make unreadable what is sealed for an owner"),
  Command.withDescription(
    "Destroys the data keys of an owner: everything that is sealed for that owner is unreadable for good. A legal hold prevents it. Backups from before still have the keys, wrapped.",
  ),
  Command.withExamples([
    { command: "iam keys destroy user_01h455vb4pex5vsknk084sn02q --for-good", description: "Of a user who was erased" },
  ]),
);

const hold = Command.make(
  "hold",
  {
    owner,
    reason: Flag.String("reason").pipe(Flag.withDescription("Why")),
    json: Flags.json,
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.hold(input)),
).pipe(
  Command.withShortDescription("Keep an owner's keys from being destroyed"),
  Command.withDescription(
    "Places a legal hold, and prints its id: until it is released, the owner's keys are not destroyed.",
  ),
  Command.withExamples([{ command: 'iam keys hold ann@example.com --reason "Case 4711"', description: "For a user" }]),
);

const release = Command.make(
  "release",
  { hold: Argument.String("hold").pipe(Argument.withDescription("Id of the hold, as `iam keys list` shows it")), as },
  (input) => Effect.flatMap(operations, (run) => run.release(input)),
).pipe(
  Command.withShortDescription("Release a legal hold"),
  Command.withDescription("Ends a legal hold. When it was the last one, the owner's keys can be destroyed again."),
  Command.withExamples([{ command: "iam keys release legalhold_01h455vb4pex5vsknk084sn02q", description: "By id" }]),
);

/** `iam keys` */
export const keysCommand: Declared<"keys"> = Command.make("keys").pipe(
  Command.withShortDescription("Look after the keys that secrets are sealed under"),
  Command.withDescription(
    [
      "What an operator does with the keys of the installation: data keys, under which the secrets of a user, an",
      "organization or the installation are sealed, and the key-encryption keys that wrap those. API keys are `iam key`.",
    ].join(" "),
  ),
  Command.withSubcommands([list, generate, rewrap, rotate, destroy, hold, release]),
  Command.withExamples([
    { command: "iam keys generate", description: "Make a new key-encryption key, to be added to the others" },
    { command: "iam keys rewrap", description: "Use it for everything" },
  ]),
);
