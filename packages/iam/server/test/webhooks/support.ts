/** What tests of webhooks have in common: a log that is sealed, and deliveries that are made and sent when the test says so. */
import { Teams, Webhooks } from "@beep/iam-server";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Random from "effect/Random";
import * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";
import * as Deliveries from "../../src/webhooks/Deliveries.ts";
import { sealed, withLog } from "../audit/log.ts";
import { as, organizationOf, person, trusted } from "../organizations/people.ts";

type OrganizationId = SharedEntityIds.OrganizationId;

/** This machine, over plain HTTP. */
export const loopback = { IAM_WEBHOOK_HTTP: "true", IAM_WEBHOOK_NETWORKS: "127.0.0.0/8" };

/** What a worker works with, as a process of its own has it. */
export const deliveries = Layer.fresh(Deliveries.layer).pipe(
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(loopback))),
);

/** The services with a log and with deliveries, on a database that is given. */
export const withWebhooks = <A, E, R>(database: Layer.Layer<A | IamTest.Provided, E, R>) =>
  Layer.provideMerge(deliveries, withLog(database));

/** On PostgreSQL. */
export const onPostgres = withWebhooks(Layer.provideMerge(IamTest.configured(loopback), TestDatabase.layer()));

/** An organization with a webhook. */
export const subscribed = Effect.fnUntraced(function* (
  slug: string,
  settings: Omit<Webhooks.Settings, "actions"> & { readonly actions?: ReadonlyArray<string> },
) {
  const webhooks = yield* Webhooks.Webhooks;
  const { id } = yield* organizationOf(yield* person(slug), slug);
  // What was before is in the log already, and so is not sent.
  yield* sealed;
  const webhook = yield* as(trusted, id)(webhooks.create({ actions: ["team.*"], ...settings }));
  return { organizationId: id, webhookId: webhook.id, secret: Redacted.value(webhook.secret) };
});

/** A team is made, and renamed so often: events of one thing. */
export const teamOf = Effect.fnUntraced(function* (organizationId: OrganizationId, name: string, renamed = 0) {
  const teams = yield* Teams.Teams;
  const within = as(trusted, organizationId);
  const { id } = yield* within(teams.create({ name }));
  for (let time = 1; time <= renamed; time++) yield* within(teams.update(id, { name: `${name}-${time}` }));
  return id;
});

/** Seals what is committed, and makes its deliveries. */
export const made = Effect.gen(function* () {
  const { make } = yield* Deliveries.Deliveries;
  yield* sealed;
  return yield* make;
});

/** Delivers what is due, until nothing is; gives how many that were. */
export const sent: Effect.Effect<
  number,
  Effect.Error<Deliveries.Deliveries["Service"]["make"]>,
  Deliveries.Deliveries
> = Effect.gen(function* () {
  const { deliver, take } = yield* Deliveries.Deliveries;
  let count = 0;
  for (;;) {
    const taken = yield* take(16);
    if (taken.length === 0) return count;
    // What is tried again is not due before the test says so: the lot is not nothing.
    yield* Effect.forEach(taken, deliver, { concurrency: "unbounded" }).pipe(Random.withSeed("webhooks"));
    count += taken.length;
  }
});

/** Both. */
export const flushed = Effect.andThen(made, sent);

/** What became of a webhook's deliveries, in the order of the log. */
export const rowsOf = (webhookId: IamEntityIds.WebhookSubscriptionId) =>
  asService(
    Effect.flatMap(
      PgClient,
      (client) => client<{
        readonly id: string;
        readonly state: string;
        readonly attempts: number;
        readonly status: number | null;
        readonly error: string | null;
        readonly isLeased: boolean;
        readonly isDue: boolean;
      }>`
        select id, attempts, status, error, leased_until is not null as "isLeased", due_at <= clock_timestamp() as "isDue",
          case when delivered_at is not null then 'delivered' when dead_at is not null then 'dead' else 'pending' end as state
        from iam_webhook_deliveries
        where subscription_id = ${IamEntityIds.WebhookSubscriptionId.toUuid(webhookId)} order by index`,
    ),
  );

/** Lets time pass for what waits of a webhook, so that it is due; and says how often it was tried. */
export const due = (webhookId: IamEntityIds.WebhookSubscriptionId, attempts?: number) =>
  asService(
    Effect.flatMap(
      PgClient,
      (client) => client`
        update iam_webhook_deliveries
        set due_at = clock_timestamp(), attempts = coalesce(${attempts ?? null}::int, attempts)
        where subscription_id = ${IamEntityIds.WebhookSubscriptionId.toUuid(webhookId)}
          and delivered_at is null and dead_at is null`,
    ),
  );
