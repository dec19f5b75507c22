/** `iam seed`: the command. What it does is loaded when it runs. */
import * as CliError from "effect/cli/CliError";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { MOST_MEMBERS, type Size } from "../demo/plan.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/seed.ts"));

const fitting = <Input extends Size>({ tenants, users }: Input) =>
  users < tenants || users > tenants * MOST_MEMBERS
    ? Effect.fail(
        new CliError.ValidationError({
          message: `${tenants} tenants take from ${tenants} to ${tenants * MOST_MEMBERS} users: an owner each, and ${MOST_MEMBERS} members at most.`,
        }),
      )
    : Effect.void;

/** `iam seed` */
export const seedCommand = Command.make(
  "seed",
  {
    tenants: Flags.count("tenants").pipe(Flag.withDescription("How many organizations (10)"), Flag.withDefault(10)),
    users: Flags.count("users").pipe(Flag.withDescription("How many users altogether (100)"), Flag.withDefault(100)),
    seed: Flags.whole("seed", { minimum: 0 }).pipe(
      Flag.withDescription("Which data: the same number gives the same (1)"),
      Flag.withDefault(1),
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Even where there are users that are not demo data"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
  },
  (input) => Effect.flatMap(operations, (run) => run.seed(input)),
).pipe(
  Command.validate(fitting),
  Command.withShortDescription("Make demo data"),
  Command.withDescription(
    "Makes organizations with owners, teams and members, through the services. What is there already is found, so that a run that was interrupted goes on.",
  ),
  Command.withExamples([
    { command: "iam seed", description: "A little" },
    { command: "iam seed --tenants 100 --users 10000 --seed 7", description: "More of it" },
  ]),
);
