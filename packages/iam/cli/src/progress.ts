/** Shows the steps of starting: on a terminal in one line that changes, elsewhere in a line for each. */
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";

export interface Progress {
  /** A step begins. */
  readonly step: (name: string) => Effect.Effect<void>;
  /** There are no more steps, or something else is to be said. */
  readonly end: Effect.Effect<void>;
}

const write = (text: string) => Effect.sync(() => void process.stdout.write(text));

/** Back to the line's start, and everything in it away. */
const ERASE_LINE = "\r\u001b[2K";

export const progress: Progress = process.stdout.isTTY
  ? { step: (name) => write(`${ERASE_LINE}${name} …`), end: write(ERASE_LINE) }
  : { step: (name) => Console.log(`${name} …`), end: Effect.void };
