/** Whether the key management has every version that wraps data keys: found out at the start, and not by a user. */
import { Errors } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { DataKeys, type Found, rowOf } from "./DataKeys.ts";
import { KeyManagement } from "./KeyManagement.ts";

const names = (versions: ReadonlyArray<string>): string => (versions.length === 0 ? "none" : versions.join(", "));

const unreachable = (cause: Errors.KeyManagementUnavailable) =>
  new Errors.StartupError({
    code: "KEY_MANAGEMENT_UNREACHABLE",
    message: "What wraps the data keys does not answer.",
    remedy: "Look after the key management that this program was composed with, and start again.",
    cause,
  });

/** How many data keys of a version are tried: by one alone that was altered a version is not wrong. */
const TRIED = 3;

/** Refuses to start where a version is missing, or is another key than it was. One statement. */
export const demandOpening = Effect.gen(function* () {
  const { client, statement } = yield* ServiceConnection;
  const keyManagement = yield* KeyManagement;
  const { material } = yield* DataKeys;
  // By going from version to version in the index: there may be as many keys as users.
  const found = yield* Effect.orDie(
    statement(client<Found>`
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
      ) k`),
  );
  for (const [, rows] of Map.groupBy(found.map(rowOf), ({ keyVersion }) => keyVersion)) {
    yield* Effect.catchTags(Effect.firstSuccessOf(rows.map(material)), {
      KeyDestroyed: Effect.die,
      KeyManagementUnavailable: unreachable,
      KeyVersionMissing: ({ keyVersion }) =>
        Effect.flatMap(
          Effect.mapError(keyManagement.versions, unreachable),
          (versions) =>
            new Errors.StartupError({
              code: "KEY_ENCRYPTION_KEY_MISSING",
              message: `Data keys in the database are wrapped by version ${keyVersion} of the key-encryption key, and there is ${names(versions)}.`,
              remedy: `Add version ${keyVersion} to IAM_KEY_ENCRYPTION_KEYS, from where you keep it.`,
            }),
        ),
      KeyNotOpened: ({ keyVersion }) =>
        new Errors.StartupError({
          code: "KEY_ENCRYPTION_KEY_WRONG",
          message: `Version ${keyVersion} of the key-encryption key is not the one that wrapped the data keys which name it.`,
          remedy: `Correct the key of version ${keyVersion} in IAM_KEY_ENCRYPTION_KEYS; a new key needs a new version.`,
        }),
    });
  }
});
