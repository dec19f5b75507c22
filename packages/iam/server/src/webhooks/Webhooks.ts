/**
 * The webhooks of an organization: where its events are sent, and what became of each. Each operation runs in the name of
 * the current member, and is one transaction.
 */
import { type Errors, KeyOwner, Membership, type Page, Problems, type WebhookDelivery } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, sql } from "drizzle-orm";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Redacted from "effect/Redacted";
import * as Secrets from "../crypto/Secrets.ts";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as InOrganization from "../organizations/inOrganization.ts";
import * as Listing from "../organizations/Listing.ts";
import * as address from "./address.ts";
import { makeSecret } from "./signature.ts";

type SubscriptionId = IamEntityIds.WebhookSubscriptionId;
type DeliveryId = IamEntityIds.WebhookDeliveryId;
type CurrentMembership = Membership.CurrentMembership;

/** A webhook. */
export interface Subscription {
  readonly id: SubscriptionId;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly url: string;
  readonly description: string | null;
  /** Which events it has: `member.created`, `member.*`, or `*` for all. */
  readonly actions: ReadonlyArray<string>;
  readonly enabled: boolean;
  /** Until when the secret from before the last rotation signs too; `null` where there is none. */
  readonly previousUntil: Date | null;
  readonly createdAt: Date;
}

/** A webhook with its secret, which is shown this once. */
export interface Revealed extends Subscription {
  readonly secret: Redacted.Redacted;
}

/** An event on its way to a webhook, or what came of that. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly subscriptionId: SubscriptionId;
  readonly eventId: IamEntityIds.AuditEventId;
  readonly state: WebhookDelivery.State;
  readonly attempts: number;
  /** When it is tried next, where it is pending. */
  readonly dueAt: Date;
  /** The status of the last answer. */
  readonly status: number | null;
  /** The code of what was wrong the last time (`Webhook.Failure`, or of an error of the services). */
  readonly error: string | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
  readonly deadAt: Date | null;
}

/** What a webhook is made of. */
export interface Settings {
  readonly url: string;
  readonly description?: string | null | undefined;
  readonly actions: ReadonlyArray<string>;
  readonly enabled?: boolean | undefined;
}

/** How many an organization may have. */
export const LIMIT = 10;

/** For how long the old secret signs beside the new one, unless it is said. */
export const OVERLAP = Duration.days(1);

const { webhookDelivery, webhookSubscription } = IamDbSchema;

