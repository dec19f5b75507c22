/**
 * Sealing anew what is sealed under a retired data key, and ending the key when nothing is left under it. As with wrapping
 * anew, what is left to do stands in the rows and nowhere else, and several at once share the work.
 *
 * No envelope comes under a retired key any more: whoever still sealed under it was waited for when it was retired. But
 * somebody may have read one before it was replaced, and not have opened it yet. So a key that nothing is left under opens
 * for a minute more.
 */
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { EntityId, Envelope, IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import { DataKeys, ownerOf, type Unusable } from "./DataKeys.ts";
import { type SealedColumn, sealedColumns } from "./sealedColumns.ts";
import * as sealing from "./sealing.ts";

/** How many are sealed in a transaction. */
const BATCH = 200;

/** How long a key still opens that nothing is left under. */
const GRACE = "1 minute";

/** Before every id. */
const NONE = "00000000-0000-0000-0000-000000000000";

/** What was done. */
export interface Resealed {
  readonly resealed: number;
  /** Retired keys that are ended. */
  readonly destroyed: number;
  /** Retired keys under which something is left that does not open. */
  readonly left: number;
}

/** What a pass over the columns is told. */
export interface Told {
  /** How many were sealed anew, after each batch. */
  readonly done: (done: number) => Effect.Effect<void>;
  /** That it waits for who reads. */
  readonly waiting: Effect.Effect<void>;
}

type Failure = Unusable | Errors.CommitUnknown | SqlError;

/** What became of a batch: how many were sealed anew, how many do not open, and the last row of it. */
interface Batch {
  readonly done: number;
  readonly bad: number;
  readonly last: string | undefined;
}

interface Found {
  readonly id: string;
  readonly envelope: string;
}

/** Seals anew what is under retired keys, and ends those under which nothing is left. */
export const reseal = Effect.fnUntraced(function* (
  told: Told,
): Effect.fn.Return<Resealed, Failure, PgClient | ServiceConnection | DataKeys> {
  const client = yield* PgClient;
  const dataKeys = yield* DataKeys;

  /** Without those that were destroyed meanwhile. */
  const retiredKeys = Effect.map(
    asService(client<{ readonly id: string }>`
      select id from iam_data_keys where retired_at is not null and wrapped_key is not null order by id`),
    (rows) => rows.map(({ id }) => IamEntityIds.DataKeyId.fromUuid(id)),
  );
  if ((yield* retiredKeys).length === 0) return { resealed: 0, destroyed: 0, left: 0 };
  const columns = yield* sealedColumns;

  /** Whether an envelope is under one of the keys; its id stands at the same place in each. */
  const isUnder = (column: string, keys: ReadonlyArray<IamEntityIds.DataKeyId>) => client`
    substr(${client(column)}, ${Envelope.DATA_KEY_AT}::integer, ${Envelope.DATA_KEY_LENGTH}::integer) = any (
      array(select json_array_elements_text(${JSON.stringify(keys)}::json)))`;

  /** The envelopes of a batch, each under the current key of its owner; without those that do not open. */
  const anew = Effect.fnUntraced(function* ({ column, prefix, table }: SealedColumn, found: ReadonlyArray<Found>) {
    const Id = EntityId.make(table, { prefix, table });
    const parsed = found.flatMap(({ envelope, id }) => {
      const parts = Envelope.parse(envelope);
      return parts === undefined ? [] : [{ id, parts, place: { table, column, row: Id.fromUuid(id) } }];
    });
    const old = yield* dataKeys.found([...new Set(parsed.map(({ parts }) => parts.dataKey))]);
    const current = yield* dataKeys.sealing([...old.values()].map(ownerOf));
    const rows = yield* Effect.forEach(parsed, ({ id, parts, place }) =>
      Effect.gen(function* () {
        const from = old.get(parts.dataKey);
        const to = from && current.get(KeyOwner.text(ownerOf(from)));
        if (from === undefined || to === undefined) return [];
        const bound = { owner: ownerOf(from), place };
        const opened = sealing.open(parts, (yield* dataKeys.material(from)).sealing, bound);
        if (opened === undefined) return [];
        const value = sealing.seal(to.id, (yield* dataKeys.material(to)).sealing, bound, opened);
        return [{ id, value }];
      }).pipe(
        // What was destroyed meanwhile has nothing to be sealed anew, and what does not open stays as it is.
        Effect.catchTags({ KeyDestroyed: () => Effect.succeed([]), KeyNotOpened: () => Effect.succeed([]) }),
      ),
    );
    return rows.flat();
  });

  const batch = (
    retired: ReadonlyArray<IamEntityIds.DataKeyId>,
    column: SealedColumn,
    after: string,
    waiting: boolean,
  ): Effect.Effect<Batch, Failure, PgClient | ServiceConnection | DataKeys> =>
    asService(
      Effect.gen(function* () {
        const found = yield* client<Found>`
          select ${client(column.key)} as id, ${client(column.column)} as envelope from ${client(column.table)}
          where ${isUnder(column.column, retired)} and ${client(column.key)} > ${after}
          order by ${client(column.key)} limit ${BATCH} for no key update ${client.literal(waiting ? "" : "skip locked")}`;
        const rows = found.length === 0 ? [] : yield* anew(column, found);
        if (rows.length > 0) {
          yield* client`
            update ${client(column.table)} t set ${client(column.column)} = n.value
            from json_to_recordset(${JSON.stringify(rows)}::json) as n (id uuid, value text)
            where t.${client(column.key)} = n.id`;
        }
        return { done: rows.length, bad: found.length - rows.length, last: found.at(-1)?.id };
      }),
    );

  /** Everything under retired keys in every column, once; less, where others had all of a batch. */
  const pass = Effect.fnUntraced(function* (retired: ReadonlyArray<IamEntityIds.DataKeyId>, waiting: boolean) {
    let resealed = 0;
    let left = 0;
    for (const column of columns) {
      let after: string | undefined = NONE;
      while (after !== undefined) {
        const { bad, done, last }: Batch = yield* batch(retired, column, after, waiting);
        after = last;
        resealed += done;
        left += bad;
        yield* told.done(done);
      }
    }
    return { resealed, left };
  });

  /** Those of the keys under which nothing is left. */
  const unused = Effect.fnUntraced(function* (keys: ReadonlyArray<IamEntityIds.DataKeyId>) {
    const used = new Set<string>();
    for (const { column, table } of columns) {
      const found = yield* client<{ readonly key: string }>`
        select distinct substr(${client(column)}, ${Envelope.DATA_KEY_AT}::integer, ${Envelope.DATA_KEY_LENGTH}::integer) as key
        from ${client(table)} where ${isUnder(column, keys)}`;
      for (const { key } of found) used.add(key);
    }
    return keys.filter((key) => !used.has(key));
  });

  /** Looks once more, with the keys locked: another one of these may have come first. */
  const end = (keys: ReadonlyArray<IamEntityIds.DataKeyId>) =>
    asService(
      Effect.gen(function* () {
        const locked = yield* client<{ readonly id: string }>`
          select id from iam_data_keys
          where id = any (array(select value::uuid from json_array_elements_text(
              ${JSON.stringify(keys.map(IamEntityIds.DataKeyId.toUuid))}::json)))
            and retired_at is not null and wrapped_key is not null
          order by id for update`;
        const ended = yield* unused(locked.map(({ id }) => IamEntityIds.DataKeyId.fromUuid(id)));
        yield* client`
          update iam_data_keys set wrapped_key = null, key_version = null, destroyed_at = now()
          where id = any (array(select value::uuid from json_array_elements_text(
            ${JSON.stringify(ended.map(IamEntityIds.DataKeyId.toUuid))}::json)))`;
        return ended.length;
      }),
    );

  let resealed = 0;
  for (;;) {
    // First what nobody else has; then what others had, of which most is done by the time that they let it go.
    const first = yield* pass(yield* retiredKeys, false);
    const second = yield* pass(yield* retiredKeys, true);
    resealed += first.resealed + second.resealed;
    const retired = yield* retiredKeys;
    const over = yield* asService(unused(retired));
    // As long as what is left is not only what does not open.
    const isThrough = over.length === retired.length || (second.resealed === 0 && second.left > 0);
    if (!isThrough) continue;
    if (over.length === 0) return { resealed, destroyed: 0, left: retired.length };
    yield* told.waiting;
    yield* Effect.sleep(GRACE);
    return { resealed, destroyed: yield* end(over), left: retired.length - over.length };
  }
});
