/** The command `iam`. */
import { readFileSync } from "node:fs";
import * as CliConfig from "effect/cli/CliConfig";
import type { CliError } from "effect/cli/CliError";
import * as CliOutput from "effect/cli/CliOutput";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as GlobalFlag from "effect/cli/GlobalFlag";
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type { ErrorsFound } from "./doctor.ts";
import type { Failure } from "./explain.ts";
import { keyCommand } from "./key.ts";
import { orgCommand } from "./org.ts";
import { seedCommand } from "./seed.ts";
import { userCommand } from "./user.ts";

// The services are loaded only by what uses them: help and version come at once.
const serve = Effect.flatMap(
  Effect.promise(() => import("./serve.ts")),
  (module) => module.serve,
);
const migrate = (options: { readonly printSetup: boolean }) =>
  Effect.flatMap(
    Effect.promise(() => import("./migrate.ts")),
    (module) => (options.printSetup ? module.printSetup : module.migrate),
  );

/** Before anything is done. The doctor finds what it refuses, and what else is wrong. */
const demandKnown = Effect.flatMap(
  Effect.promise(() => import("./configuration.ts")),
  (module) => module.demandKnown,
);

const serveCommand = Command.make("serve", {}, () => serve).pipe(
  Command.withShortDescription("Serve the identity services"),
  Command.withDescription(
    [
      "Serves the identity services over HTTP, and migrates the database first. With DATABASE_URL it uses that PostgreSQL",
      "server and needs IAM_SECRET; without it, a database of its own in IAM_DATA_DIR (.iam).",
      "HOST (127.0.0.1) and PORT (3000) say where to listen, IAM_BASE_URL where browsers find it, IAM_LOG_LEVEL (warn)",
      "what is logged.",
    ].join(" "),
  ),
  Command.withExamples([
    { command: "iam serve", description: "With a database in .iam" },
    { command: "PORT=4000 IAM_DATA_DIR=/tmp/iam iam serve", description: "Elsewhere" },
    {
      command: 'DATABASE_URL=postgres://iam:…@db/iam IAM_SECRET="$(cat secret)" iam serve',
      description: "On a PostgreSQL server",
    },
  ]),
);

const printSetup = Flag.Boolean("print-setup").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Print the SQL that makes logins and roles; change nothing"),
);

const migrateCommand = Command.make("migrate", { printSetup }, migrate).pipe(
  Command.withShortDescription("Migrate the database"),
  Command.withDescription(
    [
      "Brings the database to this version and ends. IAM_MIGRATIONS_URL names the login that owns the tables, DATABASE_URL",
      "the one that uses them; without DATABASE_URL it migrates the database in IAM_DATA_DIR (.iam).",
      "Where the first login may not create roles, an administrator of the server runs once what --print-setup prints:",
      "SQL that makes the logins of these two addresses, and the roles.",
    ].join(" "),
  ),
  Command.withExamples([
    {
      command: [
        "IAM_MIGRATIONS_URL=postgres://owner:…@db/iam \\",
        "    DATABASE_URL=postgres://iam:…@db/iam iam migrate",
      ].join("\n"),
      description: "Owner and application have logins of their own",
    },
    {
      command: "iam migrate --print-setup | psql postgres://postgres:…@db/postgres",
      description: "Prepare a server on which that login may not create roles",
    },
  ]),
);

const doctorCommand = Command.make(
  "doctor",
  { json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Print one JSON document instead")) },
  (options) =>
    Effect.flatMap(
      Effect.promise(() => import("./doctor.ts")),
      (module) => module.doctor(options),
    ),
).pipe(
  Command.withShortDescription("Examine the installation"),
  Command.withDescription(
    [
      "Examines what the configuration says, whether mail can leave, and whether the database is what it should be, and",
      "says how to put right what it finds. It changes nothing, and shows no secret. It ends with 1 where it finds errors,",
      "and with 0 where it finds nothing or only warnings.",
    ].join(" "),
  ),
  Command.withExamples([
    { command: "iam doctor", description: "Under the configuration that iam serve would have" },
    { command: "iam doctor --json", description: "For a program: { findings: [{ code, severity, message, remedy }] }" },
  ]),
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
