/** Whether the key management has every version that wraps data keys: found out at the start, and not by a user. */
import { Errors } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { type Found, ownerOf, type Row, rowOf } from "./DataKeys.ts";
import { KeyManagement } from "./KeyManagement.ts";

/** How many data keys of a version are tried: by one alone that was altered a version is not wrong. */
const TRIED = 3;

/** Live keys of each version, as far as they are tried: one statement. Goes from version to version in an index. */
export const named = (client: PgClient) => client<Found>`
  with recursive named as (
    (select key_version from iam_data_keys where wrapped_key is not null order by key_version limit 1)
    union all
    select next.* from named cross join lateral (
      select key_version from iam_data_keys
      where wrapped_key is not null and key_version > named.key_version order by key_version limit 1
    ) next
  )
  select k.* from named cross join lateral (
    select id, owner_type, owner_id, wrapped_key, key_version from iam_data_keys
    where wrapped_key is not null and key_version = named.key_version order by id limit ${TRIED}
  ) k`;

/** What is to be said of a version. */
export interface Judged {
  readonly keyVersion: string;
  readonly is: "right" | "wrong" | "missing";
}

/** Whether a key management unwraps those keys, by version. */
export const judge = (
  keyManagement: KeyManagement["Service"],
  found: ReadonlyArray<Found>,
): Effect.Effect<ReadonlyArray<Judged>, Errors.KeyManagementUnavailable> => {
  const unwrapped = (row: Row) =>
    keyManagement.unwrap(
      { wrapped: row.wrappedKey ?? "", version: row.keyVersion ?? "" },
      { dataKey: row.id, owner: ownerOf(row) },
    );
  return Effect.forEach(
    Map.groupBy(found.map(rowOf), ({ keyVersion }) => keyVersion ?? ""),
    ([keyVersion, rows]) =>
      Effect.firstSuccessOf(rows.map(unwrapped)).pipe(
        Effect.as("right" as const),
        Effect.catchTags({
          KeyNotOpened: () => Effect.succeed("wrong" as const),
          KeyVersionMissing: () => Effect.succeed("missing" as const),
        }),
        Effect.map((is): Judged => ({ keyVersion, is })),
      ),
  );
};

/** What is wrong with a version, and what to do about it. */
export const said = ({ is, keyVersion }: Judged, versions: ReadonlyArray<string>) =>
  is === "missing"
    ? ({
        code: "KEY_ENCRYPTION_KEY_MISSING",
        message: `Data keys in the database are wrapped by version ${keyVersion} of the key-encryption key, and there is ${versions.join(", ") || "none"}.`,
        remedy: `Add version ${keyVersion} to IAM_KEY_ENCRYPTION_KEYS, from where you keep it.`,
      } as const)
    : ({
        code: "KEY_ENCRYPTION_KEY_WRONG",
        message: `Version ${keyVersion} of the key-encryption key is not the one that wrapped the data keys which name it.`,
        remedy: `Correct the key of version ${keyVersion} in IAM_KEY_ENCRYPTION_KEYS; a new key needs a new version.`,
      } as const);

/** Refuses to start where a version is missing, or is another key than it was. One statement. */
export const demandOpening = Effect.gen(function* () {
  const { client, statement } = yield* ServiceConnection;
  const keyManagement = yield* KeyManagement;
  const found = yield* Effect.orDie(statement(named(client)));
  const bad = (yield* judge(keyManagement, found)).find(({ is }) => is !== "right");
  if (bad !== undefined) return yield* new Errors.StartupError(said(bad, yield* keyManagement.versions));
}).pipe(
  Effect.catchTag(
    "KeyManagementUnavailable",
    (cause) =>
      new Errors.StartupError({
        code: "KEY_MANAGEMENT_UNREACHABLE",
        message: "What wraps the data keys does not answer.",
        remedy: "Look after the key management that this program was composed with, and start again.",
        cause,
      }),
  ),
);
