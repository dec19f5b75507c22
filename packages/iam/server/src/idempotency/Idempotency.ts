/**
 * Changes that are made once, however often they are asked for: the key of a request, what was asked for and what was
 * answered are written in the transaction of the change. Either all of it is there or none, so that whoever asks again
 * after a process died finds the change and its answer, or neither, and makes it.
 *
 * Of two that ask at once the second waits at the row of the first, whichever process that is, and then finds its answer.
 */
import { SqlState } from "@beep/db-admin";
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as Setting from "../config/Setting.ts";
import * as Secrets from "../crypto/Secrets.ts";
import * as Scope from "../db/Scope.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { Outbox } from "../outbox/Outbox.ts";

/** What may be said of it. */
export const keys = {
  idempotencyHours: Setting.withDefault(
    "IAM_IDEMPOTENCY_HOURS",
    (key) =>
      Config.schema(Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 720 })), key),
    {
      type: "number, from 1 to 720",
      value: 24,
      says: "For how many hours the `Idempotency-Key` of a change and its answer are remembered.",
    },
  ),
};

/** An answer, as it is kept. */
export const Answer = Schema.Struct({
  status: Schema.Int,
  headers: Schema.Record(Schema.String, Schema.String),
  /** In base64; nothing where there is none. */
  body: Schema.NullOr(Schema.String),
});
export type Answer = typeof Answer.Type;

const AnswerText = Schema.fromJsonString(Answer);

/** What is asked for, by whom, under which key. */
export interface Asked {
  /** Who asks: one text for each that may see the other's answers. */
  readonly actor: string;
  /** Under whose data key the answer is sealed. */
  readonly owner: KeyOwner.KeyOwner;
  readonly key: string;
  /** All that makes a request what it is. */
  readonly request: string;
}

/** What came of it. */
export interface Given {
  readonly answer: Answer;
  /** Whether it was given before. */
  readonly isReplayed: boolean;
}

/** The key is that of another request. */
export class KeyReused extends Data.TaggedError("KeyReused") {}

/** A request of the same key goes on, and was waited for. */
export class KeyInUse extends Data.TaggedError("KeyInUse") {}

/** Carries an answer that is not kept out of the transaction, and undoes it. */
class NotKept extends Data.TaggedError("NotKept")<{ readonly answer: Answer }> {}

/** For how long one waits for another of the same key. */
const PATIENCE = "10s";

/** Makes changes once. */
export class Idempotency extends Context.Service<
  Idempotency,
  {
    /**
     * Runs a change and keeps its answer, in one transaction; or gives the answer that was given before. The change has the
     * scope that its caller is in, and no more than it would have without the key.
     *
     * @param isKept whether an answer is kept. One that is not undoes what was done, and asks for no other key
     */
    readonly once: (
      asked: Asked,
      isKept: (answer: Answer) => boolean,
    ) => <E, R>(
      change: Effect.Effect<Answer, E, R>,
    ) => Effect.Effect<Given, E | KeyReused | KeyInUse | Errors.CommitUnknown | SqlError, R>;
  }
>()("@beep/iam-server/idempotency/Idempotency") {}

interface Found {
  readonly id: string;
  readonly fingerprint: string;
  readonly response: string | null;
}

