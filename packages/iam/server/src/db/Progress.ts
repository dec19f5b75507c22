/** How far opening or examining a database is: it may take seconds, and whoever waits wants to know for what. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";

/** Told when a step begins, in words; nobody, unless somebody asks. */
export const Progress = Context.Reference<(step: string) => Effect.Effect<void>>("@beep/iam-server/db/Progress", {
  defaultValue: () => () => Effect.void,
});

/** Says that a step begins. */
export const begin = (step: string): Effect.Effect<void> => Effect.flatMap(Progress, (tell) => tell(step));
