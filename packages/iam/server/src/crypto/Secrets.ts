/**
 * Secrets that are read back: sealed under a key of their owner before they are written, and opened after they were read.
 *
 * A value is sealed for the place where it stands (table, row, column) and for its owner: both are authenticated with it and
 * are in no envelope, so that one that was copied to another row, another column or another tenant's data does not open there.
 * The owner is what other designs call the tenant, and more than that: an organization for what an organization configured,
 * the user for what is a user's in every organization, the installation for the rest.
 *
 * A key's row is read each time, so that what was destroyed opens nowhere, whichever process still remembers it unwrapped.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { Errors, KeyOwner } from "@beep/iam-domain";
import { Envelope } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { getColumnTable, getTableName } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Transaction from "../db/Transaction.ts";
import { associated } from "./associated.ts";
import * as DataKeys from "./DataKeys.ts";
import type { KeyManagement } from "./KeyManagement.ts";
import * as Remembered from "./Remembered.ts";
import type { Bound, Place } from "./sealing.ts";
import * as sealingOf from "./sealing.ts";
import { demandOpening } from "./startCheck.ts";

/** The place of a column in a row. */
export const at = (column: PgColumn, row: string): Place => ({
  table: getTableName(getColumnTable(column)),
  row,
  column: column.name,
});

/** A value to seal. */
export interface Unsealed extends Bound {
  readonly value: Redacted.Redacted;
}

/** An envelope to open, where it was found. */
export interface Sealed extends Bound {
  readonly envelope: string;
}

/** Why nothing is opened, where it is not a value's own fault. */
type Unavailable = Errors.KeyManagementUnavailable;

/** Seals and opens. */
export class Secrets extends Context.Service<
  Secrets,
  {
    /**
     * Seals values, each under the key of its owner, which is made where there is none. One statement, however many values.
     *
     * Only inside the transaction that writes them, and a defect elsewhere: until it ends, the keys cannot be destroyed, and
     * under one that is destroyed nothing is sealed (`KeyDestroyed`).
     */
    readonly seal: (
      values: ReadonlyArray<Unsealed>,
    ) => Effect.Effect<ReadonlyArray<string>, Errors.KeyDestroyed | DataKeys.Unusable | SqlError>;
    /** Opens envelopes. One statement, however many; the first that does not open fails. */
    readonly open: (
      values: ReadonlyArray<Sealed>,
    ) => Effect.Effect<ReadonlyArray<Redacted.Redacted>, Errors.SecretUnreadable | Unavailable | SqlError>;
    /** Opens envelopes, and says of each by itself whether it does not open. */
    readonly openEach: (
      values: ReadonlyArray<Sealed>,
    ) => Effect.Effect<
      ReadonlyArray<Result.Result<Redacted.Redacted, Errors.SecretUnreadable>>,
      Unavailable | SqlError
    >;
    /** Opens envelopes by keys that were read along with them, by `keyColumns`: no statement. */
    readonly openWith: (
      keys: ReadonlyArray<DataKeys.Row>,
      values: ReadonlyArray<Sealed>,
    ) => Effect.Effect<ReadonlyArray<Redacted.Redacted>, Errors.SecretUnreadable | Unavailable>;
    /**
     * A digest of a text that says nothing of it to whoever has not the owner's key, and is the same each time: to look a
     * value up by, or to tell whether two are the same. HMAC-SHA-256 (RFC 2104) in base64url. Each purpose has a key of its
     * own, derived by HKDF-SHA-256 (RFC 5869), so that digests of two purposes cannot be compared. Rotating the owner's data
     * key does not change them; destroying it makes them nobody's, within five minutes.
     */
    readonly mac: (
      owner: KeyOwner.KeyOwner,
      purpose: string,
      text: Redacted.Redacted,
    ) => Effect.Effect<string, Errors.KeyDestroyed | DataKeys.Unusable | SqlError>;
  }
>()("@beep/iam-server/crypto/Secrets") {}

/** How long what digests are keyed by is remembered, in milliseconds. */
const DIGESTING_REMEMBERED = 300_000;

/** The key of the digests of a purpose. */
const digestingKey = (root: KeyObject, purpose: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync("sha256", root, "", associated("iam-mac:1", purpose), 32)));

