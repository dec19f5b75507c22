/**
 * How events get from the log to where organizations want them. Each event of an organization becomes one row for each of its
 * webhooks that has that kind of event, in the order of the log; a worker, of which any number of processes may have one,
 * delivers it at least once.
 *
 * Events of one thing (a member, a team) are delivered to a webhook one after the other; others do not wait for them. What
 * does not succeed is tried again later and later, and in the end is dead: then it lets those behind it pass.
 */
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Cause from "effect/Cause";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Queue from "effect/Queue";
import * as Random from "effect/Random";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import { uuidv7 } from "uuidv7";
import { type EventRow, eventColumns } from "../audit/rows.ts";
import * as Secrets from "../crypto/Secrets.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as backoff from "../outbox/backoff.ts";
import { codeOf, LEASE, PATIENCE } from "../outbox/lease.ts";
import { Outbox } from "../outbox/Outbox.ts";
import * as address from "./address.ts";
import { payload } from "./payload.ts";
import { DeliveryFailed, post } from "./send.ts";
import * as signature from "./signature.ts";

/** So much of the log is read in one transaction. */
const BATCH = 2_000;

/** So many deliveries of one webhook are under way at once, about: one that hangs leaves hands for the others. */
const OF_ONE = 4;

/** And of all webhooks of one organization. */
const OF_ORGANIZATION = 8;

/** An endpoint may be down for longer than a mail server: half a day, in the mean, until a delivery is dead. */
const SPANS: backoff.Spans = { first: Duration.toMillis("5 seconds"), longest: Duration.toMillis("3 hours") };

/** How long it is kept what came of a delivery, how long a dead one can be tried again, and how long one waits untried. */
const KEPT = Duration.days(30);

/** The answer of an endpoint that wants nothing any more (Standard Webhooks; RFC 9110, 15.5.11). */
const GONE = 410;

/** A delivery, as a worker takes it. */
export interface Taken {
  readonly id: IamEntityIds.WebhookDeliveryId;
  readonly subscriptionId: IamEntityIds.WebhookSubscriptionId;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly index: bigint;
  /** How often it was tried, this time included. */
  readonly attempts: number;
  readonly event: { readonly id: string; readonly recordedAt: Date };
}

type Unavailable = Errors.CommitUnknown | SqlError;

/** Makes deliveries of what was sealed, and delivers. For the worker. */
export class Deliveries extends Context.Service<
  Deliveries,
  {
    /** Makes the deliveries of what was sealed since, a part of the log in a transaction each, and says how many. */
    readonly make: Effect.Effect<number, Unavailable>;
    /** Takes so many that are due, for the length of a lease. */
    readonly take: (count: number) => Effect.Effect<ReadonlyArray<Taken>, Unavailable>;
    /** Delivers, and writes down what came of it. Interrupted, it gives the delivery back. */
    readonly deliver: (taken: Taken) => Effect.Effect<void>;
    /** Waits until there may be something to take, and for so long at most. */
    readonly awaken: (patience: Duration.Duration) => Effect.Effect<void>;
  }
>()("@beep/iam-server/webhooks/Deliveries") {}

interface Found {
  readonly subscription_id: string;
  readonly organization_id: string;
  readonly index: bigint;
  readonly event_id: string;
  readonly recorded_at: Date;
  readonly key: string | null;
}

interface TakenRow extends Found {
  readonly id: string;
  readonly attempts: number;
}

interface Subscription extends Omit<EventRow, "id"> {
  readonly url: string;
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly id: string | null;
}

const takenOf = (row: TakenRow): Taken => ({
  id: IamEntityIds.WebhookDeliveryId.fromUuid(row.id),
  subscriptionId: IamEntityIds.WebhookSubscriptionId.fromUuid(row.subscription_id),
  organizationId: SharedEntityIds.OrganizationId.fromUuid(row.organization_id),
  index: row.index,
  attempts: row.attempts,
  event: { id: row.event_id, recordedAt: row.recorded_at },
});

/** What came of an attempt. */
interface Outcome {
  readonly end: "delivered_at" | "dead_at" | null;
  readonly status: number | null;
  readonly error: string | null;
  /** Milliseconds until the next attempt. */
  readonly pause: number;
}

const isFailed = Schema.is(DeliveryFailed);

