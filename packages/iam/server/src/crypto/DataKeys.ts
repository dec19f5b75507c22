/**
 * Data keys: their rows, and what they are once unwrapped. Private to this package.
 *
 * An owner has one key that seals, and may have retired ones that still open. The row of the one that seals is where all
 * wait for each other: whoever seals holds it `for key share`, and whoever ends it `for update`. A legal hold, and wrapping
 * the key anew, take less (`for no key update`), and let those who seal pass.
 */
import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { getColumns } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Struct from "effect/Struct";
import type { SqlError } from "effect/sql/SqlError";
import type { Fragment } from "effect/sql/Statement";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { KEY_LENGTH } from "./aesGcm.ts";
import { KeyManagement } from "./KeyManagement.ts";
import * as Remembered from "./Remembered.ts";

const { dataKey } = IamDbSchema;

/** What is read of a key's row: for whoever joins it to a statement of their own, and opens by `Secrets.openWith`. */
export const columns = Struct.pick(getColumns(dataKey), ["id", "ownerType", "ownerId", "wrappedKey", "keyVersion"]);

/** A row as it is read by those columns. */
export type Row = Pick<typeof dataKey.$inferSelect, keyof typeof columns>;

/** An unwrapped key: 64 random bytes, in two halves. */
export interface Material {
  /** Seals and opens. */
  readonly sealing: KeyObject;
  /** What digests are keyed by is derived of it. It is passed on when the owner gets another key, and so they stay. */
  readonly digesting: KeyObject;
}

/** Why a key does not open. */
export type Unusable = Errors.KeyVersionMissing | Errors.KeyNotOpened | Errors.KeyManagementUnavailable;

/** How many unwrapped keys a process remembers: some megabytes. */
const CAPACITY = 10_000;

/** How often a look for the key that seals begins anew, when each time somebody has just put another one in its place. */
const LOOKS = 5;

/** The keys of owners. */
export class DataKeys extends Context.Service<
  DataKeys,
  {
    /**
     * The keys that seal, by `KeyOwner.text`, each locked against its end until the transaction is over; made where an
     * owner has none. One statement where all have one, whose row may say that it is destroyed.
     */
    readonly sealing: (
      owners: ReadonlyArray<KeyOwner.KeyOwner>,
    ) => Effect.Effect<ReadonlyMap<string, Row>, Errors.KeyManagementUnavailable | SqlError>;
    /** The keys of these ids that there are, by id: one statement. */
    readonly found: (ids: ReadonlyArray<IamEntityIds.DataKeyId>) => Effect.Effect<ReadonlyMap<string, Row>, SqlError>;
    /** The key of an owner that seals, made where there is none, and whether it is there whatever becomes of this transaction. */
    readonly current: (
      owner: KeyOwner.KeyOwner,
    ) => Effect.Effect<
      { readonly row: Row; readonly isCommitted: boolean },
      Errors.KeyManagementUnavailable | SqlError
    >;
    /** Makes a key for each owner that has none that seals. */
    readonly ensure: (
      owners: ReadonlyArray<KeyOwner.KeyOwner>,
    ) => Effect.Effect<void, Errors.KeyManagementUnavailable | SqlError>;
    /** The key of an owner that seals at the moment; nothing where there is none. */
    readonly sealer: (owner: KeyOwner.KeyOwner) => Effect.Effect<Row | undefined, SqlError>;
    /** The key of an owner that seals, locked until the transaction is over; nothing where there is none. */
    readonly locked: (
      owner: KeyOwner.KeyOwner,
      lock: "update" | "no key update",
    ) => Effect.Effect<Row | undefined, SqlError>;
    /** What a key is, once unwrapped. Remembered by what it was unwrapped from: so the row decides, each time. */
    readonly material: (row: Row) => Effect.Effect<Material, Errors.KeyDestroyed | Unusable>;
    /** Wraps a new key for an owner that has none, or the new key of one whose digests go on. */
    readonly wrapNew: (
      owner: KeyOwner.KeyOwner,
      digesting?: KeyObject,
    ) => Effect.Effect<Row, Errors.KeyManagementUnavailable>;
  }