const make = Effect.gen(function* () {
  const client = yield* PgClient;
  const dataKeys = yield* DataKeys.DataKeys;
  const digesting = Remembered.make<{ readonly key: KeyObject; readonly until: number }>(10_000);

  const openOne = Effect.fnUntraced(function* (
    keys: ReadonlyMap<string, DataKeys.Row>,
    sealed: Sealed,
  ): Effect.fn.Return<Redacted.Redacted, Errors.SecretUnreadable | Unavailable> {
    const unreadable = (reason: Errors.SecretUnreadable["reason"]) =>
      new Errors.SecretUnreadable({ ...sealed.place, reason });
    const envelope = Envelope.parse(sealed.envelope);
    if (envelope === undefined) return yield* unreadable("altered");
    const row = keys.get(envelope.dataKey);
    if (row === undefined) return yield* unreadable("key unknown");
    const { sealing } = yield* Effect.catchTags(dataKeys.material(row), {
      KeyDestroyed: () => unreadable("key destroyed"),
      KeyNotOpened: () => unreadable("key does not open"),
      KeyVersionMissing: () => unreadable("key-encryption key missing"),
    });
    const opened = sealingOf.open(envelope, sealing, sealed);
    if (opened === undefined) return yield* unreadable("altered");
    return Redacted.make(opened.toString("utf8"));
  });

  const keysOf = (values: ReadonlyArray<Sealed>) => {
    const ids = new Set(values.flatMap(({ envelope }) => Envelope.parse(envelope)?.dataKey ?? []));
    return ids.size === 0 ? Effect.succeed(new Map<string, DataKeys.Row>()) : dataKeys.found([...ids]);
  };

  return Secrets.of({
    seal: Effect.fn("Secrets.seal")(function* (values) {
      if (!(yield* Transaction.isOpen(client))) {
        return yield* Effect.die(new Error("Secrets are sealed inside the transaction that writes them."));
      }
      if (values.length === 0) return [];
      const keys = yield* dataKeys.sealing(values.map(({ owner }) => owner));
      return yield* Effect.forEach(values, ({ owner, place, value }) =>
        Effect.gen(function* () {
          // In UTF-8 it would become another text.
          if (!Redacted.value(value).isWellFormed()) {
            return yield* Effect.die(
              new Error(`What is to be sealed in ${place.table}.${place.column} is no Unicode text.`),
            );
          }
          const row = keys.get(KeyOwner.text(owner));
          if (row === undefined) return yield* Effect.die(new Error("Every owner has a key."));
          const { sealing } = yield* dataKeys.material(row);
          return sealingOf.seal(row.id, sealing, { owner, place }, Buffer.from(Redacted.value(value)));
        }),
      );
    }),
    open: Effect.fn("Secrets.open")(function* (values) {
      const keys = yield* keysOf(values);
      return yield* Effect.forEach(values, (sealed) => openOne(keys, sealed));
    }),
    openEach: Effect.fn("Secrets.openEach")(function* (values) {
      const keys = yield* keysOf(values);
      return yield* Effect.forEach(values, (sealed) =>
        openOne(keys, sealed).pipe(
          Effect.map((value) => Result.succeed(value)),
          Effect.catchTag("SecretUnreadable", (unreadable) => Effect.succeed(Result.fail(unreadable))),
        ),
      );
    }),
    openWith: Effect.fnUntraced(function* (keys, values) {
      const byId = new Map(keys.map((row) => [row.id, row]));
      return yield* Effect.forEach(values, (sealed) => openOne(byId, sealed));
    }),
    mac: Effect.fnUntraced(function* (owner, purpose, text) {
      const name = JSON.stringify([owner.type, owner.id, purpose]);
      const now = yield* Clock.currentTimeMillis;
      const known = digesting.get(name);
      const digest = (key: KeyObject) => createHmac("sha256", key).update(Redacted.value(text)).digest("base64url");
      if (known !== undefined && now < known.until) return digest(known.key);
      const { isCommitted, row } = yield* dataKeys.current(owner);
      const { digesting: root } = yield* dataKeys.material(row);
      const key = digestingKey(root, purpose);
      // Of a key that may yet be rolled back, nothing is remembered.
      if (isCommitted) digesting.set(name, { key, until: now + DIGESTING_REMEMBERED });
      return digest(key);
    }),
  });
});

/** Secrets on a database and a key management, which must have every version that the database needs. */
export const layer: Layer.Layer<Secrets, Errors.StartupError, PgClient | ServiceConnection | KeyManagement> =
  Layer.effect(Secrets, Effect.andThen(demandOpening, make)).pipe(Layer.provide(DataKeys.layer));

export { columns as keyColumns, type Row as KeyRow } from "./DataKeys.ts";
export type { Place } from "./sealing.ts";
