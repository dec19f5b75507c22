/**
 * Forgetting a person: the user is deleted, with all that belongs to the user, and the keys are destroyed under which the
 * rest is sealed, in tables, in events and in backups. The log stays valid, and says that somebody was erased.
 */
import { AccessControl, type Errors, KeyOwner, Problems } from "@beep/iam-domain";
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
     * Erases a user, also one who was deleted before: one transaction. What prevents it as a whole is a legal hold on the
     * user, or on an address that the user had (`KeyHeld`), and an organization that nobody else owns (`LAST_OWNER`).
     */
    readonly erase: (
      user: SharedEntityIds.UserId,
    ) => Effect.Effect<
      void,
      | Errors.KeyHeld
      | Problems.Conflict
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
  const { addressesOf, ownerOfAddress } = yield* Envelopes;
  // The keys of a person are never those of the installation.
  const destroy = (owner: KeyOwner.KeyOwner) => Effect.catchTag(keys.destroy(owner), "KeyOfInstallation", Effect.die);

  /** The organizations are locked, so that nobody else leaves meanwhile. */
  const demandOtherOwners = Effect.fnUntraced(function* (id: string) {
    yield* client`
      select id from iam_organizations where id in (select organization_id from iam_members where user_id = ${id}::uuid)
      order by id for update`;
    const owns = (member: "mine" | "other") =>
      client`${AccessControl.ownerRole} = any (string_to_array(${client.literal(member)}.role, ','))`;
    const [last] = yield* client`
      select from iam_members mine where mine.user_id = ${id}::uuid and ${owns("mine")} and not exists (
        select from iam_members other where other.organization_id = mine.organization_id
          and other.user_id <> mine.user_id and ${owns("other")}
      ) limit 1`;
    if (last !== undefined) return yield* Problems.Conflict.of("LAST_OWNER");
  });

  return Erasure.of({
    erase: Effect.fn("Erasure.erase")(function* (user) {
      const id = SharedEntityIds.UserId.toUuid(user);
      yield* transaction(
        Effect.gen(function* () {
          yield* demandOtherOwners(id);
          const [row] = yield* client<{ email: string }>`select email from iam_users where id = ${id} for update`;
          const known = [...(yield* addressesOf(user)), ...(row === undefined ? [] : [row.email.toLowerCase()])];
          // One that somebody else has by now is no more the user's.
          const addresses = (yield* client<{ address: string }>`
            select distinct address from unnest(${known}::text[]) address
            where not exists (select from iam_users where lower(email) = address and id <> ${id}::uuid)`).map(
            ({ address }) => address,
          );
          for (const address of addresses) yield* destroy(yield* ownerOfAddress(address));
          yield* client`delete from iam_invitations where lower(email) = any (${addresses}::text[])`;
          // Those have no foreign key: a key may be an organization's.
          yield* client`delete from iam_api_keys where reference_id = ${user}`;
          yield* client`delete from iam_users where id = ${id}`;
          yield* destroy(KeyOwner.user(user));
          // What was not sealed yet, of the deletion itself too.
          yield* client`
            delete from iam_audit_envelopes e where e.recorded is not null and (
              (e.subject_type = 'user' and e.subject_id = ${id})
              or array[lower(e.recorded::jsonb -> 'before' ->> 'email'), lower(e.recorded::jsonb -> 'after' ->> 'email')]
                && ${addresses}::text[]
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