/** Webhooks, as whom the current member is let see and change them. */
export class Webhooks extends Context.Service<
  Webhooks,
  {
    /** A page of the webhooks: one statement. Needs `webhook: read`. */
    readonly list: (
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<Subscription>,
      Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /** Needs `webhook: read`. */
    readonly get: (
      id: SubscriptionId,
    ) => Effect.Effect<
      Subscription,
      Problems.NotFound | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /** Makes a webhook, to which all is sent that is committed after it. Needs `webhook: create`. */
    readonly create: (
      settings: Settings,
    ) => Effect.Effect<
      Revealed,
      Problems.WebhookUrlRefused | Problems.Conflict | InOrganization.Refused,
      CurrentMembership
    >;
    /**
     * Changes what is stated. What happens while a webhook is not enabled is never sent; what waited already, is when it is
     * enabled again. Needs `webhook: update`.
     */
    readonly update: (
      id: SubscriptionId,
      settings: Partial<Settings>,
    ) => Effect.Effect<
      Subscription,
      Problems.NotFound | Problems.WebhookUrlRefused | InOrganization.Refused,
      CurrentMembership
    >;
    /** Ends a webhook, with its deliveries. Needs `webhook: delete`. */
    readonly remove: (
      id: SubscriptionId,
    ) => Effect.Effect<void, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
    /**
     * Gives a webhook another secret. For a while deliveries are signed by both, so that whoever verifies them has time; two
     * are valid at most, and a third ends the first. Needs `webhook: update`.
     *
     * @param overlap a day, unless it is said; none where the old secret is known to somebody else
     */
    readonly rotateSecret: (
      id: SubscriptionId,
      overlap?: Duration.Duration,
    ) => Effect.Effect<Revealed, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
    /** A page of a webhook's deliveries, in the order of their making: one statement. Needs `webhook: read`. */
    readonly deliveries: (
      id: SubscriptionId,
      page: Page.Request & { readonly state?: WebhookDelivery.State | undefined },
    ) => Effect.Effect<
      Page.Page<Delivery>,
      Problems.NotFound | Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /**
     * Has dead deliveries of a webhook tried again, and says how many that are: those of these ids, or all. What is not
     * dead, or another webhook's, is left alone. Needs `webhook: update`.
     */
    readonly replay: (
      id: SubscriptionId,
      which: { readonly ids: ReadonlyArray<DeliveryId> } | "all",
    ) => Effect.Effect<number, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
  }
>()("@beep/iam-server/webhooks/Webhooks") {}

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const client = yield* PgClient;
  const secrets = yield* Secrets.Secrets;
  const allowed = yield* address.settings;
  const { changing, reading, service } = yield* InOrganization.make;

  const columns = {
    id: webhookSubscription.id,
    organizationId: webhookSubscription.organizationId,
    url: webhookSubscription.url,
    description: webhookSubscription.description,
    actions: webhookSubscription.actions,
    enabled: webhookSubscription.enabled,
    previousUntil: webhookSubscription.previousUntil,
    createdAt: webhookSubscription.createdAt,
  };

  const deliveryColumns = {
    id: webhookDelivery.id,
    subscriptionId: webhookDelivery.subscriptionId,
    eventId: webhookDelivery.eventId,
    attempts: webhookDelivery.attempts,
    dueAt: webhookDelivery.dueAt,
    status: webhookDelivery.status,
    error: webhookDelivery.error,
    createdAt: webhookDelivery.createdAt,
    deliveredAt: webhookDelivery.deliveredAt,
    deadAt: webhookDelivery.deadAt,
  };

  const page = Listing.make({
    list: "webhooks",
    Id: IamEntityIds.WebhookSubscriptionId,
    column: webhookSubscription.id,
    prepare: ({ behind, limit, order }) =>
      db.select(columns).from(webhookSubscription).where(behind).orderBy(order).limit(limit).prepare(),
  });

  const deliveryPage = Listing.make({
    list: "webhook deliveries",
    Id: IamEntityIds.WebhookDeliveryId,
    column: webhookDelivery.id,
    prepare: ({ behind, limit, order }) =>
      db
        .select(deliveryColumns)
        .from(webhookDelivery)
        .where(
          and(
            eq(
              webhookDelivery.subscriptionId,
              sql.param(sql.placeholder("subscription"), webhookDelivery.subscriptionId),
            ),
            sql`(${sql.placeholder("state")}::text is null or ${sql.placeholder("state")}::text = case
              when ${webhookDelivery.deliveredAt} is not null then 'delivered'
              when ${webhookDelivery.deadAt} is not null then 'dead' else 'pending' end)`,
            behind,
          ),
        )
        .orderBy(order)
        .limit(limit)
        .prepare(),
  });

  const stateOf = (row: Omit<Delivery, "state">): WebhookDelivery.State =>
    row.deliveredAt !== null ? "delivered" : row.deadAt !== null ? "dead" : "pending";

  const found = ([row]: ReadonlyArray<Subscription>): Effect.Effect<Subscription, Problems.NotFound> =>
    row === undefined ? Effect.fail(Problems.NotFound.of("WEBHOOK_NOT_FOUND")) : Effect.succeed(row);

  const one = (id: SubscriptionId) =>
    Effect.flatMap(db.select(columns).from(webhookSubscription).where(eq(webhookSubscription.id, id)), found);

  /** Where the log ends now, which no tenant sees. */
  const endOfLog = Effect.map(service(client<{ size: bigint }>`select size from iam_audit_heads`), ([head]) =>
    Number(head?.size ?? 0n),
  );

  /** Seals values under the organization's key, for the row. Of an organization that is there the key is not destroyed. */
  const sealed = (
    organizationId: SharedEntityIds.OrganizationId,
    id: SubscriptionId,
    values: ReadonlyArray<{ readonly column: "secret" | "previousSecret"; readonly value: Redacted.Redacted }>,
  ) =>
    Effect.orDie(
      secrets.seal(
        values.map(({ column, value }) => ({
          owner: KeyOwner.organization(organizationId),
          place: Secrets.at(webhookSubscription[column], id),
          value,
        })),
      ),
    );

  return Webhooks.of({
    list: Effect.fn("Webhooks.list")((request) =>
      reading("webhook")((membership) =>
        Effect.andThen(Membership.demand(membership, { webhook: ["read"] }), page(membership.organizationId, request)),
      ),
    ),
    get: Effect.fn("Webhooks.get")((id) =>
      reading("webhook")((membership) => Effect.andThen(Membership.demand(membership, { webhook: ["read"] }), one(id))),
    ),
    create: Effect.fn("Webhooks.create")(({ actions, description = null, enabled = true, url }) =>
      changing({ webhook: ["create"] })(({ organizationId }) =>
        Effect.gen(function* () {
          const href = yield* address.demand(url, allowed);
          if ((yield* db.$count(webhookSubscription)) >= LIMIT) {
            return yield* Problems.Conflict.of("WEBHOOK_LIMIT_REACHED");
          }
          const id = IamEntityIds.WebhookSubscriptionId.create();
          const secret = makeSecret();
          const [envelope = ""] = yield* sealed(organizationId, id, [{ column: "secret", value: secret }]);
          const fromIndex = yield* endOfLog;
          const rows = yield* db
            .insert(webhookSubscription)
            .values({
              id,
              organizationId,
              url: href,
              description,
              actions: [...new Set(actions)],
              enabled,
              secret: envelope,
              fromIndex,
            })
            .returning(columns);
          return { ...(yield* InOrganization.oneRow(rows)), secret };
        }),
      ),
    ),
    update: Effect.fn("Webhooks.update")((id, { actions, description, enabled, url }) =>
      changing({ webhook: ["update"] })(() =>
        Effect.gen(function* () {
          const stated = {
            ...(url !== undefined && { url: yield* address.demand(url, allowed) }),
            ...(description !== undefined && { description }),
            ...(actions !== undefined && { actions: [...new Set(actions)] }),
            ...(enabled !== undefined && { enabled }),
          };
          if (Object.keys(stated).length === 0) return yield* one(id);
          return yield* Effect.flatMap(
            db.update(webhookSubscription).set(stated).where(eq(webhookSubscription.id, id)).returning(columns),
            found,
          );
        }),
      ),
    ),
    remove: Effect.fn("Webhooks.remove")((id) =>
      changing({ webhook: ["delete"] })(() =>
        Effect.asVoid(
          Effect.flatMap(
            db.delete(webhookSubscription).where(eq(webhookSubscription.id, id)).returning(columns),
            found,
          ),
        ),
      ),
    ),
    rotateSecret: Effect.fn("Webhooks.rotateSecret")((id, overlap = OVERLAP) =>
      changing({ webhook: ["update"] })(({ organizationId }) =>
        Effect.gen(function* () {
          const [current] = yield* db
            .select({ secret: webhookSubscription.secret })
            .from(webhookSubscription)
            .where(eq(webhookSubscription.id, id));
          if (current === undefined) return yield* Problems.NotFound.of("WEBHOOK_NOT_FOUND");
          const secret = makeSecret();
          const isKept = Duration.toMillis(overlap) > 0;
          // Sealed anew: an envelope opens at its own place only.
          const old = isKept
            ? yield* Effect.orDie(
                secrets.open([
                  {
                    owner: KeyOwner.organization(organizationId),
                    place: Secrets.at(webhookSubscription.secret, id),
                    envelope: current.secret,
                  },
                ]),
              )
            : [];
          const [envelope = "", previous = null] = yield* sealed(organizationId, id, [
            { column: "secret", value: secret },
            ...old.map((value) => ({ column: "previousSecret" as const, value })),
          ]);
          const until = DateTime.toDate(DateTime.addDuration(yield* DateTime.now, overlap));
          const rows = yield* db
            .update(webhookSubscription)
            .set({ secret: envelope, previousSecret: previous, previousUntil: isKept ? until : null })
            .where(eq(webhookSubscription.id, id))
            .returning(columns);
          return { ...(yield* found(rows)), secret };
        }),
      ),
    ),
    deliveries: Effect.fn("Webhooks.deliveries")((id, { state, ...request }) =>
      reading("webhook")((membership) =>
        Effect.gen(function* () {
          yield* Membership.demand(membership, { webhook: ["read"] });
          yield* one(id);
          // A cursor is this webhook's, and this state's.
          const { items, next } = yield* deliveryPage(`${id} ${state ?? ""}`, request, {
            subscription: id,
            state: state ?? null,
          });
          return { items: items.map((row) => ({ ...row, state: stateOf(row) })), next };
        }),
      ),
    ),
    replay: Effect.fn("Webhooks.replay")((id, which) =>
      changing({ webhook: ["update"] })(() =>
        Effect.gen(function* () {
          yield* one(id);
          const ids = which === "all" ? [] : which.ids.map(IamEntityIds.WebhookDeliveryId.toUuid);
          const [replayed] = yield* client<{ count: number }>`
            with replayed as (
              update iam_webhook_deliveries set dead_at = null, attempts = 0, due_at = clock_timestamp()
              where subscription_id = ${IamEntityIds.WebhookSubscriptionId.toUuid(id)} and dead_at is not null and ${
                which === "all" ? client.literal("true") : client`id = any (${ids}::uuid[])`
              } returning 1
            ) select count(*)::int as count from replayed`;
          return replayed?.count ?? 0;
        }),
      ),
    ),
  });
});

/** On the connection that a database layer opened, to wherever Config allows. */
export const layer: Layer.Layer<Webhooks, ConfigError, IamDb | PgClient | ServiceConnection | Secrets.Secrets> =
  Layer.effect(Webhooks, make);
