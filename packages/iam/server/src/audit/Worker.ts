/**
 * What goes on behind the services to keep the log: sealing it, where this process has the key, sealing what it says of
 * people, making the parts of the months to come, retiring those that are kept no longer, and destroying what visitors'
 * addresses were digested by. Any number of processes may do it.
 */
import type { Errors } from "@beep/iam-domain";
import { Principal } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import type { ConfigError } from "effect/Config";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import { Keys } from "../crypto/Keys.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { BATCH, Envelopes } from "./Envelopes.ts";
import { visitorsOf } from "./originDigests.ts";
import * as retention from "./retention.ts";
import * as Sealer from "./Sealer.ts";
import * as signer from "./signer.ts";

/** How long to wait until there is enough to do again: what is done at once costs less than one after the other. */
const PAUSE = Duration.millis(100);

/** The same for what events say of people. */
const PERSONAL_PAUSE = Duration.seconds(1);

/** For so many days it can be told whether two visitors came from the same address. */
const VISITORS_KNOWN = 30;

/** And where it failed. */
const RETRY = Duration.seconds(5);

/**
 * Goes on until the scope closes, and then does once more what is left; at once, where that says that there is more. What
 * fails is logged and tried again: nothing of it is lost.
 */
const keepOn = Effect.fnUntraced(function* <E, R>(
  what: string,
  between: Duration.Duration,
  once: Effect.Effect<boolean, E, R>,
) {
  const pause = Effect.matchCauseEffect(once, {
    onFailure: (cause) => Effect.as(Effect.logError(`${what} failed, and is tried again.`, cause), RETRY),
    onSuccess: (isMore) => Effect.succeed(isMore ? Duration.zero : between),
  });
  yield* Effect.addFinalizer(() => pause);
  yield* Effect.forkScoped(
    Effect.forever(Effect.flatMap(pause, (some) => (Duration.isZero(some) ? Effect.void : Effect.sleep(some)))),
  );
});

const sealing = (options: Sealer.Options) =>
  Layer.effectDiscard(
    Effect.flatMap(Sealer.Sealer, ({ seal }) =>
      keepOn(
        "Sealing the log",
        PAUSE,
        Effect.map(seal, (sealed) => sealed >= Sealer.PART),
      ),
    ),
  ).pipe(Layer.provide(Sealer.layer(options)));

const makeParts = Effect.gen(function* () {
  const { client, statement } = yield* ServiceConnection;
  yield* statement(client`select iam_make_partitions()`);
});

/** What visitors' addresses were digested by is destroyed after its time, each by itself: a hold on one keeps no other. */
const forgetVisitors = Effect.gen(function* () {
  const { client, statement } = yield* ServiceConnection;
  const { destroy } = yield* Keys;
  const kept = visitorsOf(DateTime.subtract(yield* DateTime.now, { days: VISITORS_KNOWN }));
  const old = yield* statement(client<{ owner_id: string }>`
    select owner_id from iam_data_keys
    where owner_type = ${kept.type} and owner_id < ${kept.id} and destroyed_at is null`);
  for (const { owner_id } of old) yield* logged(destroy({ ...kept, id: owner_id }));
});

const logged = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
  Effect.catchCause(Effect.asVoid(effect), (cause) => Effect.logError("Looking after the log failed.", cause));

/** Each by itself, so that none is kept from its work by what another waits for. */
const housekeeping = (months: Option.Option<number>) =>
  Effect.all(
    [
      logged(makeParts),
      logged(forgetVisitors),
      Option.match(months, { onNone: () => Effect.void, onSome: (some) => logged(retention.retire(some)) }),
    ],
    { discard: true },
  ).pipe(Principal.acting(Principal.system("audit log")));

/** Runs beside the services. */
export const layer: Layer.Layer<
  never,
  ConfigError | Errors.StartupError,
  PgClient | ServiceConnection | Keys | Envelopes
> = Layer.unwrap(
  Effect.gen(function* () {
    const key = yield* signer.read;
    const former = yield* signer.former;
    const months = yield* retention.keys.auditRetentionMonths;
    const personal = Layer.effectDiscard(
      Effect.flatMap(Envelopes, ({ seal }) =>
        keepOn(
          "Sealing personal data",
          PERSONAL_PAUSE,
          Effect.map(seal, (done) => done === BATCH),
        ),
      ),
    );
    const daily = Layer.effectDiscard(
      Effect.forkScoped(Effect.repeat(housekeeping(months), Schedule.spaced("6 hours"))),
    );
    return Layer.mergeAll(
      personal,
      daily,
      ...Option.toArray(Option.map(key, (one) => sealing({ key: one, former, months }))),
    );
  }),
).pipe(Layer.provide(Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))));
