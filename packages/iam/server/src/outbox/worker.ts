/** What lets messages leave: any process may run it, and any may die. */

import type { ConfigError } from "effect/Config";
import * as Config from "effect/Config";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as FiberSet from "effect/FiberSet";
import * as Layer from "effect/Layer";
import * as Setting from "../config/Setting.ts";
import { Outbox } from "./service.ts";

/** So many messages leave at once. */
const HANDS = 8;
/** How long the end waits for what runs; what has not left by then is given back. */
const DRAIN = Duration.seconds(10);
/** How often what is left over is swept away. */
const SWEEP = Duration.hours(1);

/** What may be said of it. */
export const keys = {
  outboxWorker: Setting.withDefault("IAM_OUTBOX_WORKER", Config.Boolean, {
    type: "`true` or `false`",
    value: true,
    says: "Whether this process sends what waits in the outbox, mail for instance, and webhooks. At least one process has to.",
  }),
};

/**
 * How often a worker looks for messages that others have put, or that are to be tried again. Of what its own process puts
 * it is told at once.
 */
export const PollEvery = Context.Reference<Duration.Duration>("@beep/iam-server/outbox/worker/PollEvery", {
  defaultValue: () => Duration.seconds(1),
});

/** What any number of processes do: how something is taken, and done. */
export interface Work<Taken, E> {
  /** What is done, for the log. */
  readonly name: string;
  /** How many at once. */
  readonly hands: number;
  /** Takes so many that are due, for the length of a lease. */
  readonly take: (count: number) => Effect.Effect<ReadonlyArray<Taken>, E>;
  /** Does one and writes down what came of it. Interrupted, it gives it back. */
  readonly deliver: (taken: Taken) => Effect.Effect<void>;
  /** Waits until there may be something to take, and for so long at most. */
  readonly awaken: (patience: Duration.Duration) => Effect.Effect<void>;
}

/** Does what is due until its scope closes; then what runs is waited for. */
export const working = Effect.fnUntraced(function* <Taken, E>({ awaken, deliver, hands, name, take }: Work<Taken, E>) {
  const patience = yield* PollEvery;
  const fibers = yield* FiberSet.make<void>();
  yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(fibers), DRAIN));

  const once = Effect.gen(function* () {
    const free = hands - (yield* FiberSet.size(fibers));
    const taken = free === 0 ? [] : yield* take(free);
    // Each has a fiber before anything can interrupt this one.
    for (const one of taken) yield* FiberSet.run(fibers, deliver(one));
    return taken.length === free && free > 0;
  }).pipe(
    Effect.uninterruptible,
    Effect.catchCause((cause) => Effect.as(Effect.logError(`${name} could not be read.`, cause), false)),
  );
  const all: Effect.Effect<void> = Effect.flatMap(once, (more) => (more ? all : Effect.void));
  // What waits already is taken before the start is over; that there are handlers is no news then.
  yield* awaken(Duration.zero);
  yield* all;
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(awaken(patience), all)));
});

/** Lets messages leave until its scope closes; then what runs is waited for. */
export const worker: Layer.Layer<never, never, Outbox> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { awaken, deliver, sweep, take } = yield* Outbox;
    yield* working({ name: "The outbox", hands: HANDS, take, deliver, awaken });
    const swept = Effect.catchCause(sweep, (cause) => Effect.logError("The outbox could not be swept.", cause));
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(SWEEP), swept)));
  }),
);

/** The worker, unless Config says that others do the work. */
export const configured: Layer.Layer<never, ConfigError, Outbox> = Layer.unwrap(
  Effect.map(
    Effect.suspend(() => keys.outboxWorker),
    (isWanted) => (isWanted ? worker : Layer.empty),
  ),
);
