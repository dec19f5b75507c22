/** The plans of what a worker and a page ask for all the time, among as many deliveries as a large installation keeps. */
import { Outbox, Webhooks } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Plans, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Deliveries from "../../src/webhooks/Deliveries.ts";
import * as WebhookWorker from "../../src/webhooks/worker.ts";
import { sealed } from "../audit/log.ts";
import { as, trusted } from "../organizations/people.ts";
import { Sent } from "../support/Sent.ts";
import { receiver } from "./receiver.ts";
import { deliveries, loopback, made, subscribed, teamOf, withWebhooks } from "./support.ts";

const watched = withWebhooks(Layer.provideMerge(IamTest.configured(loopback), Sent.database));

/** A hundred webhooks with 300 deliveries each that are over, and one with 2,000 that wait behind each other. */
const filled = Effect.gen(function* () {
  const { adminUrl } = yield* TestDatabase;
  const admin = yield* connect(adminUrl);
  // A log before there is any webhook.
  yield* admin`insert into iam_organizations (id, name, slug)
    select gen_random_uuid(), n::text, 'before-' || n from generate_series(1, 6000) n`;
  yield* sealed;
  const { organizationId, webhookId } = yield* subscribed("plans", { url: "https://hooks.example.com/" });
  const [organization, webhook] = [
    SharedEntityIds.OrganizationId.toUuid(organizationId),
    IamEntityIds.WebhookSubscriptionId.toUuid(webhookId),
  ];
  yield* admin`
    insert into iam_webhook_subscriptions (id, organization_id, url, actions, secret, from_index)
    select gen_random_uuid(), o.id, url, '{none.*}', secret, from_index
    from iam_webhook_subscriptions s, (select id from iam_organizations where slug like 'before-%' limit 100) o
    where s.id = ${webhook}`;
  yield* admin`
    insert into iam_webhook_deliveries (id, organization_id, subscription_id, index, event_id, recorded_at, key, delivered_at)
    select gen_random_uuid(), organization_id, id, 1000000 + n, gen_random_uuid(), now(), 'team:' || n % 30, now()
    from iam_webhook_subscriptions, generate_series(1, 300) n`;
  // The first is tried again in an hour, and so is what waits behind it.
  yield* admin`
    insert into iam_webhook_deliveries (id, organization_id, subscription_id, index, event_id, recorded_at, key, due_at)
    select gen_random_uuid(), ${organization}, ${webhook}, 2000000 + n, gen_random_uuid(), now(), 'team:blocked',
      now() + interval '1 hour' from generate_series(1, 2000) n`;
  yield* teamOf(organizationId, "Night");
  yield* sealed;
  yield* admin`vacuum analyze iam_webhook_deliveries, iam_webhook_subscriptions, iam_audit_seals, iam_audit_events`;
  return { organizationId, webhookId };
});

layer(watched, { excludeTestServices: true })("the plans of webhooks", (it) => {
  it.effect("AUD-8: the log is looked at from time to time, and not for each delivery that ends", () =>
    Effect.gen(function* () {
      const { during } = yield* Sent;
      const endpoint = yield* receiver();
      const { organizationId } = yield* subscribed("busy", { url: endpoint.url });
      for (let count = 0; count < 12; count++) yield* teamOf(organizationId, `Team ${count}`);
      yield* made;
      const working = Layer.fresh(WebhookWorker.configured).pipe(
        Layer.provide(deliveries),
        Layer.provide(Layer.succeed(Outbox.PollEvery, Duration.hours(1))),
      );
      const worked = Effect.scoped(
        Effect.andThen(
          Layer.build(working),
          Effect.forEach(Array.from({ length: 12 }), () => endpoint.next),
        ),
      );
      const { sent } = yield* during(worked);
      // Four are under way at once: it was taken several times.
      assert.isAbove(sent.filter(({ text }) => /with recursive waiting/.test(text)).length, 3);
      assert.lengthOf(
        sent.filter(({ text }) => /for update of c skip locked/.test(text)),
        1,
      );
    }),
  );

  it.effect("AUD-8: what is due is found by index, whatever is over, and whatever waits for later", () =>
    Effect.gen(function* () {
      const { during } = yield* Sent;
      const client = yield* PgClient;
      const { make, take } = yield* Deliveries.Deliveries;
      const webhooks = yield* Webhooks.Webhooks;
      const { organizationId, webhookId } = yield* filled;
      const planOf = Effect.fnUntraced(function* <A, E, R>(wanted: RegExp, effect: Effect.Effect<A, E, R>) {
        const { sent } = yield* during(effect);
        const at = sent.findLastIndex(({ text }) => wanted.test(text));
        const meant = sent[at] ?? assert.fail(`Nothing was sent like ${wanted}.`);
        return yield* Plans.explainSent(client, sent.slice(0, at), meant);
      });

      const making = yield* planOf(/from iam_audit_seals\s/, make);
      Plans.usesIndex(making, "iam_audit_seals", "iam_audit_seals_pkey");

      const taking = yield* planOf(/with recursive waiting/, take(64));
      Plans.scansNoWhole(taking, "iam_webhook_deliveries");
      // Of the hundred webhooks each is looked at, and of the deliveries next to none.
      Plans.looksAtMost(taking, 120);

      const page = yield* planOf(
        /from "iam_webhook_deliveries"/,
        as(trusted, organizationId)(webhooks.deliveries(webhookId, {})),
      );
      Plans.readsSettingOnce(page);
      Plans.scansNoWhole(page, "iam_webhook_deliveries");
      Plans.looksAtMost(page, 51);
    }),
  );
});
