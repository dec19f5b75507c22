/**
 * Mail and text messages leave behind the answer of the request that asked for it: whether one is sent, and how long a server takes, is
 * then nobody's to measure, and a server that is down delays the message and nothing else.
 *
 * What is queued is in this process, and lost with it. A graceful end waits for it.
 */
import * as Deferred from "effect/Deferred";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as FiberSet from "effect/FiberSet";
import type * as Scope from "effect/Scope";
import * as Semaphore from "effect/Semaphore";

/** So many messages wait at most, of a few KB each; what comes beyond is logged and not sent. */
const CAPACITY = 10_000;
/** So many are handed over at once. */
const CONCURRENCY = 4;
/** A message is tried again so often, each time after four times as long: at last after 256 s. */
const RETRIES = 5;
const FIRST_PAUSE = Duration.seconds(1);
/** At the end what waits is tried once more, for so long. */
const DRAIN = Duration.seconds(10);

/** Sends messages later. */
export interface MessageQueue<Message> {
  /** Takes a message, at once. */
  readonly offer: (message: Message) => Effect.Effect<void>;
}

/** A queue before what sends messages, until the scope closes. */
export const make = Effect.fnUntraced(function* <Message, E>(
  send: (message: Message) => Effect.Effect<void, E>,
): Effect.fn.Return<MessageQueue<Message>, never, Scope.Scope> {
  const closing = yield* Deferred.make<void>();
  const hands = yield* Semaphore.make(CONCURRENCY);
  const fibers = yield* FiberSet.make<void>();
  // In the context of the layer, because the request's has its transaction.
  const fork = yield* FiberSet.runtime(fibers)();

  const deliver = (message: Message, attempt = 0): Effect.Effect<void> =>
    hands
      .withPermits(1)(send(message))
      .pipe(
        Effect.catch((error) =>
          Effect.gen(function* () {
            const isLast = attempt === RETRIES || (yield* Deferred.isDone(closing));
            if (isLast) return yield* Effect.logError("A message was not sent.", error);
            yield* Effect.logWarning("A message could not be sent, and is tried again.", error);
            yield* Effect.raceFirst(Effect.sleep(pause(attempt)), Deferred.await(closing));
            return yield* deliver(message, attempt + 1);
          }),
        ),
      );

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      yield* Deferred.succeed(closing, undefined);
      yield* Effect.timeoutOption(FiberSet.awaitEmpty(fibers), DRAIN);
      const left = yield* FiberSet.size(fibers);
      if (left > 0) yield* Effect.logError(`${left} messages were not sent before the end.`);
    }),
  );

  return {
    offer: (message) =>
      Effect.gen(function* () {
        if ((yield* FiberSet.size(fibers)) >= CAPACITY) {
          return yield* Effect.logError("A message was not sent: too many wait already.");
        }
        // What an application sends by may have defects.
        fork(Effect.catchDefect(deliver(message), (defect) => Effect.logError("A message was not sent.", defect)));
      }),
  };
});

const pause = (attempt: number): Duration.Duration => Duration.times(FIRST_PAUSE, 4 ** attempt);
