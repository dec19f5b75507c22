/** Whether those may act whom a credential names: looked up with each request, because a credential outlives its reasons. */
import { relations } from "@beep/iam-tables";
import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, isNull, sql } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import * as Array from "effect/Array";
import * as Effect from "effect/Effect";
import type * as Option from "effect/Option";
import type { ServiceConnection } from "../../db/ServiceConnection.ts";
import { tables } from "../models.ts";
import { canAct } from "../standing.ts";

/** One statement each. */
export interface Standing {
  /** Whether an organization is there, and not suspended. */
  readonly organizationMayAct: (id: SharedEntityIds.OrganizationId) => Effect.Effect<boolean>;
  /** A user who may act, and who it is that acts as the user in a session. */
  readonly user: (
    id: SharedEntityIds.UserId,
    sessionId: IamEntityIds.SessionId | undefined,
  ) => Effect.Effect<Option.Option<{ readonly impersonatedBy: SharedEntityIds.UserId | null }>>;
}

/** On the connection that Better Auth's adapter has. */
export const makeStanding: (connection: ServiceConnection["Service"]) => Effect.Effect<Standing> = Effect.fnUntraced(
  function* ({ client, statement }) {
    const db = yield* makeWithDefaults({ relations }).pipe(Effect.provideService(PgClient, client));
    const { organization, session, user } = tables;
    return {
      organizationMayAct: (id) =>
        db
          .select({ id: organization.id })
          .from(organization)
          .where(and(eq(organization.id, id), isNull(organization.suspendedAt)))
          .pipe(statement, Effect.map(Array.isReadonlyArrayNonEmpty), Effect.orDie),
      user: (id, sessionId) =>
        db
          .select({ impersonatedBy: session.impersonatedBy })
          .from(user)
          .leftJoin(session, sessionId === undefined ? sql`false` : eq(session.id, sessionId))
          .where(and(eq(user.id, id), canAct))
          .pipe(statement, Effect.map(Array.head), Effect.orDie),
    };
  },
);
