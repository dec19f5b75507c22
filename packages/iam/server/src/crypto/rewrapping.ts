/**
 * Wrapping data keys anew, by the current version of the key-encryption key. What is left to do stands in the rows and
 * nowhere else: whoever is killed has finished some batches and none in part, and whoever comes next goes on.
 *
 * Key management may take long to answer, and so nothing is locked while it is asked: a key gets its new wrapping where it
 * still has the one that this was made from. Several at once share the work, because whoever finds that another one was
 * faster goes on elsewhere.
 *
 * The keys themselves do not change, and so neither does anything that is sealed under them: who seals or opens notices
 * nothing.
 */
import type { Errors } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import { type Found, ownerOf, rowOf } from "./DataKeys.ts";
import { KeyManagement } from "./KeyManagement.ts";

/** How many are wrapped before they are written. */
const BATCH = 200;

/** How many batches whoever was overtaken passes over at most. */
const APART = 20;

/** What was done. */
export interface Rewrapped {
  readonly rewrapped: number;
  /** Those that do not open, and so stay as they are. */
  readonly failed: ReadonlyArray<IamEntityIds.DataKeyId>;
}

/** Before every id. */
const NONE = "00000000-0000-0000-0000-000000000000";

/**
 * Wraps all anew that another version wraps.
 *
 * @param told is told how many were done, after each batch
 */
export const rewrap = Effect.fnUntraced(function* (
  told: (done: number) => Effect.Effect<void>,
): Effect.fn.Return<
  Rewrapped,
  Errors.KeyVersionMissing | Errors.KeyManagementUnavailable | Errors.CommitUnknown | SqlError,
  PgClient | ServiceConnection | KeyManagement
> {
  const client = yield* PgClient;
  const keyManagement = yield* KeyManagement;
  const current = yield* keyManagement.current;
  const failed = new Set<IamEntityIds.DataKeyId>();

  const exceptFailed = () => client`
    not id = any (array(select value::uuid from json_array_elements_text(
      ${JSON.stringify([...failed].map(IamEntityIds.DataKeyId.toUuid))}::json)))`;

  /** The versions by which keys are still wrapped. */
  const others = () =>
    asService(client<{ readonly version: string }>`
      select distinct key_version as version from iam_data_keys
      where wrapped_key is not null and key_version <> ${current} and ${exceptFailed()}`);

  /** The same key under the current version; nothing where it does not open. */
  const anew = Effect.fnUntraced(function* (found: Found) {
    const row = rowOf(found);
    const belonging = { dataKey: row.id, owner: ownerOf(row) };
    const opened = yield* keyManagement
      .unwrap({ wrapped: row.wrappedKey ?? "", version: row.keyVersion ?? "" }, belonging)
      .pipe(Effect.catchTag("KeyNotOpened", () => Effect.succeed(undefined)));
    if (opened === undefined) {
      failed.add(row.id);
      return [];
    }
    const { version, wrapped } = yield* keyManagement.wrap(opened, belonging);
    return [{ id: found.id, former: found.wrapped_key, wrapped_key: wrapped, key_version: version }];
  });

  /**
   * The next keys of a version, after an id and some others.
   *
   * @param waiting whether to wait for what others have locked, or to pass over it
   */
  const batch = Effect.fnUntraced(function* (version: string, after: string, skipped: number, waiting: boolean) {
    const found = yield* asService(client<Found>`
      select id, owner_type, owner_id, wrapped_key, key_version from iam_data_keys
      where key_version = ${version} and wrapped_key is not null and id > ${after} and ${exceptFailed()}
      order by id limit ${BATCH} offset ${skipped}`);
    const rows = (yield* Effect.forEach(found, anew, { concurrency: 8 })).flat();
    const written = yield* asService(client`
      with free as (
        select k.id, n.wrapped_key, n.key_version from json_to_recordset(${JSON.stringify(rows)}::json)
          as n (id uuid, former text, wrapped_key text, key_version text)
        join iam_data_keys k on k.id = n.id and k.wrapped_key = n.former
        order by k.id for no key update of k ${client.literal(waiting ? "" : "skip locked")}
      )
      update iam_data_keys k set wrapped_key = free.wrapped_key, key_version = free.key_version
      from free where k.id = free.id returning k.id`);
    return { done: written.length, isOvertaken: written.length < rows.length, last: found.at(-1)?.id };
  });

  let rewrapped = 0;
  for (;;) {
    const versions = yield* others();
    if (versions.length === 0) return { rewrapped, failed: [...failed] };
    for (const { version } of versions) {
      // First what nobody else has locked; then what others had, of which most is done by the time that they let it go.
      for (const waiting of [false, true]) {
        let after: string | undefined = NONE;
        let skipped = 0;
        while (after !== undefined) {
          const { done, isOvertaken, last }: Effect.Success<ReturnType<typeof batch>> = yield* batch(
            version,
            after,
            skipped,
            waiting,
          );
          after = last;
          skipped = isOvertaken ? BATCH * (yield* Random.nextIntBetween(0, APART)) : 0;
          rewrapped += done;
          yield* told(done);
        }
      }
    }
  }
});
