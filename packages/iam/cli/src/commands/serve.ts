/** `iam serve`: the command. What it does is loaded when it runs. */
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import type { Declared } from "../explain.ts";

const operations = Effect.promise(() => import("../operations/serve.ts"));

/** `iam serve` */
export const serveCommand: Declared<"serve"> = Command.make("serve", {}, () =>
  Effect.flatMap(operations, (run) => run.serve),
).pipe(
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
