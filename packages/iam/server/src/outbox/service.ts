/**
 * What is to leave for elsewhere, mail for instance: a message is put in the transaction of the change that it speaks of,
 * and is there once that is committed, or not at all. A worker, of which any number of processes may have one, lets it
 * leave at least once. What does not succeed is tried again later and later, and in the end is a dead letter.
 *
 * Messages of one key leave in the order in which they were put; others do not wait for them. A dead letter lets those
 * behind it pass.
 */
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Queue from "effect/Queue";
import * as Random from "effect/Random";
import type * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import type { SqlError } from "effect/sql/SqlError";
import { uuidv7 } from "uuidv7";
import * as Secrets from "../crypto/Secrets.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as backoff from "./backoff.ts";
import { codeOf, LEASE, PATIENCE } from "./lease.ts";

type MessageId = IamEntityIds.OutboxMessageId;

/** A message to put. */
export interface Message {
  /** What is to be done with it: whoever handles this kind knows. */
  readonly kind: string;
  /** Messages of one kind and key leave in their order. */
  readonly key?: string;
  /** Sealed before it is written. */
  readonly payload: Redacted.Redacted;
}

/** A message on its way, without what it says. */
export interface Leaving {
  readonly id: MessageId;
  readonly kind: string;
  readonly key: string | null;
  /** How often it was tried, this time included. */
  readonly attempts: number;
}

/** Lets a message of a kind leave. It may be called again for one that has left: the message's id tells. */
export type Handler<R = never> = (
  payload: Redacted.Redacted,
  message: Leaving,
) => Effect.Effect<void, { readonly code: string }, R>;

/** A message that is tried no more. */
export interface DeadLetter extends Leaving {
  readonly deadAt: Date;
  /** The code of what it last failed by. */
  readonly error: string | null;
}

/** Why a message cannot be put. */
export type Refused =
  | Errors.KeyDestroyed
  | Errors.KeyVersionMissing
  | Errors.KeyNotOpened
  | Errors.KeyManagementUnavailable
  | Errors.CommitUnknown
  | SqlError;

/** A message, as a worker takes it. */
export interface Taken extends Leaving {
  readonly payload: string;
}

/** Puts messages, and lets them leave. */
export class Outbox extends Context.Service<
  Outbox,
  {
    /** Puts a message: in the open transaction, whosever it is, or in one of its own. */
    readonly put: (message: Message) => Effect.Effect<void, Refused>;
    /**
     * Puts a message that nobody else lets leave for now: this process does, once the transaction is committed, and the
     * commit waits for it. Where it fails, or the process dies, the message is as any other.
     */
    readonly putAwaited: (message: Omit<Message, "key">) => Effect.Effect<void, Refused>;
    /** Has a kind of messages handled for as long as the scope is open; one handler for each kind. */
    readonly register: (kind: string, handler: Handler) => Effect.Effect<void, never, Scope.Scope>;
    /** What is tried no more, the oldest first: a hundred at most. */
    readonly deadLetters: Effect.Effect<ReadonlyArray<DeadLetter>, Errors.CommitUnknown | SqlError>;
    /** Has dead letters tried again, and says how many that are: those of these ids, or all of a kind. */
    readonly replay: (
      which: { readonly ids: ReadonlyArray<MessageId> } | { readonly kind: string },
    ) => Effect.Effect<number, Errors.CommitUnknown | SqlError>;
    /** For the worker: takes so many messages that are due, for the length of a lease. */
    readonly take: (count: number) => Effect.Effect<ReadonlyArray<Taken>, Errors.CommitUnknown | SqlError>;
    /** For the worker: lets what was taken leave, and writes down what came of it. Interrupted, it gives it back. */
    readonly deliver: (message: Taken) => Effect.Effect<void>;
    /** For the worker: waits until there may be something to take, and for so long at most. */
    readonly awaken: (patience: Duration.Duration) => Effect.Effect<void>;
    /** Has something else swept away by the worker, now and then, for as long as the scope is open. */
    readonly registerSweep: (
      sweep: Effect.Effect<void, Errors.CommitUnknown | SqlError>,
    ) => Effect.Effect<void, never, Scope.Scope>;
    /** For the worker: forgets dead letters after their time, and sweeps what others have left. */
    readonly sweep: Effect.Effect<void, Errors.CommitUnknown | SqlError>;
  }
>()("@beep/iam-server/outbox/Outbox") {}

/** How long a dead letter is kept: it holds what it would have said. */
const KEPT = Duration.days(30);

