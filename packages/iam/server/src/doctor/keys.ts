/** The keys: whether what wraps the data keys is there, and wraps all of them. */
import { SqlState } from "@beep/db-admin";
import type { Findings } from "@beep/iam-domain";
import { serviceRole } from "@beep/shared-tables";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { SqlError } from "effect/sql/SqlError";
import { KeyManagement, layerLocal } from "../crypto/KeyManagement.ts";
import * as startCheck from "../crypto/startCheck.ts";
import { error, warning } from "./finding.ts";
import { notExamined } from "./notExamined.ts";

/** The key management that the program was composed with, or else the keyring of Config; nothing where it has none. */
const management = Effect.gen(function* () {
  const composed = yield* Effect.serviceOption(KeyManagement);
  if (Option.isSome(composed)) return composed;
  return yield* Effect.option(Effect.scoped(Effect.provide(KeyManagement, layerLocal)));
});

/** What is wrong with them, as a client sees it that may take the service role. */
export const examineKeys = Effect.fnUntraced(
  function* (client: PgClient): Effect.fn.Return<ReadonlyArray<Findings.Finding>, SqlError> {
    const found = yield* management;
    // Which has been found with the configuration.
    if (Option.isNone(found)) return [];
    const { found: keys, others } = yield* client.withTransaction(
      Effect.gen(function* () {
        yield* client`set local role ${client(serviceRole.name)}`;
        return {
          found: yield* startCheck.named(client),
          others: yield* client<{ readonly version: string; readonly keys: number }>`
          select key_version as version, count(*)::integer as keys from iam_data_keys
          where wrapped_key is not null group by key_version order by key_version`,
        };
      }),
    );
    return yield* Effect.gen(function* () {
      const current = yield* found.value.current;
      const versions = yield* found.value.versions;
      const bad = (yield* startCheck.judge(found.value, keys)).filter(({ is }) => is !== "right");
      return [
        ...bad.map((judged) => {
          const { code, message, remedy } = startCheck.said(judged, versions);
          return error(code, message, remedy);
        }),
        ...others
          .filter(({ version }) => version !== current && !bad.some(({ keyVersion }) => keyVersion === version))
          .map(({ version, keys: number }) =>
            warning(
              "KEYS_OF_OLD_VERSION",
              `Data keys are still wrapped by version ${version} of the key-encryption key (${number}), and not by version ${current}.`,
              `Run \`iam keys rewrap\`; then version ${version} can be taken out of IAM_KEY_ENCRYPTION_KEYS.`,
            ),
          ),
      ];
    }).pipe(
      Effect.catchTag("KeyManagementUnavailable", () =>
        Effect.succeed([notExamined("the keys: what wraps them does not answer.")]),
      ),
    );
  },
  Effect.catchIf(
    (failure) => SqlState.of(failure) === SqlState.insufficientPrivilege,
    () =>
      // Which has been found with the logins, or with the tables.
      Effect.succeed([]),
  ),
);