>()("@beep/iam-server/crypto/DataKeys") {}

/** Whose a row is. */
export const ownerOf = ({ ownerId, ownerType }: Pick<Row, "ownerId" | "ownerType">): KeyOwner.KeyOwner => ({
  type: ownerType,
  id: ownerId,
});

/** The same by the names that columns have in the database. */
export interface Found {
  readonly id: string;
  readonly owner_type: string;
  readonly owner_id: string;
  readonly wrapped_key: string | null;
  readonly key_version: string | null;
}

/** A row from its names in the database. */
export const rowOf = (found: Found): Row => ({
  id: IamEntityIds.DataKeyId.fromUuid(found.id),
  ownerType: found.owner_type,
  ownerId: found.owner_id,
  wrappedKey: found.wrapped_key,
  keyVersion: found.key_version,
});

/** The same the other way about. */
export const writtenAs = (row: Row): Found => ({
  id: IamEntityIds.DataKeyId.toUuid(row.id),
  owner_type: row.ownerType,
  owner_id: row.ownerId,
  wrapped_key: row.wrappedKey,
  key_version: row.keyVersion,
});

const make = Effect.gen(function* () {
  const { client, lookUp, writing } = yield* ServiceConnection;
  const keyManagement = yield* KeyManagement;
  const remembered = Remembered.make<Material>(CAPACITY);

  /** Inside a transaction nothing is committed, and what reads alone has nothing to lose by a commit. */
  const statement = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
    Effect.catchTag(lookUp(effect), "CommitUnknown", Effect.die);

  // Names of columns that every statement reads.
  const read = client.literal("k.id, k.owner_type, k.owner_id, k.wrapped_key, k.key_version");

  const isOfOwners = (owners: ReadonlyArray<KeyOwner.KeyOwner>): Fragment => client`
    (k.owner_type, k.owner_id) in (
      select o.type, o.id from json_to_recordset(${JSON.stringify(owners)}::json) as o (type text, id text))
    and k.retired_at is null`;

  const byOwner = (rows: ReadonlyArray<Found>): ReadonlyMap<string, Row> =>
    new Map(rows.map(rowOf).map((row) => [KeyOwner.text(ownerOf(row)), row]));

  const wrapNew = Effect.fnUntraced(function* (
    owner: KeyOwner.KeyOwner,
    digesting?: KeyObject,
  ): Effect.fn.Return<Row, Errors.KeyManagementUnavailable> {
    const id = IamEntityIds.DataKeyId.create();
    const bytes = Buffer.concat([randomBytes(KEY_LENGTH), digesting?.export() ?? randomBytes(KEY_LENGTH)]);
    const { version, wrapped } = yield* keyManagement.wrap(Redacted.make(bytes, { label: "data key" }), {
      dataKey: id,
      owner,
    });
    return { id, ownerType: owner.type, ownerId: owner.id, wrappedKey: wrapped, keyVersion: version };
  });

  /** Whoever is second finds the first one's key: it waits for the first to commit. */
  const add = Effect.fnUntraced(function* (owners: ReadonlyArray<KeyOwner.KeyOwner>) {
    // In one order, so that two who add several do not wait for each other.
    const inOrder = [...owners].sort((left, right) => (KeyOwner.text(left) < KeyOwner.text(right) ? -1 : 1));
    const rows = yield* Effect.forEach(inOrder, (owner) => wrapNew(owner), { concurrency: 8 });
    const insert = client`
      insert into iam_data_keys (id, owner_type, owner_id, wrapped_key, key_version)
      select * from json_to_recordset(${JSON.stringify(rows.map(writtenAs))}::json)
        as k (id uuid, owner_type text, owner_id text, wrapped_key text, key_version text)
      on conflict (owner_type, owner_id) where retired_at is null do nothing`;
    yield* Effect.catchTag(writing(insert), "CommitUnknown", Effect.die);
  });

  const sealing: DataKeys["Service"]["sealing"] = Effect.fnUntraced(function* (owners) {
    const wanted = new Map(owners.map((owner) => [KeyOwner.text(owner), owner]));
    for (let looks = 0; looks < LOOKS; looks++) {
      const found = byOwner(
        // In one order, likewise.
        yield* statement(
          client<Found>`
            select ${read} from iam_data_keys k where ${isOfOwners([...wanted.values()])} order by k.id for key share`,
        ),
      );
      const lacking = [...wanted].flatMap(([text, owner]) => (found.has(text) ? [] : [owner]));
      if (lacking.length === 0) return found;
      yield* add(lacking);
    }
    return yield* Effect.die(new Error(`The keys of ${[...wanted.keys()].join(", ")} were replaced at every look.`));
  });

  return DataKeys.of({
    sealing,
    wrapNew,
    ensure: add,
    sealer: Effect.fnUntraced(function* (owner) {
      const [found] = yield* statement(client<Found>`
        select ${read} from iam_data_keys k where ${isOfOwners([owner])}`);
      return found === undefined ? undefined : rowOf(found);
    }),
    locked: Effect.fnUntraced(function* (owner, lock) {
      for (let looks = 0; looks < LOOKS; looks++) {
        const [found] = yield* statement(client<Found>`
          select ${read} from iam_data_keys k where ${isOfOwners([owner])} for ${client.literal(lock)}`);
        if (found !== undefined) return rowOf(found);
        // It was retired while this waited for it, or was never there.
        if ((yield* statement(client`select from iam_data_keys k where ${isOfOwners([owner])}`)).length === 0) return;
      }
      return yield* Effect.die(new Error(`The key of ${KeyOwner.text(owner)} was replaced at every look.`));
    }),
    found: Effect.fnUntraced(function* (ids) {
      const uuids = ids.map(IamEntityIds.DataKeyId.toUuid);
      const rows = yield* statement(client<Found>`
        select ${read} from iam_data_keys k
        where k.id in (select value::uuid from json_array_elements_text(${JSON.stringify(uuids)}::json))`);
      return new Map(rows.map(rowOf).map((row) => [row.id, row]));
    }),
    current: Effect.fnUntraced(function* (owner) {
      for (let looks = 0; looks < LOOKS; looks++) {
        // What this very transaction has inserted began when it began.
        const [found] = yield* statement(client<Found & { readonly is_committed: boolean }>`
          select ${read}, k.created_at <> now()::timestamptz(3) as is_committed
          from iam_data_keys k where ${isOfOwners([owner])}`);
        if (found !== undefined) return { row: rowOf(found), isCommitted: found.is_committed };
        yield* add([owner]);
      }
      return yield* Effect.die(new Error(`The key of ${KeyOwner.text(owner)} was replaced at every look.`));
    }),
    material: Effect.fnUntraced(function* (row) {
      const owner = ownerOf(row);
      const { id, keyVersion, wrappedKey } = row;
      if (wrappedKey === null || keyVersion === null) return yield* new Errors.KeyDestroyed({ owner });
      // With whom it belongs to, because moved to another row it does not open either.
      const from = JSON.stringify([id, owner.type, owner.id, keyVersion, wrappedKey]);
      const known = remembered.get(from);
      if (known !== undefined) return known;
      const opened = yield* keyManagement.unwrap({ wrapped: wrappedKey, version: keyVersion }, { dataKey: id, owner });
      const bytes = Redacted.value(opened);
      if (bytes.length !== 2 * KEY_LENGTH) return yield* new Errors.KeyNotOpened({ dataKey: id, keyVersion });
      const material = {
        sealing: createSecretKey(bytes.subarray(0, KEY_LENGTH)),
        digesting: createSecretKey(bytes.subarray(KEY_LENGTH)),
      };
      remembered.set(from, material);
      return material;
    }),
  });
});

/** Data keys on a database and a key management. */
export const layer: Layer.Layer<DataKeys, never, ServiceConnection | KeyManagement> = Layer.effect(DataKeys, make);
