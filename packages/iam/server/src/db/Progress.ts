/** How far opening or examining a database is: it may take seconds, and whoever waits wants to know for what. */
import type { Findings } from "@beep/iam-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";

export type Step = "Opening the database" | "Migrating the database" | `Examining the ${Findings.Subject}`;

/** Told when a step begins; nobody, unless somebody asks. */
export const Progress = Context.Reference<(step: Step) => Effect.Effect<void>>("@beep/iam-server/db/Progress", {
  defaultValue: () => () => Effect.void,
});

/** Says that a step begins. */
export const begin = (step: Step): Effect.Effect<void> => Effect.flatMap(Progress, (tell) => tell(step));