const make = Effect.gen(function* () {
  // Inside the transaction, which is the services' own.
  const client = yield* PgClient;
  const { client: alone, statement, transaction } = yield* ServiceConnection;
  const secrets = yield* Secrets.Secrets;
  const outbox = yield* Outbox;
  const hours = yield* keys.idempotencyHours;

  const digest = (purpose: string, ...parts: ReadonlyArray<string>) =>
    Effect.orDie(secrets.mac(KeyOwner.installation, purpose, Redacted.make(JSON.stringify(parts))));

  const at = (id: string, owner: KeyOwner.KeyOwner) => ({
    owner,
    place: Secrets.at(IamDbSchema.idempotencyKey.response, IamEntityIds.IdempotencyKeyId.fromUuid(id)),
  });

  /** Takes the key, after whoever has it at the moment; nothing where it is another's for good. */
  const take = Effect.fnUntraced(function* (name: string, fingerprint: string) {
    const [was] = yield* client<{ readonly patience: string }>`
      select current_setting('lock_timeout') as patience, set_config('lock_timeout', ${PATIENCE}, true)`;
    const [taken] = yield* client<{ readonly id: string }>`
      insert into iam_idempotency_keys as k (id, name, fingerprint, expires_at)
      values (${IamEntityIds.IdempotencyKeyId.toUuid(IamEntityIds.IdempotencyKeyId.create())}, ${name}, ${fingerprint},
        now() + ${hours} * interval '1 hour')
      on conflict (name) do update set fingerprint = excluded.fingerprint, response = null, expires_at = excluded.expires_at
      where k.expires_at <= now()
      returning k.id`;
    yield* client`select set_config('lock_timeout', ${was?.patience ?? "0"}, true)`;
    return taken?.id;
  });

  const replayed = Effect.fnUntraced(function* (name: string, fingerprint: string, owner: KeyOwner.KeyOwner) {
    const [found] = yield* client<Found>`
      select id, fingerprint, response from iam_idempotency_keys where name = ${name}`;
    if (found === undefined || found.response === null) {
      return yield* Effect.die(new Error("A key that is taken has an answer."));
    }
    if (found.fingerprint !== fingerprint) return yield* new KeyReused();
    const [text] = yield* Effect.orDie(secrets.open([{ ...at(found.id, owner), envelope: found.response }]));
    if (text === undefined) return yield* Effect.die(new Error("Each envelope is opened."));
    const answer = yield* Effect.orDie(Schema.decodeEffect(AnswerText)(Redacted.value(text)));
    return { answer, isReplayed: true };
  });

  const keep = Effect.fnUntraced(function* (id: string, owner: KeyOwner.KeyOwner, answer: Answer) {
    const text = yield* Effect.orDie(Schema.encodeEffect(AnswerText)(answer));
    const [envelope] = yield* Effect.orDie(secrets.seal([{ ...at(id, owner), value: Redacted.make(text) }]));
    yield* client`update iam_idempotency_keys set response = ${envelope ?? null} where id = ${id}`;
  });

  yield* outbox.registerSweep(
    Effect.asVoid(Effect.suspend(() => statement(alone`delete from iam_idempotency_keys where expires_at <= now()`))),
  );

  return Idempotency.of({
    once:
      ({ actor, key, owner, request }, isKept) =>
      <E, R>(change: Effect.Effect<Answer, E, R>) =>
        Effect.gen(function* () {
          const name = yield* digest("idempotency key", actor, key);
          const fingerprint = yield* digest("idempotent request", request);
          // The key's row is the services'; the change is whoever's it would be without a key.
          const asBefore = Scope.enter(client, yield* Scope.current(client));
          const whole = Effect.gen(function* () {
            const id = yield* Effect.catchIf(
              take(name, fingerprint),
              (error) => SqlState.of(error) === SqlState.lockNotAvailable,
              () => Effect.fail(new KeyInUse()),
            );
            if (id === undefined) return yield* replayed(name, fingerprint, owner);
            const answer = yield* asBefore(change);
            if (!isKept(answer)) return yield* new NotKept({ answer });
            yield* keep(id, owner, answer);
            return { answer, isReplayed: false };
          });
          return yield* Effect.catchIf(
            transaction(whole),
            (error): error is NotKept => error instanceof NotKept,
            ({ answer }) => Effect.succeed({ answer, isReplayed: false }),
          );
        }).pipe(Effect.withSpan("Idempotency.once")),
  });
});

/** In the database that the services have; what has expired the outbox's worker sweeps away. */
export const layer: Layer.Layer<
  Idempotency,
  Config.ConfigError,
  PgClient | ServiceConnection | Secrets.Secrets | Outbox
> = Layer.effect(Idempotency, make);
