/** The command `iam`. */
import { readFileSync } from "node:fs";
import * as CliConfig from "effect/cli/CliConfig";
import type { CliError } from "effect/cli/CliError";
import * as Command from "effect/cli/Command";
import * as GlobalFlag from "effect/cli/GlobalFlag";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
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
const migrate = Effect.flatMap(
  Effect.promise(() => import("./migrate.ts")),
  (module) => module.migrate,
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

const migrateCommand = Command.make("migrate", {}, () => migrate).pipe(
  Command.withShortDescription("Migrate the database"),
  Command.withDescription(
    [
      "Brings the database to this version and ends. IAM_MIGRATIONS_URL names the login that owns the tables, DATABASE_URL",
      "the one that uses them.",
    ].join(" "),
  ),
  Command.withExamples([
    {
      command: "IAM_MIGRATIONS_URL=postgres://owner:…@db/iam DATABASE_URL=postgres://iam:…@db/iam iam migrate",
      description: "Owner and application have logins of their own",
    },
  ]),
);

const iam = Command.make("iam").pipe(
  Command.withDescription("Identity and access management."),
  Command.withSubcommands([serveCommand, migrateCommand, userCommand, orgCommand, keyCommand, seedCommand]),
  Command.withExamples([
    { command: "iam serve", description: "Serve, with a database in .iam" },
    { command: "iam migrate", description: "Migrate the database that DATABASE_URL names" },
  ]),
);

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }));

/** Runs the command with the process's arguments. */
export const run: Effect.Effect<void, Failure | CliError, Command.Environment> = Effect.gen(function* () {
  const text = yield* Effect.sync(() => readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const { version } = yield* Effect.orDie(Schema.decodeEffect(Manifest)(text));
  return yield* Command.run(iam, { version });
}).pipe(
  Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })),
);
