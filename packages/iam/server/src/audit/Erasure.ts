/**
 * Forgetting a person: the user is deleted, with all that belongs to the user, and the keys are destroyed under which the
 * rest is sealed, in tables, in events and in backups. The log stays valid, and says that somebody was erased.
 */
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { SqlError } from "effect/sql/SqlError";
import { Keys } from "../crypto/Keys.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { Envelopes } from "./Envelopes.ts";

/** Forgets people. For trusted code: it asks nobody who they are. */
export class Erasure extends Context.Service<
  Erasure,
  {
    /**
     * Erases a user, also one who was deleted before: one transaction. A legal hold on the user, or on the address,
     * prevents it as a whole (`KeyHeld`).
     */
    readonly erase: (
      user: SharedEntityIds.UserId,
    ) => Effect.Effect<
      void,
      | Errors.KeyHeld
      | Errors.KeyManagementUnavailable
      | Errors.KeyNotOpened
      | Errors.KeyVersionMissing
      | Errors.CommitUnknown
      | SqlError
    >;
  }
>()("@beep/iam-server/audit/Erasure") {}

const make = Effect.gen(function* () {
  const client = yield* PgClient;
  const { transaction } = yield* ServiceConnection;
  const keys = yield* Keys;
  const { ownerOfAddress } = yield* Envelopes;
  // The keys of a person are never those of the installation.
  const destroy = (owner: KeyOwner.KeyOwner) => Effect.catchTag(keys.destroy(owner), "KeyOfInstallation", Effect.die);

  return Erasure.of({
    erase: Effect.fn("Erasure.erase")(function* (user) {
      const id = SharedEntityIds.UserId.toUuid(user);
      yield* transaction(
        Effect.gen(function* () {
          const [row] = yield* client<{ email: string }>`select email from iam_users where id = ${id} for update`;
          if (row !== undefined) {
            yield* destroy(yield* ownerOfAddress(row.email));
            yield* client`delete from iam_invitations where lower(email) = lower(${row.email})`;
            yield* client`delete from iam_users where id = ${id}`;
          }
          yield* destroy(KeyOwner.user(user));
          // What was not sealed yet, of the deletion itself too.
          yield* client`
            delete from iam_audit_envelopes e where e.recorded is not null and (
              (e.subject_type = 'user' and e.subject_id = ${id})
              or ${row?.email ?? null}::text in (
                lower(e.recorded::jsonb -> 'before' ->> 'email'), lower(e.recorded::jsonb -> 'after' ->> 'email'))
            )`;
          yield* client`
            select iam_write_event(null, 'user.erased', 'user', ${id}::uuid, 'success', null, null, null, null, null, null)`;
        }),
      );
    }),
  });
});

/** By the keys of the installation. */
export const layer: Layer.Layer<Erasure, never, PgClient | ServiceConnection | Keys | Envelopes> = Layer.effect(
  Erasure,
  make,
);
