/**
 * Looking after data keys: whose there are, giving an owner another one, wrapping all anew by a new key-encryption key,
 * destroying those of an owner, and the legal holds that prevent it. For trusted code only: it asks nobody who they are.
 */
import { Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { CurrentActor, IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, asc, count, desc, eq, getColumns, isNull, sql } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { SqlError } from "effect/sql/SqlError";
import * as Application from "../db/Application.ts";
import { IamDb } from "../db/IamDb.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as DataKeys from "./DataKeys.ts";
import { KeyManagement } from "./KeyManagement.ts";
import * as resealing from "./resealing.ts";
import * as rewrapping from "./rewrapping.ts";

const { dataKey, legalHold } = IamDbSchema;

/** A data key, without what it is wrapped in. */
export type StoredKey = Omit<typeof dataKey.$inferSelect, "wrappedKey" | "version" | "updatedAt">;

/** A legal hold. */
export type StoredHold = Omit<typeof legalHold.$inferSelect, "version" | "updatedAt">;

/** Part of the keys: all, or those of an owner. */
export interface Page {
  readonly owner?: KeyOwner.KeyOwner | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** How far `rewrap` is. */
export type Step =
  /** So many keys were wrapped anew. */
  | { readonly _tag: "Rewrapped"; readonly keys: number }
  /** So many values were sealed under their owner's newer key. */
  | { readonly _tag: "Resealed"; readonly values: number }
  /** Nothing is left under a retired key; it still opens for a minute, for who has read something before. */
  | { readonly _tag: "Waiting" };

/** What `rewrap` has done. */
export interface Rewrapped {
  /** The version that wraps all keys now. */
  readonly keyVersion: string;
  readonly rewrapped: number;
  readonly resealed: number;
  readonly destroyed: number;
  /** Keys that did not open. */
  readonly failed: ReadonlyArray<IamEntityIds.DataKeyId>;
  /** Retired keys under which something is left that does not open. */
  readonly left: number;
}

/** How many keys there are. */
export interface Summary {
  /** The version that wraps now. */
  readonly keyVersion: string;
  /** Live keys by the version that wraps them. */
  readonly versions: ReadonlyArray<{ readonly keyVersion: string; readonly keys: number }>;
  /** Those of them that seal no more. */
  readonly retired: number;
  readonly destroyed: number;
}

type Changing = Errors.CommitUnknown | SqlError;
type Unavailable = Errors.KeyManagementUnavailable;

/** Looks after data keys. */
export class Keys extends Context.Service<
  Keys,
  {
    /** How many there are, by version. */
    readonly summary: Effect.Effect<Summary, Unavailable>;
    /** The keys, the newest first. */
    readonly list: (page: Page) => Effect.Effect<{ readonly keys: ReadonlyArray<StoredKey>; readonly total: number }>;
    /** The legal holds in force, the earliest first: all, or an owner's. */
    readonly holds: (owner?: KeyOwner.KeyOwner) => Effect.Effect<ReadonlyArray<StoredHold>>;
    /**
     * Gives an owner another key, under which is sealed from now on, and gives its id. The old one still opens, until
     * `rewrap` has sealed anew what is under it. Waits for who seals under the old one.
     */
    readonly rotate: (
      owner: KeyOwner.KeyOwner,
    ) => Effect.Effect<IamEntityIds.DataKeyId, Errors.KeyMissing | Errors.KeyDestroyed | DataKeys.Unusable | Changing>;
    /**
     * Destroys the keys of an owner: what they have sealed is unreadable for good, and nothing is sealed for that owner any
     * more, also where there never was a key. Waits for who seals. To be called in the transaction of the erasure that it is
     * for, or by itself.
     */
    readonly destroy: (
      owner: KeyOwner.KeyOwner,
    ) => Effect.Effect<void, Errors.KeyHeld | Errors.KeyOfInstallation | Changing>;
    /** Places a legal hold, in the name of who acts, and gives its id: until it is released, the owner's keys are not destroyed. */
    readonly hold: (
      owner: KeyOwner.KeyOwner,
      reason: string,
    ) => Effect.Effect<
      IamEntityIds.LegalHoldId,
      Errors.KeyOfInstallation | Errors.KeyDestroyed | Unavailable | Changing
    >;
    /** Releases a legal hold, in the name of who acts. */
    readonly release: (hold: IamEntityIds.LegalHoldId) => Effect.Effect<void, Errors.HoldNotFound | Changing>;
    /**
     * Wraps every key by the current version, and then seals anew what is under retired keys, and ends these. Nobody who
     * seals or opens notices. It may be interrupted or killed anywhere and run again, and by several processes at once.
     */
    readonly rewrap: (
      told?: (step: Step) => Effect.Effect<void>,
    ) => Effect.Effect<Rewrapped, DataKeys.Unusable | Changing>;
  }
>()("@beep/iam-server/crypto/Keys") {}

const { wrappedKey: _wrappedKey, version: _version, updatedAt: _updatedAt, ...keyColumns } = getColumns(dataKey);
const { version: _holdVersion, updatedAt: _holdUpdatedAt, ...holdColumns } = getColumns(legalHold);

/** Who acts, as a hold has it. */
const actor = Effect.map(CurrentActor, (acting) => {
  switch (acting._tag) {
    case "User":
      return acting.impersonatedBy ?? acting.userId;
    case "Organization":
      return acting.organizationId;
    case "System":
      return acting.name;
    case "Anonymous":
      return "anonymous";
  }
});

const ofOwner = (table: typeof dataKey | typeof legalHold, { id, type }: KeyOwner.KeyOwner) =>
  and(eq(table.ownerType, type), eq(table.ownerId, id));

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const services = yield* Effect.context<PgClient | ServiceConnection | KeyManagement | DataKeys.DataKeys>();
  const application = yield* Application.Application;
  const client = yield* PgClient;
  const { transaction } = yield* ServiceConnection;
  const dataKeys = yield* DataKeys.DataKeys;
  const keyManagement = yield* KeyManagement;

  /** What only reads cannot handle what the database says. */
  const reading = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A> => Effect.orDie(transaction(effect));

  const holds = (owner?: KeyOwner.KeyOwner) =>
    db
      .select(holdColumns)
      .from(legalHold)
      .where(and(isNull(legalHold.releasedAt), owner && ofOwner(legalHold, owner)))
      .orderBy(asc(legalHold.createdAt), asc(legalHold.id));

  const demandNotInstallation = (owner: KeyOwner.KeyOwner) =>
    KeyOwner.isInstallation(owner) ? Effect.fail(new Errors.KeyOfInstallation()) : Effect.void;

  /** The key that seals, which must be there. */
  const demandLive = Effect.fnUntraced(function* (owner: KeyOwner.KeyOwner, row: DataKeys.Row | undefined) {
    if (row === undefined) return yield* new Errors.KeyMissing({ owner });
    if (row.wrappedKey === null) return yield* new Errors.KeyDestroyed({ owner });
    return row;
  });

  /** The key that seals, which stays so until the transaction is over; it must be there. */
  const locked = (owner: KeyOwner.KeyOwner, lock: "update" | "no key update") =>
    Effect.flatMap(dataKeys.locked(owner, lock), (row) => demandLive(owner, row));

  /** Puts a key in the place of another; gives whether that one was still there. */
  const replace = (owner: KeyOwner.KeyOwner, old: DataKeys.Row, row: DataKeys.Row) =>
    transaction(
      Effect.gen(function* () {
        if ((yield* locked(owner, "update")).id !== old.id) return false;
        yield* client`
          update iam_data_keys set retired_at = now() where id = ${IamEntityIds.DataKeyId.toUuid(old.id)}`;
        yield* client`insert into iam_data_keys ${client.insert({ ...DataKeys.writtenAs(row) })}`;
        return true;
      }),
    );

  return Keys.of({
    summary: Effect.gen(function* () {
      const keyVersion = yield* keyManagement.current;
      const live = sql<number>`count(*)::integer`;
      return yield* reading(
        Effect.gen(function* () {
          const versions = yield* db
            .select({ keyVersion: sql<string>`${dataKey.keyVersion}`, keys: live })
            .from(dataKey)
            .where(sql`${dataKey.wrappedKey} is not null`)
            .groupBy(dataKey.keyVersion)
            .orderBy(asc(dataKey.keyVersion));
          const [ended] = yield* db
            .select({
              retired: sql<number>`(count(*) filter (where retired_at is not null and destroyed_at is null))::integer`,
              destroyed: sql<number>`count(destroyed_at)::integer`,
            })
            .from(dataKey);
          return { keyVersion, versions, retired: 0, destroyed: 0, ...ended };
        }),
      );
    }).pipe(Effect.withSpan("Keys.summary")),
    list: Effect.fn("Keys.list")(function* ({ limit, offset, owner }) {
      const where = owner && ofOwner(dataKey, owner);
      return yield* reading(
        Effect.gen(function* () {
          const keys = yield* db
            .select(keyColumns)
            .from(dataKey)
            .where(where)
            .orderBy(desc(dataKey.createdAt), desc(dataKey.id))
            .limit(limit)
            .offset(offset);
          const [row] = yield* db.select({ total: count() }).from(dataKey).where(where);
          return { keys, total: row?.total ?? 0 };
        }),
      );
    }),
    holds: Effect.fn("Keys.holds")((owner) => reading(holds(owner))),
    rotate: Effect.fn("Keys.rotate")(function* (owner) {
      for (;;) {
        // What key management is asked for may take long, and whoever seals would wait for the lock: it is asked before.
        const old = yield* Effect.flatMap(dataKeys.sealer(owner), (row) => demandLive(owner, row));
        const { digesting } = yield* dataKeys.material(old);
        const row = yield* dataKeys.wrapNew(owner, digesting);
        // Where another one was faster, its key is replaced, as if this one had come later.
        if (yield* replace(owner, old, row)) return row.id;
      }
    }),
    destroy: Effect.fn("Keys.destroy")((owner) =>
      transaction(
        Effect.gen(function* () {
          yield* demandNotInstallation(owner);
          // Where there never was a key, its place is taken: whoever seals first afterwards finds it destroyed.
          yield* client`
            insert into iam_data_keys (id, owner_type, owner_id, destroyed_at)
            values (${IamEntityIds.DataKeyId.toUuid(IamEntityIds.DataKeyId.create())}, ${owner.type}, ${owner.id}, now())
            on conflict (owner_type, owner_id) where retired_at is null do nothing`;
          yield* dataKeys.locked(owner, "update");
          // By a statement of its own, which sees what was committed while the lock was waited for.
          const held = yield* client<{ readonly id: string }>`
            select id from iam_legal_holds
            where owner_type = ${owner.type} and owner_id = ${owner.id} and released_at is null order by id`;
          if (held.length > 0) {
            return yield* new Errors.KeyHeld({
              owner,
              holds: held.map(({ id }) => IamEntityIds.LegalHoldId.fromUuid(id)),
            });
          }
          yield* client`
            update iam_data_keys set wrapped_key = null, key_version = null, destroyed_at = now()
            where owner_type = ${owner.type} and owner_id = ${owner.id} and wrapped_key is not null`;
        }),
      ),
    ),
    hold: Effect.fn("Keys.hold")((owner, reason) =>
      transaction(
        Effect.gen(function* () {
          yield* demandNotInstallation(owner);
          // A key to lock, also where nothing was sealed yet.
          yield* dataKeys.ensure([owner]);
          yield* Effect.catchTag(locked(owner, "no key update"), "KeyMissing", Effect.die);
          const id = IamEntityIds.LegalHoldId.create();
          yield* client`
            insert into iam_legal_holds (id, owner_type, owner_id, reason, placed_by)
            values (${IamEntityIds.LegalHoldId.toUuid(id)}, ${owner.type}, ${owner.id}, ${reason}, ${yield* actor})`;
          return id;
        }),
      ),
    ),
    release: Effect.fn("Keys.release")((hold) =>
      transaction(
        Effect.gen(function* () {
          const released = yield* client`
            update iam_legal_holds set released_at = now(), released_by = ${yield* actor}
            where id = ${IamEntityIds.LegalHoldId.toUuid(hold)} and released_at is null returning id`;
          if (released.length === 0) return yield* new Errors.HoldNotFound();
        }),
      ),
    ),
    rewrap: Effect.fn("Keys.rewrap")(
      function* (told = () => Effect.void) {
        const keyVersion = yield* keyManagement.current;
        const wrapped = yield* rewrapping.rewrap((keys) => told({ _tag: "Rewrapped", keys }));
        const sealed = yield* resealing.reseal({
          done: (values) => told({ _tag: "Resealed", values }),
          waiting: told({ _tag: "Waiting" }),
        });
        return { keyVersion, ...wrapped, ...sealed };
      },
      Effect.provideContext(services),
      Effect.provideService(Application.Application, application),
    ),
  });
});

/** On a database and a key management. */
export const layer: Layer.Layer<Keys, never, IamDb | PgClient | ServiceConnection | KeyManagement> = Layer.effect(
  Keys,
  make,
).pipe(Layer.provide(DataKeys.layer));
