/** `iam audit`: its commands. What they do is loaded when one of them runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Declared } from "../explain.ts";
import * as Flags from "../flags.ts";

const operations = Effect.promise(() => import("../operations/audit.ts"));

const Index = Schema.BigIntFromString.check(Schema.isGreaterThanOrEqualToBigInt(0n));

const from = Flag.String("from").pipe(
  Flag.withSchema(Index),
  Flag.withMetavar("index"),
  Flag.withDescription("From this event on (0)"),
  Flag.withDefault(0n),
);

const keys = Flag.String("key").pipe(
  Flag.withMetavar("<name>+<id>+<key>"),
  Flag.withDescription("Public key of the log; may be given several times (that of IAM_AUDIT_SIGNING_KEY)"),
  Flag.atLeast(0),
);

const verify = Command.make(
  "verify",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("Export to verify, `-` for standard input (the database)"),
      Argument.optional,
    ),
    keys,
    kept: Flag.String("checkpoint").pipe(
      Flag.withMetavar("file"),
      Flag.withDescription("Checkpoint that you kept; may be given several times"),
      Flag.atLeast(0),
    ),
    state: Flag.String("state").pipe(
      Flag.withMetavar("file"),
      Flag.withDescription("Go on from what was verified before, and write there how far it is now"),
      Flag.optional,
    ),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.verify(input)),
).pipe(
  Command.withShortDescription("Find out whether the log is as it was sealed"),
  Command.withDescription(
    [
      "Verifies that nothing in the log was changed, removed, moved or added, and that it is what was signed. An export is",
      "verified without a database and without a secret: all that it takes is the public key. A checkpoint that you kept",
      "shows besides that the log was not cut off, or made anew, since then. Ends with 1 where something does not fit.",
    ].join(" "),
  ),
  Command.withExamples([
    { command: "iam audit verify", description: "The database's" },
    {
      command: "iam audit verify log.jsonl --key log.example.com+c74f20a3+ARpc… --checkpoint july",
      description: "A file",
    },
  ]),
);

const checkpoint = Command.make("checkpoint", {}, () => Effect.flatMap(operations, (run) => run.checkpoint)).pipe(
  Command.withShortDescription("Print the latest signed checkpoint"),
  Command.withDescription(
    "Prints what is signed of the log: how many events it has, and the hash over all of them. Keep it where the database's owner cannot change it; the log can then never again be cut off or rewritten before that point without being found out.",
  ),
  Command.withExamples([{ command: "iam audit checkpoint > july", description: "Keep it" }]),
);

const exporting = Command.make(
  "export",
  {
    from,
    format: Flag.Literals("format", ["log", "ocsf"]).pipe(
      Flag.withDescription("`log`, which can be verified, or `ocsf` (log)"),
      Flag.withDefault("log" as const),
    ),
  },
  (input) => Effect.flatMap(operations, (run) => run.exporting(input)),
).pipe(
  Command.withShortDescription("Print the log, an event a line"),
  Command.withDescription(
    "Prints the log as lines of JSON: each event in the form in which it was hashed, with its hash, and the checkpoints; or as events of OCSF, for a SIEM.",
  ),
  Command.withExamples([{ command: "iam audit export > log.jsonl", description: "All of it" }]),
);

const prove = Command.make(
  "prove",
  { event: Argument.String("event").pipe(Argument.withDescription("Id of the event")) },
  (input) => Effect.flatMap(operations, (run) => run.prove(input)),
).pipe(
  Command.withShortDescription("Prove that an event is in the log"),
  Command.withDescription(
    "Prints the event, the hashes that lead from it to the root, and the signed checkpoint with that root, as JSON (RFC 9162). Whoever has the public key can check it, and sees nothing else of the log.",
  ),
  Command.withExamples([
    { command: "iam audit prove auditevent_01h455vb4pex5vsknk084sn02q > proof.json", description: "By its id" },
  ]),
);

const tail = Command.make(
  "tail",
  {
    org: Flag.String("org").pipe(Flag.withDescription("Of one organization"), Flag.optional),
    limit: Flags.count("lines").pipe(Flag.withDescription("How many to show (20)"), Flag.withDefault(20)),
    follow: Flag.Boolean("follow").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Go on, as they come"),
      Flag.withDefault(false),
      Flag.withoutNegation,
    ),
    json: Flags.json,
  },
  (input) => Effect.flatMap(operations, (run) => run.tail(input)),
).pipe(
  Command.withShortDescription("Show the latest events"),
  Command.withDescription("Shows the last events of the log: when, who did what, and to what."),
  Command.withExamples([{ command: "iam audit tail --org acme -f", description: "Of one organization, as they come" }]),
);

const key = Command.make(
  "key",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("What a new log is called: log.example.com (the key that there is)"),
      Argument.optional,
    ),
  },
  (input) => Effect.flatMap(operations, (run) => run.key(input)),
).pipe(
  Command.withShortDescription("Make a key that signs the log, or print the public one"),
  Command.withDescription(
    "With a name: prints a new key for IAM_AUDIT_SIGNING_KEY, and the public key that belongs to it. It is kept nowhere else. A log that goes on under another key of the same name is verified with both. Without: prints the public key of the one that signs now.",
  ),
  Command.withExamples([
    { command: "iam audit key log.example.com > key", description: "A new one, into a file" },
    { command: "iam audit key", description: "The public key, for who verifies" },
  ]),
);

/** `iam audit` */
export const auditCommand: Declared<"audit"> = Command.make("audit").pipe(
  Command.withShortDescription("Look into the audit log, and verify it"),
  Command.withDescription(
    "What an operator and an auditor do with the log of what changed, which nobody can rewrite unseen, whoever owns the database.",
  ),
  Command.withSubcommands([verify, checkpoint, exporting, prove, tail, key]),
  Command.withExamples([{ command: "iam audit verify", description: "Verify it" }]),
);
