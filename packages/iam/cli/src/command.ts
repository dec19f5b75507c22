/** The command `iam`. */
import { readFileSync } from "node:fs";
import * as CliConfig from "effect/cli/CliConfig";
import type { CliError } from "effect/cli/CliError";
import * as CliOutput from "effect/cli/CliOutput";
import * as Command from "effect/cli/Command";
import * as GlobalFlag from "effect/cli/GlobalFlag";
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { auditCommand } from "./commands/audit.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { keyCommand } from "./commands/key.ts";
import { keysCommand } from "./commands/keys.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { orgCommand } from "./commands/org.ts";
import { scimCommand } from "./commands/scim.ts";
import { seedCommand } from "./commands/seed.ts";
import { serveCommand } from "./commands/serve.ts";
import { signingKeysCommand } from "./commands/signingKeys.ts";
import { userCommand } from "./commands/user.ts";
import type { Failure } from "./explain.ts";
import type { ErrorsFound } from "./operations/doctor.ts";

/** Before anything is done. The doctor finds what it refuses, and what else is wrong. */
const demandKnown = Effect.flatMap(
  Effect.promise(() => import("./configuration.ts")),
  (module) => module.demandKnown,
);

const iam = Command.make("iam").pipe(
  Command.withDescription("Identity and access management."),
  Command.withSubcommands([
    serveCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    migrateCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    doctorCommand,
    userCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    orgCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    keyCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    keysCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    signingKeysCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    auditCommand,
    scimCommand.pipe(Command.provideEffectDiscard(demandKnown)),
    seedCommand.pipe(Command.provideEffectDiscard(demandKnown)),
  ]),
  Command.withExamples([
    { command: "iam serve", description: "Serve, with a database in .iam" },
    { command: "iam migrate", description: "Migrate the database that DATABASE_URL names" },
    {
      command: "iam user create --admin --email … --name …",
      description: "Make an administrator, who sets a password by a mailed link",
    },
    { command: "iam doctor", description: "Find out what is wrong, and how to put it right" },
  ]),
);

/** How wide a terminal is at least. */
const COLUMNS = 80;

/**
 * The usual help, with its descriptions in lines that no terminal breaks inside a word, with what is required, and with
 * the blank line that is missing before the examples.
 */
const readable = (formatter: CliOutput.Formatter): CliOutput.Formatter => ({
  ...formatter,
  formatHelpDoc: (doc) => {
    const indent = "  ";
    const line = new RegExp(`(.{1,${COLUMNS - indent.length}})(?:\\s+|$)`, "g");
    const formatted = formatter.formatHelpDoc({
      ...doc,
      description: doc.description.replace(line, `$1\n${indent}`).trimEnd(),
      flags: doc.flags.map((flag) =>
        flag.required ? { ...flag, description: Option.map(flag.description, (text) => `${text} (required)`) } : flag,
      ),
    });
    // In colour, the heading begins with how it is set.
    return formatted.replace(/(?<!\n)\n(?=\S*EXAMPLES)/, "\n\n");
  },
});

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }));

/** Runs the command with the arguments that it is given. */
export const run: Effect.Effect<void, Failure | ErrorsFound | CliError, Command.Environment> = Effect.gen(function* () {
  const text = yield* Effect.sync(() => readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const { version } = yield* Effect.orDie(Schema.decodeEffect(Manifest)(text));
  return yield* Command.run(iam, { version });
}).pipe(
  Effect.provideServiceEffect(
    CliOutput.Formatter,
    Effect.map(TerminalCapabilities.TerminalCapabilities, ({ canColor }) =>
      readable(CliOutput.defaultFormatter({ colors: canColor })),
    ),
  ),
  Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })),
);
