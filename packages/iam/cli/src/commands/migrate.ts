/** `iam migrate`: the command. What it does is loaded when it runs. */
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";

const operations = Effect.promise(() => import("../operations/migrate.ts"));

const printSetup = Flag.Boolean("print-setup").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Print the SQL that makes logins and roles; change nothing"),
);

/** `iam migrate` */
export const migrateCommand: Declared<"migrate", { readonly printSetup: boolean }> = Command.make(
  "migrate",
  { printSetup },
  (input) => Effect.flatMap(operations, (run) => (input.printSetup ? run.printSetup : run.migrate)),
).pipe(
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
