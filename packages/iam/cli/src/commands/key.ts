/** `iam key`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as CliError from "effect/cli/CliError";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";
import type { Whose } from "../operations/apiKeys.ts";

const operations = Effect.promise(() => import("../operations/apiKeys.ts"));

const key = Argument.String("key").pipe(Argument.withDescription("Id of the key, as `iam key list` shows it"));

const whose = {
  user: Flag.String("user").pipe(Flag.withDescription("The user that owns it"), Flag.optional),
  org: Flag.String("org").pipe(Flag.withDescription("The organization that owns it"), Flag.optional),
};

const oneOwner = <Input extends Whose>(input: Input) =>
  Option.isSome(input.user) === Option.isSome(input.org)
    ? Effect.fail(new CliError.ValidationError({ message: "State either --user or --org." }))
    : Effect.void;

const create = Command.make(
  "create",
  {
    ...whose,
    name: Flag.String("name").pipe(Flag.withDescription("What it is for"), Flag.optional),
    prefix: Flag.String("prefix").pipe(Flag.withDescription("What the key begins with: ci_"), Flag.optional),
    expiresIn: Flags.seconds("expires-in", "How long it works (for good)"),
    permissions: Flag.KeyValuePair("permission").pipe(
      Flag.withMetavar("resource=actions"),
      Flag.withDescription("What it may do: files=read,write"),
      Flag.optional,
    ),
    requests: Flags.count("requests").pipe(Flag.withDescription("Uses allowed within --per (600)"), Flag.optional),
    per: Flags.seconds("per", "Within this time (1 minute)"),
    unlimited: Flag.Boolean("unlimited").pipe(
      Flag.withDescription("Let it be used however often"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.create(input)),
).pipe(
  Command.validate(oneOwner),
  Command.withShortDescription("Create a key"),
  Command.withDescription(
    "Creates an API key for a user or an organization. The key is printed alone, and only this once.",
  ),
  Command.withExamples([
    { command: "iam key create --user ann@example.com --name build > key", description: "Into a file" },
    {
      command: 'iam key create --org acme --permission files=read --expires-in "90 days"',
      description: "An organization's, which may read files for a while",
    },
    { command: 'iam key create --org acme --requests 1000 --per "1 minute"', description: "Used often" },
  ]),
);

const list = Command.make("list", { ...whose, json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.validate(oneOwner),
  Command.withShortDescription("List keys"),
  Command.withDescription("Lists the keys of a user or an organization, without the keys themselves."),
  Command.withExamples([{ command: "iam key list --org acme", description: "An organization's" }]),
);

const rotate = Command.make("rotate", { key, json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.rotate(input)),
).pipe(
  Command.withShortDescription("Replace a key by a new one"),
  Command.withDescription(
    "Ends a key, and prints a new one of the same name, owner, prefix, permissions and limits, which works as long as the old one was to. Both happen, or nothing does.",
  ),
  Command.withExamples([
    { command: "iam key rotate apikey_01h455vb4pex5vsknk084sn02q > key", description: "Into a file" },
  ]),
);

const revoke = Command.make("revoke", { key }, (input) => Effect.flatMap(operations, (run) => run.revoke(input))).pipe(
  Command.withShortDescription("End a key"),
  Command.withDescription("Ends a key at once and for good."),
  Command.withExamples([{ command: "iam key revoke apikey_01h455vb4pex5vsknk084sn02q", description: "By id" }]),
);

/** `iam key` */
export const keyCommand: Declared<"key"> = Command.make("key").pipe(
  Command.withShortDescription("Create, rotate and revoke API keys"),
  Command.withDescription(
    "What an operator does with API keys. The keys that secrets are sealed under are `iam keys`.",
  ),
  Command.withSubcommands([create, list, rotate, revoke]),
  Command.withExamples([
    { command: "iam key create --user ann@example.com --name build", description: "Make a key" },
    { command: "iam key list --user ann@example.com", description: "See which there are" },
  ]),
);
