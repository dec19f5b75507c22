/** `iam user`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/users.ts"));

const user = Argument.String("user").pipe(Argument.withDescription("E-mail address or id"));
const as = Flags.as("the earliest administrator");

const create = Command.make(
  "create",
  {
    email: Flag.String("email").pipe(Flag.withDescription("Address, for which you vouch")),
    name: Flag.String("name").pipe(Flag.withDescription("Name")),
    admin: Flag.Boolean("admin").pipe(
      Flag.withDescription("Make an administrator of the installation"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
    passwordStdin: Flag.Boolean("password-stdin").pipe(
      Flag.withDescription("Read a password, instead of mailing a link to set one"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.create(input)),
).pipe(
  Command.withShortDescription("Create a user"),
  Command.withDescription(
    "Creates a user, whose address counts as confirmed. Without a password, a mail to the address has a link by which to set one.",
  ),
  Command.withExamples([
    { command: "iam user create --email ann@example.com --name Ann", description: "Sets a password by a mailed link" },
    {
      command: "iam user create --admin --password-stdin --email … --name Ada < file",
      description: "An administrator, without mail",
    },
  ]),
);

const list = Command.make(
  "list",
  {
    search: Flag.String("search").pipe(Flag.withDescription("Text in the e-mail address"), Flag.optional),
    ...Flags.page,
    json: Flags.json,
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.withShortDescription("List users"),
  Command.withDescription("Lists users, the earliest first."),
  Command.withExamples([
    { command: "iam user list --search @example.com", description: "Of one domain" },
    { command: "iam user list --json --limit 1000", description: "For a program" },
  ]),
);

const show = Command.make("show", { user, json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.show(input)),
).pipe(
  Command.withShortDescription("Show a user, and where the user belongs"),
  Command.withDescription("Shows what is known of a user, and the organizations that the user belongs to."),
  Command.withExamples([{ command: "iam user show ann@example.com", description: "By address" }]),
);

const ban = Command.make(
  "ban",
  {
    user,
    reason: Flag.String("reason").pipe(Flag.withDescription("Why, for other administrators"), Flag.optional),
    for: Flags.seconds("for", "How long (for good)"),
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.ban(input)),
).pipe(
  Command.withShortDescription("Ban a user"),
  Command.withDescription("Keeps a user from signing in, and ends every session of the user at once."),
  Command.withExamples([
    { command: 'iam user ban ann@example.com --reason "Left the company"', description: "For good" },
    { command: 'iam user ban ann@example.com --for "7 days"', description: "For a while" },
  ]),
);

const unban = Command.make("unban", { user, as }, (input) =>
  Effect.flatMap(operations, (run) => run.unban(input)),
).pipe(
  Command.withShortDescription("Let a banned user in again"),
  Command.withDescription("Lets a banned user sign in again. Sessions that the ban ended stay ended."),
  Command.withExamples([{ command: "iam user unban ann@example.com", description: "By address" }]),
);

const sessions = Command.make("sessions", { user, json: Flags.json, as }, (input) =>
  Effect.flatMap(operations, (run) => run.sessions(input)),
).pipe(
  Command.withShortDescription("List a user's sessions"),
  Command.withDescription("Lists where a user is signed in."),
  Command.withExamples([{ command: "iam user sessions ann@example.com", description: "By address" }]),
);

const endSessions = Command.make("end-sessions", { user, as }, (input) =>
  Effect.flatMap(operations, (run) => run.endSessions(input)),
).pipe(
  Command.withShortDescription("End a user's sessions"),
  Command.withDescription("Ends every session of a user, who may sign in again."),
  Command.withExamples([{ command: "iam user end-sessions ann@example.com", description: "By address" }]),
);

const setRole = Command.make(
  "set-role",
  {
    user,
    role: Argument.Literals("role", ["admin", "user"]).pipe(Argument.withDescription("`admin` or `user`")),
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.setRole(input)),
).pipe(
  Command.withShortDescription("Make or unmake an administrator"),
  Command.withDescription("Sets a role in the installation; roles in organizations are another matter."),
  Command.withExamples([{ command: "iam user set-role ann@example.com admin", description: "An administrator" }]),
);

const setPassword = Command.make("set-password", { user, as }, (input) =>
  Effect.flatMap(operations, (run) => run.setPassword(input)),
).pipe(
  Command.withShortDescription("Set a user's password"),
  Command.withDescription(
    "Sets a user's password, and ends every session of the user. It is asked for, or read from standard input.",
  ),
  Command.withExamples([
    { command: "iam user set-password ann@example.com", description: "Asks for it" },
    { command: "iam user set-password ann@example.com < password", description: "Reads it" },
  ]),
);

/** `iam user` */
export const userCommand: Declared<"user"> = Command.make("user").pipe(
  Command.withShortDescription("Create, ban and look after users"),
  Command.withDescription("What an operator does with users. They are named by e-mail address or id."),
  Command.withSubcommands([create, list, show, ban, unban, sessions, endSessions, setRole, setPassword]),
  Command.withExamples([
    { command: "iam user create --admin --email ada@example.com --name Ada", description: "Make an administrator" },
    { command: "iam user list", description: "See who there is" },
  ]),
);
