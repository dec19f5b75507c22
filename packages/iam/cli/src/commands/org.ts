/** `iam org`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/organizations.ts"));

const org = Argument.String("org").pipe(Argument.withDescription("Slug or id of the organization"));
const as = Flags.as("its earliest owner");

const create = Command.make(
  "create",
  {
    slug: Argument.String("slug").pipe(Argument.withDescription("Name in URLs, like acme-labs")),
    name: Flag.String("name").pipe(Flag.withDescription("Name (the slug)"), Flag.optional),
    owner: Flag.String("owner").pipe(Flag.withMetavar("user"), Flag.withDescription("The owner")),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.create(input)),
).pipe(
  Command.withShortDescription("Create an organization"),
  Command.withDescription("Creates an organization, with its owner and a first team."),
  Command.withExamples([
    { command: 'iam org create acme --name "Acme Ltd" --owner ann@example.com', description: "Owned by Ann" },
  ]),
);

const list = Command.make(
  "list",
  {
    search: Flag.String("search").pipe(Flag.withDescription("Text in slug or name"), Flag.withDefault("")),
    ...Flags.page,
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.withShortDescription("List organizations"),
  Command.withDescription("Lists organizations by slug, and how many belong to each."),
  Command.withExamples([{ command: "iam org list --search acme", description: "Some of them" }]),
);

const members = Command.make("members", { org, ...Flags.page, json: Flags.json, as }, (input) =>
  Effect.flatMap(operations, (run) => run.members(input)),
).pipe(
  Command.withShortDescription("List who belongs to an organization"),
  Command.withDescription("Lists who belongs to an organization, and as what."),
  Command.withExamples([{ command: "iam org members acme", description: "By slug" }]),
);

const invite = Command.make(
  "invite",
  {
    org,
    email: Argument.String("email").pipe(Argument.withDescription("Address of who is invited")),
    role: Flag.String("role").pipe(
      Flag.withDescription("Role in the organization (member)"),
      Flag.withDefault("member"),
    ),
    resend: Flag.Boolean("resend").pipe(
      Flag.withDescription("Send the invitation that there is once more"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
    json: Flags.json,
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.invite(input)),
).pipe(
  Command.withShortDescription("Invite somebody by mail"),
  Command.withDescription("Mails an invitation, which names who invites, and prints its id."),
  Command.withExamples([
    { command: "iam org invite acme bob@example.com --role admin", description: "As an admin of it" },
  ]),
);

const removeMember = Command.make(
  "remove-member",
  {
    org,
    member: Argument.String("member").pipe(Argument.withDescription("E-mail address, or id of the membership")),
    as,
  },
  (input) => Effect.flatMap(operations, (run) => run.removeMember(input)),
).pipe(
  Command.withShortDescription("Remove somebody from an organization"),
  Command.withDescription("Ends a membership. The last owner of an organization stays."),
  Command.withExamples([{ command: "iam org remove-member acme bob@example.com", description: "By address" }]),
);

const suspend = Command.make("suspend", { org }, (input) =>
  Effect.flatMap(operations, (run) => run.suspend(input)),
).pipe(
  Command.withShortDescription("Shut an organization to everybody"),
  Command.withDescription(
    "Shuts an organization: to its members, its API keys and everybody else it is as if it did not exist. Nothing is deleted.",
  ),
  Command.withExamples([{ command: "iam org suspend acme", description: "Until it is resumed" }]),
);

const resume = Command.make("resume", { org }, (input) => Effect.flatMap(operations, (run) => run.resume(input))).pipe(
  Command.withShortDescription("Open a suspended organization again"),
  Command.withDescription("Opens an organization that was suspended. Everything in it is as it was."),
  Command.withExamples([{ command: "iam org resume acme", description: "By slug" }]),
);

/** `iam org` */
export const orgCommand: Declared<"org"> = Command.make("org").pipe(
  Command.withShortDescription("Create organizations, and look after members"),
  Command.withDescription(
    "What an operator does with organizations. They are named by slug or id, users by e-mail address or id.",
  ),
  Command.withSubcommands([create, list, members, invite, removeMember, suspend, resume]),
  Command.withExamples([
    { command: "iam org create acme --owner ann@example.com", description: "Make an organization" },
    { command: "iam org members acme", description: "See who belongs to it" },
  ]),
);
