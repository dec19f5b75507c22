/**
 * The keys by which tokens are signed (ES256: RFC 7518, section 3.4), with their life, as `SigningKeyLife` has it. Whoever
 * asks for them makes the next one where it is due, so that they rotate in whichever process there is, and no process has to
 * be told: the rows are read each time, and nothing of them is remembered.
 *
 * Times are of the process's own clock. Clocks may differ by less than a key is published before it signs.
 */
import { Errors, KeyOwner, SigningKeyLife } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { type Actor, CurrentActor, IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { asc, eq, getColumns, inArray } from "drizzle-orm";
import type { EffectDrizzleQueryError } from "drizzle-orm/effect-core/errors";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import * as Clock from "effect/Clock";
import * as Config from "effect/Config";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import { exportJWK, generateKeyPair } from "jose";
import * as Setting from "../config/Setting.ts";
import * as Change from "../db/Change.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import type * as DataKeys from "./DataKeys.ts";
import * as Secrets from "./Secrets.ts";

const { signingKey } = IamDbSchema;

/** The algorithm of all keys. */
export const ALGORITHM = "ES256";

const between = (least: Duration.Duration, most: Duration.Duration) => (key: string) =>
  Config.schema(
    Schema.DurationFromString.check(
      Schema.makeFilter((duration) => Duration.between(duration, { minimum: least, maximum: most }), {
        expected: `a duration from ${Duration.format(least)} to ${Duration.format(most)}`,
      }),
    ),
    key,
  );

/** What may be said of them. */
export const keys = {
  signingKeyPeriod: Setting.withDefault("IAM_SIGNING_KEY_PERIOD", between(Duration.seconds(5), Duration.days(400)), {
    type: "duration from `5 seconds` to `400 days`",
    value: Duration.days(30),
    fallback: "`30 days`",
    says: "How long a key signs tokens before the next one does.",
  }),
  signingKeyPublishedBefore: Setting.withDefault(
    "IAM_SIGNING_KEY_PUBLISHED_BEFORE",
    between(Duration.seconds(2), Duration.days(30)),
    {
      type: "duration from `2 seconds` to `30 days`, not longer than the period",
      value: Duration.days(1),
      fallback: "`1 day`",
      says: "How long the next key stands at `/api/auth/jwks` before it signs: longer than whoever verifies remembers what stands there. The answer may be remembered half as long, and five minutes at most.",
    },
  ),
};

/** What Config says of how long the parts of a key's life are. */
export const plan: Effect.Effect<SigningKeyLife.Plan, Errors.StartupError | Config.ConfigError> = Effect.gen(
  function* () {
    const signs = Duration.toMillis(yield* keys.signingKeyPeriod);
    const published = Duration.toMillis(yield* keys.signingKeyPublishedBefore);
    if (published <= signs) return { published, signs };
    return yield* new Errors.StartupError({
      code: "CONFIGURATION_INVALID",
      message: "IAM_SIGNING_KEY_PUBLISHED_BEFORE is longer than IAM_SIGNING_KEY_PERIOD.",
      remedy: "Set it to no more than the period.",
    });
  },
);

const { version: _version, updatedAt: _updatedAt, ...columns } = getColumns(signingKey);

/** A key as it is read, its private part sealed. */
type Row = Omit<typeof signingKey.$inferSelect, "version" | "updatedAt">;

/** A key, without its private part. */
export type StoredKey = Omit<Row, "privateKey">;

const withoutPrivate = ({ privateKey: _, ...key }: Row): StoredKey => key;

/** The keys that count now. */
export interface Current {
  /** The key that signs. */
  readonly signer: StoredKey;
  /** Its private part, a JSON Web Key as text. */
  readonly privateKey: Redacted.Redacted;
  /** All by which tokens verify, that one among them. */
  readonly published: ReadonlyArray<StoredKey>;
}

type Changing = DataKeys.Unusable | EffectDrizzleQueryError | Errors.CommitUnknown | Errors.KeyDestroyed | SqlError;

/** Looks after signing keys. For trusted code only: it asks nobody who they are. */
export class SigningKeys extends Context.Service<
  SigningKeys,
  {
    /** How long the parts of a key's life are. */
    readonly plan: SigningKeyLife.Plan;
    /** The key that signs, opened, and those that are published. Makes what is missing or due. */
    readonly current: Effect.Effect<Current, Changing | Errors.SecretUnreadable>;
    /** The keys by which tokens verify; likewise, but no private part is opened. */
    readonly published: Effect.Effect<ReadonlyArray<StoredKey>, Changing>;
    /** All that there are, in the order in which they sign. */
    readonly list: Effect.Effect<ReadonlyArray<StoredKey>, Changing>;
    /**
     * Makes the next key now, before it is due, and gives it: it signs once it was published for long enough. Gives the one
     * that waits already, where there is one.
     */
    readonly rotate: Effect.Effect<StoredKey, Changing>;
    /**
     * Revokes a key at once: it is not published any more, and what it has signed is refused here from now on, and elsewhere
     * when the published keys are fetched again. Gives the key that signs now, which is a new one where none was waiting.
     */
    readonly revoke: (id: IamEntityIds.SigningKeyId) => Effect.Effect<StoredKey, Errors.SigningKeyNotFound | Changing>;
  }
>()("@beep/iam-server/crypto/SigningKeys") {}

/** In whose name keys are made when they are due: not in the name of whoever happened to ask. */
const itself: Actor = { _tag: "System", name: "signing keys" };

const make = Effect.gen(function* () {
  const { client, lookUp: run, transaction } = yield* ServiceConnection;
  const secrets = yield* Secrets.Secrets;
  const stated = yield* plan;
  const db = yield* makeWithDefaults().pipe(Effect.provideService(PgClient, client));

  const all = run(
    db
      .select(columns)
      .from(signingKey)
      .where(eq(signingKey.alg, ALGORITHM))
      .orderBy(asc(signingKey.activatesAt), asc(signingKey.id)),
  );

  const change = (id: IamEntityIds.SigningKeyId, times: Partial<SigningKeyLife.Times>) =>
    run(db.update(signingKey).set(times).where(eq(signingKey.id, id)));

  /** Makes the next key, or the first. To be called by whoever has the lock. */
  const makeNext = Effect.fnUntraced(function* (keys: ReadonlyArray<Row>, now: number) {
    const { activatesAt, before } = SigningKeyLife.succession(keys, now, stated);
    if (before !== undefined) {
      const { expiresAt, key, retiresAt } = before;
      yield* change(key.id, { retiresAt, expiresAt });
    }
    const id = IamEntityIds.SigningKeyId.create();
    const pair = yield* Effect.promise(() => generateKeyPair(ALGORITHM, { extractable: true }));
    const [publicKey, privateKey] = yield* Effect.promise(() =>
      Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]),
    );
    const place = Secrets.at(signingKey.privateKey, id);
    const value = Redacted.make(JSON.stringify(privateKey));
    const [sealed = ""] = yield* secrets.seal([{ owner: KeyOwner.installation, place, value }]);
    const [made] = yield* run(
      db
        .insert(signingKey)
        .values({
          id,
          alg: ALGORITHM,
          crv: "P-256",
          publicKey: JSON.stringify(publicKey),
          privateKey: sealed,
          activatesAt,
        })
        .returning(columns),
    );
    // They are of no use to anybody; the log knows of them.
    const over = keys.filter((key) => SigningKeyLife.isOver(key, now)).map((key) => key.id);
    if (over.length > 0) yield* run(db.delete(signingKey).where(inArray(signingKey.id, over)));
    return made ?? (yield* Effect.die(new Error("What was inserted is returned.")));
  });

  /** Changes which keys there are, when nobody else does: with those that there are then. */
  const exclusively = <A, E>(
    changing: (keys: ReadonlyArray<Row>, now: number) => Effect.Effect<A, E>,
  ): Effect.Effect<A, E | Changing> =>
    transaction(
      Effect.gen(function* () {
        yield* run(client`select pg_advisory_xact_lock(hashtextextended('signing keys', 0))`);
        return yield* changing(yield* all, yield* Clock.currentTimeMillis);
      }),
    );

  /** Makes what is due, in its own name, whoever asks and in whose transaction. */
  const inOwnName = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.provideService(Effect.andThen(Change.tellAgain(client), effect), CurrentActor, itself).pipe(
      Effect.tap(() => Change.tellAgain(client)),
    );

  /** A key that signs, made where there is none. Another process may just have made it. */
  const first = inOwnName(
    exclusively((keys, now) => (SigningKeyLife.signer(keys, now) === undefined ? makeNext(keys, now) : Effect.void)),
  );

  /**
   * Makes the next key, unless somebody is at it: nobody waits, because the one that signs goes on until the next one does.
   * For the same reason nothing is lost where it fails.
   */
  const next = inOwnName(
    transaction(
      Effect.gen(function* () {
        const [row] = yield* run(
          client<{ free: boolean }>`select pg_try_advisory_xact_lock(hashtextextended('signing keys', 0)) as free`,
        );
        if (row?.free !== true) return;
        const keys = yield* all;
        const now = yield* Clock.currentTimeMillis;
        if (now >= SigningKeyLife.nextDue(keys, stated)) yield* makeNext(keys, now);
      }),
    ),
  ).pipe(Effect.catchCause((cause) => Effect.logError("The next signing key could not be made.", cause)));

  /** The keys, when what is missing or due has been made. */
  const ready = Effect.gen(function* () {
    const keys = yield* all;
    const now = yield* Clock.currentTimeMillis;
    if (SigningKeyLife.signer(keys, now) === undefined) yield* first;
    else if (now >= SigningKeyLife.nextDue(keys, stated)) yield* next;
    else return { keys, now };
    return { keys: yield* all, now: yield* Clock.currentTimeMillis };
  });

  /** The key that signs, which is there by now. */
  const signerOf = (keys: ReadonlyArray<Row>, now: number) =>
    Effect.orDie(Effect.fromNullishOr(SigningKeyLife.signer(keys, now)));

  const publishedOf = (keys: ReadonlyArray<Row>, now: number) =>
    keys.filter((key) => SigningKeyLife.isPublished(key, now)).map(withoutPrivate);

  return SigningKeys.of({
    plan: stated,
    current: Effect.gen(function* () {
      const { keys, now } = yield* ready;
      const signer = yield* signerOf(keys, now);
      const place = Secrets.at(signingKey.privateKey, signer.id);
      const sealed = { owner: KeyOwner.installation, place, envelope: signer.privateKey };
      const [privateKey = Redacted.make("")] = yield* secrets.open([sealed]);
      return { signer: withoutPrivate(signer), privateKey, published: publishedOf(keys, now) };
    }).pipe(Effect.withSpan("SigningKeys.current")),
    published: Effect.map(ready, ({ keys, now }) => publishedOf(keys, now)).pipe(
      Effect.withSpan("SigningKeys.published"),
    ),
    list: Effect.map(all, (keys) => keys.map(withoutPrivate)).pipe(Effect.withSpan("SigningKeys.list")),
    rotate: exclusively((keys, now) => {
      const newest = SigningKeyLife.newest(keys);
      const waits = newest !== undefined && newest !== SigningKeyLife.signer(keys, now);
      return waits ? Effect.succeed(newest) : makeNext(keys, now);
    }).pipe(Effect.map(withoutPrivate), Effect.withSpan("SigningKeys.rotate")),
    revoke: Effect.fn("SigningKeys.revoke")((id) =>
      exclusively((keys, now) =>
        Effect.gen(function* () {
          const key = keys.find((one) => one.id === id);
          if (key === undefined || !SigningKeyLife.isPublished(key, now)) return yield* new Errors.SigningKeyNotFound();
          yield* Effect.forEach(SigningKeyLife.revocation(keys, key, now), (to) => change(to.key.id, to.times));
          const left = yield* all;
          return withoutPrivate(SigningKeyLife.signer(left, now) ?? (yield* makeNext(left, now)));
        }),
      ),
    ),
  });
});

/** On a database and what seals. */
export const layer: Layer.Layer<
  SigningKeys,
  Errors.StartupError | Config.ConfigError,
  ServiceConnection | Secrets.Secrets
> = Layer.effect(SigningKeys, make);