interface Found {
  readonly id: string;
  readonly kind: string;
  readonly key: string | null;
  readonly attempts: number;
}

const leavingOf = ({ attempts, id, key, kind }: Found): Leaving => ({
  id: IamEntityIds.OutboxMessageId.fromUuid(id),
  kind,
  key,
  attempts,
});

const make = Effect.gen(function* () {
  const application = yield* PgClient;
  const { client, statement, together } = yield* ServiceConnection;
  const secrets = yield* Secrets.Secrets;
  const handlers = new Map<string, Handler>();
  const sweeps = new Set<Effect.Effect<void, Errors.CommitUnknown | SqlError>>();
  const calls = yield* Queue.sliding<void>(1);
  const wake = Effect.asVoid(Queue.offer(calls, undefined));
  /** Whose what is taken here is: this process's, and no other's that may come after it. */
  const worker = uuidv7();
  const lease = client`clock_timestamp() + ${Duration.toMillis(LEASE)} * interval '1 millisecond'`;
  // What was written within this millisecond counts, to which the columns are rounded. One instant for the whole statement,
  // or no index could say what is due.
  const now = client`statement_timestamp() + interval '1 millisecond'`;

  const bound = (id: MessageId) => ({
    owner: KeyOwner.installation,
    place: Secrets.at(IamDbSchema.outboxMessage.payload, id),
  });

  const insert = Effect.fnUntraced(function* (
    { key = null, kind, payload }: Omit<Message, "key"> & { readonly key?: string | null },
    held: boolean,
  ) {
    const id = IamEntityIds.OutboxMessageId.create();
    const [envelope] = yield* secrets.seal([{ ...bound(id), value: payload }]);
    if (envelope === undefined) return yield* Effect.die(new Error("What is sealed has an envelope."));
    yield* statement(client`
      insert into iam_outbox_messages (id, kind, key, payload, attempts, leased_until, leased_by)
      values (${IamEntityIds.OutboxMessageId.toUuid(id)}, ${kind}, ${key}, ${envelope}, ${held ? 1 : 0},
        ${held ? lease : client.literal("null")}, ${held ? worker : null})`);
    return { id, kind, key, attempts: 1, payload: envelope };
  });

  const isStillOurs = ({ attempts, id }: Leaving) => client`
    id = ${IamEntityIds.OutboxMessageId.toUuid(id)} and leased_by = ${worker} and attempts = ${attempts}`;

  const settle = (message: Leaving, exit: Exit.Exit<void, unknown>) =>
    Effect.gen(function* () {
      if (Exit.isSuccess(exit)) {
        yield* statement(client`delete from iam_outbox_messages where ${isStillOurs(message)}`);
        return;
      }
      if (Cause.hasInterruptsOnly(exit.cause)) {
        // What was broken off by the end of this process is no attempt.
        yield* statement(client`
          update iam_outbox_messages set leased_until = null, leased_by = null, attempts = attempts - 1
          where ${isStillOurs(message)}`);
        return;
      }
      const code = codeOf(Option.getOrUndefined(Cause.findErrorOption(exit.cause)));
      const isDead = message.attempts >= backoff.MAX_ATTEMPTS;
      const { id, kind } = message;
      yield* Effect.annotateLogs(
        isDead
          ? Effect.logError("A message was not sent.", exit.cause)
          : Effect.logWarning("A message could not be sent, and is tried again.", exit.cause),
        { id, kind },
      );
      const pause = backoff.pause(message.attempts, yield* Random.next);
      yield* statement(client`
        update iam_outbox_messages set leased_until = null, leased_by = null, error = ${code},
          due_at = clock_timestamp() + ${pause} * interval '1 millisecond',
          dead_at = case when ${isDead}::boolean then clock_timestamp() end
        where ${isStillOurs(message)}`);
    });

  const handle = Effect.fnUntraced(function* (message: Taken) {
    const handler = handlers.get(message.kind);
    // It was there when the message was taken.
    if (handler === undefined) return yield* Effect.interrupt;
    const [payload] = yield* secrets.open([{ ...bound(message.id), envelope: message.payload }]);
    if (payload === undefined) return yield* Effect.die(new Error("Each envelope is opened."));
    yield* handler(payload, message);
  });

  const deliver = (message: Taken): Effect.Effect<void> =>
    Effect.uninterruptibleMask((restore) =>
      restore(Effect.timeout(handle(message), PATIENCE)).pipe(
        Effect.exit,
        Effect.flatMap((exit) => settle(message, exit)),
        // It is another's when the lease is over.
        Effect.catchCause((cause) => Effect.logError("What came of a message could not be written down.", cause)),
        Effect.andThen(wake),
      ),
    ).pipe(Effect.withSpan("Outbox.deliver", { attributes: { kind: message.kind }, root: true }));

  return Outbox.of({
    put: Effect.fn("Outbox.put")(function* (message) {
      yield* together(insert(message, false));
      yield* application.afterCommit(wake);
    }),
    putAwaited: Effect.fn("Outbox.putAwaited")(function* (message) {
      const taken = yield* together(insert(message, true));
      yield* application.afterCommit(deliver(taken));
    }),
    register: (kind, handler) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          if (handlers.has(kind)) return Effect.die(new Error(`Messages of the kind "${kind}" are handled already.`));
          handlers.set(kind, handler);
          return wake;
        }),
        () => Effect.sync(() => handlers.delete(kind)),
      ),
    deadLetters: Effect.suspend(() =>
      statement(client<Found & { readonly dead_at: Date; readonly error: string | null }>`
        select id, kind, key, attempts, dead_at, error from iam_outbox_messages
        where dead_at is not null order by dead_at, id limit 100`),
    ).pipe(
      Effect.map((rows) => rows.map((row) => ({ ...leavingOf(row), deadAt: row.dead_at, error: row.error }))),
      Effect.withSpan("Outbox.deadLetters"),
    ),
    replay: Effect.fn("Outbox.replay")(function* (which) {
      const ids = "ids" in which ? which.ids.map(IamEntityIds.OutboxMessageId.toUuid) : [];
      const rows = yield* statement(client`
        update iam_outbox_messages set dead_at = null, attempts = 0, due_at = clock_timestamp()
        where dead_at is not null and ${
          "ids" in which
            ? client`id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`
            : client`kind = ${which.kind}`
        } returning id`);
      yield* application.afterCommit(wake);
      return rows.length;
    }),
    take: (count) =>
      Effect.suspend(() =>
        statement(client<Found & { readonly payload: string; readonly place: bigint }>`
          with waiting as (
            select m.id from iam_outbox_messages m
            where m.dead_at is null and m.due_at <= ${now}
              and (m.leased_until is null or m.leased_until <= clock_timestamp())
              and m.kind in (select value from json_array_elements_text(${JSON.stringify([...handlers.keys()])}::json))
              and not exists (
                select from iam_outbox_messages earlier where earlier.kind = m.kind and earlier.key = m.key
                  and earlier.key is not null and earlier.place < m.place and earlier.dead_at is null)
            order by m.due_at, m.place limit ${count} for update skip locked
          )
          update iam_outbox_messages m set leased_until = ${lease}, leased_by = ${worker}, attempts = m.attempts + 1
          from waiting where m.id = waiting.id returning m.id, m.kind, m.key, m.attempts, m.payload, m.place`),
      ).pipe(
        Effect.map((rows) =>
          rows
            .toSorted((left, right) => Number(left.place) - Number(right.place))
            .map((row) => ({ ...leavingOf(row), payload: row.payload })),
        ),
      ),
    deliver,
    awaken: (patience) => Effect.asVoid(Effect.timeoutOption(Queue.take(calls), patience)),
    registerSweep: (sweep) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => sweeps.add(sweep)),
          () => Effect.sync(() => sweeps.delete(sweep)),
        ),
      ),
    sweep: Effect.suspend(() =>
      statement(client`
        delete from iam_outbox_messages
        where dead_at < clock_timestamp() - ${Duration.toMillis(KEPT)} * interval '1 millisecond'`),
    ).pipe(
      Effect.andThen(Effect.suspend(() => Effect.forEach([...sweeps], (sweep) => sweep))),
      Effect.asVoid,
      Effect.withSpan("Outbox.sweep"),
    ),
  });
});

/** In the database, sealed. */
export const layer: Layer.Layer<Outbox, never, PgClient | ServiceConnection | Secrets.Secrets> = Layer.effect(
  Outbox,
  make,
);

/** Has a kind of messages handled, for as long as the layer is there. */
export const handling = <R>(kind: string, handler: Handler<R>): Layer.Layer<never, never, Outbox | R> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { register } = yield* Outbox;
      const context = yield* Effect.context<R>();
      yield* register(kind, (payload, message) => Effect.provideContext(handler(payload, message), context));
    }),
  );
