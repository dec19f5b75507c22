/** `iam scim`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/directories.ts"));

const org = Flag.String("org").pipe(Flag.withDescription("The organization that the directory provisions"));

const connection = Argument.String("connection").pipe(
  Argument.withDescription("Id of the connection, as `iam scim list` shows it"),
);

const issuing = {
  org,
  expiresIn: Flags.seconds("expires-in", "How long the token works (1 year)"),
  readOnly: Flag.Boolean("read-only").pipe(
    Flag.withDescription("Let it read users and groups, and change none"),
    Flag.withDefault(false),
    Flag.withoutNegation,
  ),
  json: Flags.json,
};

const create = Command.make("create", issuing, (input) => Effect.flatMap(operations, (run) => run.create(input))).pipe(
  Command.withShortDescription("Connect a directory"),
  Command.withDescription(
    "Makes a connection by which a directory (Okta, Entra ID) provisions an organization: whom it assigns becomes a member, whom it deactivates is none any more. The token is printed alone, and only this once.",
  ),
  Command.withExamples([
    { command: "iam scim create --org acme > token", description: "Into a file" },
    { command: 'iam scim create --org acme --expires-in "90 days" --read-only', description: "To look only" },
  ]),
);

const list = Command.make("list", { org, json: Flags.json }, (input) =>
  Effect.flatMap(operations, (run) => run.list(input)),
).pipe(
  Command.withShortDescription("List connections"),
  Command.withDescription("Lists an organization's connections and their credentials, without the tokens."),
  Command.withExamples([{ command: "iam scim list --org acme", description: "An organization's" }]),
);

const rotate = Command.make("rotate", { ...issuing, connection }, (input) =>
  Effect.flatMap(operations, (run) => run.rotate(input)),
).pipe(
  Command.withShortDescription("Print another token"),
  Command.withDescription(
    "Makes one credential more for a connection, five at most, and prints its token. The others work until they are revoked, so that the directory can be given the new one in between.",
  ),
  Command.withExamples([
    { command: "iam scim rotate --org acme ba_scim_connection_… > token", description: "Into a file" },
  ]),
);

const revoke = Command.make(
  "revoke",
  {
    org,
    credential: Argument.String("credential").pipe(
      Argument.withDescription("Id of the credential, as `iam scim list` shows it"),
    ),
  },
  (input) => Effect.flatMap(operations, (run) => run.revoke(input)),
).pipe(
  Command.withShortDescription("End a credential"),
  Command.withDescription("Ends one credential of a connection, at once and for good. What the directory gave stays."),
  Command.withExamples([{ command: "iam scim revoke --org acme ba_scim_credential_…", description: "By id" }]),
);

const end = Command.make("end", { org, connection }, (input) =>
  Effect.flatMap(operations, (run) => run.end(input)),
).pipe(
  Command.withShortDescription("End a connection, and what it gave"),
  Command.withDescription(
    "Ends a connection for good, and takes back what the directory gave: memberships, roles, and accounts that nobody else assigns. Where it was broken off, it goes on when it is called again.",
  ),
  Command.withExamples([{ command: "iam scim end --org acme ba_scim_connection_…", description: "By id" }]),
);

/** `iam scim` */
export const scimCommand: Declared<"scim"> = Command.make("scim").pipe(
  Command.withShortDescription("Connect directories by SCIM"),
  Command.withDescription("What an operator does with directories that provision organizations (SCIM 2.0)."),
  Command.withSubcommands([create, list, rotate, revoke, end]),
  Command.withExamples([
    { command: "iam scim create --org acme", description: "Connect a directory" },
    { command: "iam scim list --org acme", description: "See which there are" },
  ]),
);
