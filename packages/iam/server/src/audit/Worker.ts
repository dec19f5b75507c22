/**
 * What goes on behind the services to keep the log: sealing it, where this process has the key, sealing what it says of
 * people, making the parts of the months to come, retiring those that are kept no longer, and destroying what visitors'
 * addresses were digested by. Any number of processes may do it.
 */
import type { Errors, SignedNote } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import type { ConfigError } from "effect/Config";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import { Keys } from "../crypto/Keys.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { Envelopes } from "./Envelopes.ts";
import { visitorsOf } from "./originDigests.ts";
import * as retention from "./retention.ts";
import * as Sealer from "./Sealer.ts";
import * as signer from "./signer.ts";

/** How long to wait where there was nothing to do. */
const PAUSE = "100 millis";

/** For so many days it can be told whether two visitors came from the same address. */
const VISITORS_KNOWN = 30;

/**
 * Goes on until the scope closes, and then does once more what is left. What fails is logged and tried again: nothing of it
 * is lost.
 */
const keepOn = Effect.fnUntraced(function* <E, R>(what: string, once: Effect.Effect<number, E, R>) {
  const tried = Effect.catchCause(once, (cause) =>
    Effect.as(Effect.logError(`${what} failed, and is tried again.`, cause), 0),
  );
  yield* Effect.addFinalizer(() => tried);
  yield* Effect.forkScoped(
    Effect.forever(Effect.flatMap(tried, (done) => (done === 0 ? Effect.sleep(PAUSE) : Effect.void))),
  );
});

const sealing = (key: SignedNote.SignerKey) =>
  Layer.effectDiscard(Effect.flatMap(Sealer.Sealer, ({ seal }) => keepOn("Sealing the log", seal))).pipe(
    Layer.provide(Sealer.layer(key)),
  );

const housekeeping = Effect.fnUntraced(function* (months: Option.Option<number>) {
  const { client, statement } = yield* ServiceConnection;
  const { destroy } = yield* Keys;
  yield* statement(client`select iam_make_partitions()`);
  if (Option.isSome(months)) yield* retention.retire(months.value);
  const kept = visitorsOf(DateTime.subtract(yield* DateTime.now, { days: VISITORS_KNOWN }));
  const old = yield* statement(client<{ owner_id: string }>`
    select owner_id from iam_data_keys
    where owner_type = ${kept.type} and owner_id < ${kept.id} and destroyed_at is null`);
  for (const { owner_id } of old) yield* destroy({ ...kept, id: owner_id });
});

/** Runs beside the services. */
export const layer: Layer.Layer<
  never,
  ConfigError | Errors.StartupError,
  PgClient | ServiceConnection | Keys | Envelopes
> = Layer.unwrap(
  Effect.gen(function* () {
    const key = yield* signer.read;
    const months = yield* retention.keys.auditRetentionMonths;
    const personal = Layer.effectDiscard(
      Effect.flatMap(Envelopes, ({ seal }) => keepOn("Sealing personal data", seal)),
    );
    const daily = Layer.effectDiscard(
      Effect.forkScoped(
        housekeeping(months).pipe(
          Effect.catchCause((cause) => Effect.logError("Looking after the log failed.", cause)),
          Effect.repeat(Schedule.spaced("6 hours")),
        ),
      ),
    );
    return Layer.mergeAll(personal, daily, ...Option.toArray(Option.map(key, sealing)));
  }),
).pipe(Layer.provide(Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))));
