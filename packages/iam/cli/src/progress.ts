/** Shows the steps of starting: on a terminal in one line that changes, elsewhere in a line for each. */
import * as Console from "effect/Console";
import type { Environment } from "effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Stdio from "effect/Stdio";
import * as Terminal from "effect/Terminal";

/** What shows the steps. */
export interface Progress {
  /** A step begins. */
  readonly step: (name: string) => Effect.Effect<void>;
  /** There are no more steps, or something else is to be said. */
  readonly end: Effect.Effect<void>;
}

/** Back to the line's start, and everything in it away. */
export const ERASE_LINE = "\r\u001b[2K";

/** As standard output shows it. */
export const progress: Effect.Effect<Progress, never, Environment> = Effect.gen(function* () {
  const { stdoutIsTerminal } = yield* Stdio.Stdio;
  if (!(yield* stdoutIsTerminal)) return { step: (name) => Console.log(`${name} …`), end: Effect.void };
  const { display } = yield* Terminal.Terminal;
  const write = (text: string) => Effect.orDie(display(text));
  return { step: (name) => write(`${ERASE_LINE}${name} …`), end: write(ERASE_LINE) };
});
