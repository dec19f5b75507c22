/** That an address can be invited again: of those that are pending an organization has one for each address. */
import type { Errors } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import type { ServiceConnection } from "../db/ServiceConnection.ts";

/** Cancels an invitation that has expired, which Better Auth leaves pending. */
export const cancelingExpired =
  ({ client, statement }: ServiceConnection["Service"]) =>
  (organizationId: string, email: string): Effect.Effect<void, SqlError | Errors.CommitUnknown> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      statement(client`
        update iam_invitations set status = 'canceled'
        where organization_id = ${SharedEntityIds.OrganizationId.toUuid(organizationId)} and email = ${email}
          and status = 'pending' and expires_at <= ${new Date(now)}`),
    ).pipe(Effect.asVoid);
