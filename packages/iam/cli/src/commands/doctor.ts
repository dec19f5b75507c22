/** `iam doctor`: the command. What it does is loaded when it runs. */
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";

const operations = Effect.promise(() => import("../operations/doctor.ts"));

/** `iam doctor` */
export const doctorCommand = Command.make(
  "doctor",
  { json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Print one JSON document instead")) },
  (input) => Effect.flatMap(operations, (run) => run.doctor(input)),
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