const make = Effect.gen(function* () {
  const { client, statement, transaction } = yield* ServiceConnection;
  const secrets = yield* Secrets.Secrets;
  const outbox = yield* Outbox;
  const allowed = yield* address.settings;
  const calls = yield* Queue.sliding<void>(1);
  const wake = Effect.asVoid(Queue.offer(calls, undefined));
  /** Whose what is taken here is: this process's, and no other's that may come after it. */
  const worker = uuidv7();
  // What was written within this millisecond counts, to which the columns are rounded. One instant for the whole statement,
  // or no index could say what is due.
  const now = client`statement_timestamp() + interval '1 millisecond'`;
  const after = (milliseconds: number) => client`clock_timestamp() + ${milliseconds} * interval '1 millisecond'`;
  const isPending = (delivery: "d" | "earlier" | "later") =>
    client.literal(`${delivery}.delivered_at is null and ${delivery}.dead_at is null`);
  const isFree = client`(d.leased_until is null or d.leased_until <= clock_timestamp())`;

  /** Where the log is read on, by one process at a time: what is sealed is committed in the order of the log. */
  const cursor = Effect.map(
    client<{ next: bigint; until: bigint; size: bigint }>`
      select c.next, least(h.size, c.next + ${BATCH}) as until, h.size
      from iam_webhook_cursors c, iam_audit_heads h where c.next < h.size for update of c skip locked`,
    ([row]) => row,
  );

  /** The log is read from where the first webhook wants it; of what was sealed before there was any, nothing is wanted. */
  const begin = client`
    insert into iam_webhook_cursors (next)
    select coalesce(
      (select min(from_index) from iam_webhook_subscriptions), (select size from iam_audit_heads), 0)
    where not exists (select from iam_webhook_cursors) on conflict do nothing`;

  /**
   * An event is joined by the organization in whose chain it stands: another's webhooks are never looked at. The part of the
   * log comes first, because an organization's whole chain may be long.
   */
  const wanted = (from: bigint, until: bigint) => client<Found>`
    with part as materialized (
      select index, organization_id, event_id, recorded_at from iam_audit_seals
      where index >= ${from} and index < ${until} and organization_id is not null
    )
    select s.id as subscription_id, s.organization_id, l.index, l.event_id, l.recorded_at,
      e.target_type || ':' || e.target_id as key
    from part l
    join iam_webhook_subscriptions s on s.organization_id = l.organization_id and s.enabled and s.from_index <= l.index
    join iam_audit_events e on e.recorded_at = l.recorded_at and e.id = l.event_id
      and e.organization_id = s.organization_id
      and s.actions && array['*', e.action, split_part(e.action, '.', 1) || '.*']
    order by l.index, s.id for key share of s`;

  const makeBatch = Effect.gen(function* () {
    yield* begin;
    const at = yield* cursor;
    if (at === undefined) return { made: 0, isLast: true };
    const found = yield* wanted(at.next, at.until);
    if (found.length > 0) {
      const ids = found.map(() => IamEntityIds.WebhookDeliveryId.toUuid(IamEntityIds.WebhookDeliveryId.create()));
      yield* client`
        insert into iam_webhook_deliveries (id, organization_id, subscription_id, index, event_id, recorded_at, key)
        select id, organization, subscription, index, event, at, nullif(key, '') from unnest(
          ${ids}::uuid[], ${found.map((row) => row.organization_id)}::uuid[],
          ${found.map((row) => row.subscription_id)}::uuid[], ${found.map((row) => row.index)}::int8[],
          ${found.map((row) => row.event_id)}::uuid[], ${found.map((row) => row.recorded_at)}::timestamptz[],
          ${found.map((row) => row.key ?? "")}::text[]
        ) d (id, organization, subscription, index, event, at, key)`;
    }
    yield* client`update iam_webhook_cursors set next = ${at.until}`;
    return { made: found.length, isLast: at.until >= at.size };
  });

  const makeAll: Effect.Effect<number, Unavailable> = Effect.gen(function* () {
    const { isLast, made } = yield* transaction(makeBatch);
    if (made > 0) yield* wake;
    return isLast ? made : made + (yield* makeAll);
  });

  /**
   * Of each webhook that has something due the first few, so that whoever has much waiting keeps nobody else waiting. Which
   * these are is found by going from one to the next in the index, whatever the number of rows. First comes of each
   * organization what would be the only one of it under way, then the second: a hand that is free goes to who has the fewest.
   * Among equals the lot decides, because by age it would always be who has the most waiting.
   */
  const take = (count: number) => client<TakenRow>`
    with recursive waiting as (
      (select d.subscription_id from iam_webhook_deliveries d where ${isPending("d")} order by 1 limit 1)
      union all
      select (
        select d.subscription_id from iam_webhook_deliveries d
        where ${isPending("d")} and d.subscription_id > w.subscription_id order by 1 limit 1
      ) from waiting w where w.subscription_id is not null
    ), held as materialized (
      select d.organization_id, d.subscription_id from iam_webhook_deliveries d
      where d.leased_until is not null and not ${isFree}
    ), ranked as (
      select first.id, row_number() over (partition by s.organization_id order by first.due_at, first.index)
        + (select count(*) from held where held.organization_id = s.organization_id) as rank
      from waiting w
      join iam_webhook_subscriptions s on s.id = w.subscription_id and s.enabled
      cross join lateral (
        select d.id, d.due_at, d.index from iam_webhook_deliveries d
        where d.subscription_id = s.id and ${isPending("d")} and d.due_at <= ${now} and ${isFree}
          and not exists (
            select from iam_webhook_deliveries earlier where earlier.subscription_id = d.subscription_id
              and earlier.key = d.key and earlier.index < d.index and ${isPending("earlier")})
        order by d.due_at, d.index limit greatest(0, ${OF_ONE} - (
          select count(*) from held where held.subscription_id = s.id))
      ) first
    ), due as (
      select id from ranked where rank <= ${OF_ORGANIZATION} order by rank, random() limit ${count}
    ), free as (
      select d.id from iam_webhook_deliveries d join due on due.id = d.id
      where ${isPending("d")} and ${isFree} for update of d skip locked
    )
    update iam_webhook_deliveries d set leased_until = ${after(Duration.toMillis(LEASE))}, leased_by = ${worker},
      attempts = d.attempts + 1
    from free where d.id = free.id
    returning d.id, d.subscription_id, d.organization_id, d.index, d.event_id, d.recorded_at, d.attempts, d.key`;

  const isStillOurs = ({ attempts, id }: Taken) => client`
    d.id = ${IamEntityIds.WebhookDeliveryId.toUuid(id)} and d.leased_by = ${worker} and d.attempts = ${attempts}`;

  const giveBack = (taken: Taken) => client`
    update iam_webhook_deliveries d set leased_until = null, leased_by = null, attempts = attempts - 1
    where ${isStillOurs(taken)}`;

  /** What waits behind a delivery is due when it is, so that nobody looks at it before; and at once when it is out of the way. */
  const settle = (taken: Taken, { end, error, pause, status }: Outcome) => client`
    with settled as (
      update iam_webhook_deliveries d set leased_until = null, leased_by = null, status = ${status}, error = ${error},
        due_at = ${after(pause)}, delivered_at = case when ${end === "delivered_at"}::boolean then clock_timestamp() end,
        dead_at = case when ${end === "dead_at"}::boolean then clock_timestamp() end
      where ${isStillOurs(taken)} returning d.subscription_id, d.key, d.index, d.due_at
    )
    update iam_webhook_deliveries later set due_at = s.due_at from settled s
    where later.subscription_id = s.subscription_id and later.key = s.key and later.index > s.index
      and ${isPending("later")}
      and case when ${end === null}::boolean then later.due_at < s.due_at else later.due_at > s.due_at end`;

  const outcomeOf = Effect.fnUntraced(function* (
    taken: Taken,
    exit: Exit.Exit<{ readonly status: number; readonly isCutOff: boolean }, unknown>,
  ): Effect.fn.Return<Outcome> {
    if (Exit.isSuccess(exit)) {
      const { isCutOff, status } = exit.value;
      return { end: "delivered_at", status, error: isCutOff ? "ANSWER_CUT_OFF" : null, pause: 0 };
    }
    const failure = Option.getOrUndefined(Cause.findErrorOption(exit.cause));
    const error = codeOf(failure);
    const status = isFailed(failure) ? failure.status : null;
    // What an endpoint says is its owner's to look after, what fails here is ours.
    if (!isFailed(failure)) yield* Effect.logError("A webhook could not be sent.", exit.cause);
    const isOver = error === "EVENT_MISSING" || taken.attempts >= backoff.MAX_ATTEMPTS;
    if (isOver) return { end: "dead_at", status, error, pause: 0 };
    return { end: null, status, error, pause: backoff.pause(taken.attempts, yield* Random.next, SPANS) };
  });

  /** Whoever answers that it is gone is not asked again, until somebody enables the webhook anew. */
  const disable = (taken: Taken) =>
    transaction(client`
      update iam_webhook_subscriptions set enabled = false
      where id = ${IamEntityIds.WebhookSubscriptionId.toUuid(taken.subscriptionId)} and enabled`).pipe(
      Principal.acting(Principal.system("webhooks")),
    );

  const written = Effect.fnUntraced(function* (
    taken: Taken,
    exit: Exit.Exit<never, unknown> | Parameters<typeof outcomeOf>[1],
  ) {
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) {
      // What was broken off by the end of this process is no attempt.
      yield* statement(giveBack(taken));
      return;
    }
    const outcome = yield* outcomeOf(taken, exit);
    yield* statement(settle(taken, outcome));
    if (outcome.status === GONE) yield* disable(taken);
  });

  const attempt = Effect.fnUntraced(function* (taken: Taken) {
    const [found] = yield* statement(client<Subscription>`
      select s.url, s.secret, case when s.previous_until > now() then s.previous_secret end as previous_secret,
        ${client.literal(eventColumns)}
      from iam_webhook_subscriptions s left join iam_audit_events e
        on e.recorded_at = ${taken.event.recordedAt} and e.id = ${taken.event.id}
        and e.organization_id = s.organization_id
      where s.id = ${IamEntityIds.WebhookSubscriptionId.toUuid(taken.subscriptionId)}
        and s.organization_id = ${SharedEntityIds.OrganizationId.toUuid(taken.organizationId)}`);
    // The webhook was removed meanwhile, and its deliveries with it.
    if (found === undefined) return yield* Effect.interrupt;
    const { id, previous_secret, secret, url, ...event } = found;
    if (id === null) return yield* new DeliveryFailed({ code: "EVENT_MISSING", status: null });
    const owner = KeyOwner.organization(taken.organizationId);
    const { webhookSubscription } = IamDbSchema;
    const opened = yield* secrets.open([
      { owner, place: Secrets.at(webhookSubscription.secret, taken.subscriptionId), envelope: secret },
      ...(previous_secret === null
        ? []
        : [
            {
              owner,
              place: Secrets.at(webhookSubscription.previousSecret, taken.subscriptionId),
              envelope: previous_secret,
            },
          ]),
    ]);
    const body = payload({ ...event, id }, taken.index);
    const timestamp = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1_000);
    const headers = {
      "content-type": "application/json",
      "user-agent": "iam-webhooks",
      ...signature.headers(opened, { id: taken.id, timestamp, body }),
    };
    return yield* post({ url: new URL(url), headers, body }, allowed);
  });

  const forget = client`
    delete from iam_webhook_deliveries
    where coalesce(delivered_at, dead_at) < ${after(-Duration.toMillis(KEPT))}`;

  /** A webhook that is disabled has nothing tried, and so nothing that ends. */
  const forgetUntried = client`
    delete from iam_webhook_deliveries d using iam_webhook_subscriptions s
    where s.id = d.subscription_id and not s.enabled and ${isPending("d")}
      and d.due_at < ${after(-Duration.toMillis(KEPT))}`;

  const forgetSecrets = transaction(client`
    update iam_webhook_subscriptions set previous_secret = null, previous_until = null where previous_until < now()`).pipe(
    Principal.acting(Principal.system("webhooks")),
  );

  yield* outbox.registerSweep(
    Effect.suspend(() => statement(forget)).pipe(
      Effect.andThen(statement(forgetUntried)),
      Effect.andThen(forgetSecrets),
      Effect.asVoid,
    ),
  );

  return Deliveries.of({
    make: makeAll.pipe(Effect.withSpan("Webhooks.make")),
    take: (count) =>
      Effect.map(
        Effect.suspend(() => statement(take(count))),
        (rows) => rows.map(takenOf),
      ),
    deliver: (taken) =>
      Effect.uninterruptibleMask((restore) =>
        restore(Effect.timeout(attempt(taken), PATIENCE)).pipe(
          Effect.exit,
          Effect.flatMap((exit) => written(taken, exit)),
          // It is another's when the lease is over.
          Effect.catchCause((cause) => Effect.logError("What came of a webhook could not be written down.", cause)),
          Effect.andThen(wake),
        ),
      ).pipe(Effect.withSpan("Webhooks.deliver", { root: true })),
    awaken: (patience) => Effect.asVoid(Effect.timeoutOption(Queue.take(calls), patience)),
  });
});

/** From the log to wherever Config allows. What is over, the outbox's worker sweeps away. */
export const layer: Layer.Layer<Deliveries, ConfigError, PgClient | ServiceConnection | Secrets.Secrets | Outbox> =
  Layer.effect(Deliveries, make);
