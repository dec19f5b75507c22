/** How far something long is: on a terminal in one line that changes, elsewhere in a line now and then. */
import * as Clock from "effect/Clock";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import * as Stdio from "effect/Stdio";
import * as Stream from "effect/Stream";
import { ERASE_LINE } from "../progress.ts";

const WIDTH = 24;

const time = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

const line = (done: number, total: number, seconds: number): string => {
  const rate = done / Math.max(seconds, 0.001);
  const filled = Math.round((WIDTH * done) / Math.max(total, 1));
  const left = done === 0 ? "" : `, ${time((total - done) / rate)} left`;
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${total} users, ${Math.round(rate)}/s${left}`;
};

/** Shows while an effect runs how many of `total` are done, as it tells by `advance`. Gives the seconds that it took. */
export const shown = Effect.fnUntraced(function* <E, R>(
  total: number,
  run: (advance: Effect.Effect<void>) => Effect.Effect<void, E, R>,
) {
  let done = 0;
  const began = yield* Clock.currentTimeMillis;
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => (now - began) / 1000);
  const show = Effect.map(elapsed, (seconds) => line(done, total, seconds));
  const { stderr, stderrIsTerminal } = yield* Stdio.Stdio;
  const isTerminal = yield* stderrIsTerminal;
  const write = (text: string) => Effect.orDie(Stream.run(Stream.succeed(text), stderr()));
  const telling = isTerminal
    ? Effect.repeat(
        Effect.flatMap(show, (text) => write(`${ERASE_LINE}${text}`)),
        Schedule.spaced("100 millis"),
      )
    : Effect.repeat(Effect.delay(Effect.flatMap(show, Console.error), "5 seconds"), Schedule.forever);
  yield* Effect.raceFirst(run(Effect.sync(() => void done++)), Effect.andThen(telling, Effect.never)).pipe(
    Effect.ensuring(isTerminal ? write(ERASE_LINE) : Effect.void),
  );
  return yield* elapsed;
});
