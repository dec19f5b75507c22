/**
 * Wrapping data keys anew, by the current version of the key-encryption key. What is left to do stands in the rows and
 * nowhere else: whoever is killed has finished some batches and none in part, and whoever comes next goes on. Several at once
 * share the work, because each passes over what another one has locked.
 *
 * The keys themselves do not change, and so neither does anything that is sealed under them: who seals or opens notices
 * nothing.
 */
import type { Errors } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import { type Found, ownerOf, rowOf } from "./DataKeys.ts";
import { KeyManagement } from "./KeyManagement.ts";

/** How many are wrapped in a transaction. */
const BATCH = 200;

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
    return [{ id: found.id, wrapped_key: wrapped, key_version: version }];
  });

  /**
   * The next keys of a version, after an id.
   *
   * @param waiting whether to wait for what others have locked, or to pass over it
   */
  const batch = (version: string, after: string, waiting: boolean) =>
    asService(
      Effect.gen(function* () {
        const found = yield* client<Found>`
          select id, owner_type, owner_id, wrapped_key, key_version from iam_data_keys
          where key_version = ${version} and wrapped_key is not null and id > ${after}
            and ${exceptFailed()}
          order by id limit ${BATCH} for no key update ${client.literal(waiting ? "" : "skip locked")}`;
        const rows = yield* Effect.forEach(found, anew, { concurrency: 8 });
        yield* client`
          update iam_data_keys k set wrapped_key = n.wrapped_key, key_version = n.key_version
          from json_to_recordset(${JSON.stringify(rows.flat())}::json)
            as n (id uuid, wrapped_key text, key_version text)
          where k.id = n.id`;
        return { done: rows.flat().length, last: found.at(-1)?.id };
      }),
    );

  let rewrapped = 0;
  for (;;) {
    const versions = yield* others();
    if (versions.length === 0) return { rewrapped, failed: [...failed] };
    for (const { version } of versions) {
      // First what nobody else has; then what others had, of which most is done by the time that they let it go.
      for (const waiting of [false, true]) {
        let after: string | undefined = NONE;
        while (after !== undefined) {
          const { done, last }: { readonly done: number; readonly last: string | undefined } = yield* batch(
            version,
            after,
            waiting,
          );
          after = last;
          rewrapped += done;
          yield* told(done);
        }
      }
    }
  }
});
