/** How events of an organization get to its webhooks, and to nobody else's. */
import type { Membership } from "@beep/iam-domain";
import { AuditLog, Outbox, Webhooks } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer, vi } from "@effect/vitest";
import { getTableName } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { Webhook as Verifier } from "standardwebhooks";
import { MAX_ATTEMPTS } from "../../src/outbox/backoff.ts";
import { asService } from "../../src/tenancy/asService.ts";
import * as Deliveries from "../../src/webhooks/Deliveries.ts";
import * as WebhookWorker from "../../src/webhooks/worker.ts";
import { sealed } from "../audit/log.ts";
import { as, organizationOf, person, refusal, trusted } from "../organizations/people.ts";
import { answers, receiver } from "./receiver.ts";
import {
  deliveries,
  due,
  flushed,
  loopback,
  made,
  onPostgres,
  rowsOf,
  sent,
  subscribed,
  teamOf,
  withWebhooks,
} from "./support.ts";

vi.setConfig({ testTimeout: 60_000 });

for (const { name, layer: database } of [
  { name: "PostgreSQL 18", layer: onPostgres },
  { name: "embedded", layer: withWebhooks(IamTest.configuredEmbedded(loopback)) },
]) {
  layer(database, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("AUD-8: an event is delivered once, signed so that others verify it, and says nothing of people", () =>
      Effect.gen(function* () {
        const { next, all, url } = yield* receiver();
        const { organizationId, secret, webhookId } = yield* subscribed("acme", { url });
        const teamId = yield* teamOf(organizationId, "Night");
        assert.strictEqual(yield* flushed, 1);
        const { body, headers, id } = yield* next;
        const verified = new Verifier(secret).verify(body, headers);
        assert.deepStrictEqual(Object.keys(Object(verified)), ["type", "timestamp", "data"]);
        assert.deepInclude(Object(verified), { type: "team.created" });
        assert.deepInclude(Object(verified).data, {
          organization: organizationId,
          target: teamId,
          outcome: "success",
          before: null,
        });
        assert.strictEqual(Object(verified).data.after.name, "Night");
        assert.isTrue(IamEntityIds.AuditEventId.is(Object(verified).data.id));
        assert.strictEqual(Object(verified).data.who.actor, "test");
        assert.strictEqual(headers["content-type"], "application/json");
        for (const changed of [`${body} `, body.replace("Night", "Light")]) {
          assert.throws(() => new Verifier(secret).verify(changed, headers));
        }
        assert.throws(() => new Verifier(secret).verify(body, { ...headers, "webhook-timestamp": "1" }));
        // Nothing is left of it, and it is not made again.
        assert.strictEqual(yield* flushed, 0);
        assert.lengthOf(yield* all, 0);
        const webhooks = yield* Webhooks.Webhooks;
        const { items, next: more } = yield* as(trusted, organizationId)(webhooks.deliveries(webhookId, {}));
        assert.isNull(more);
        assert.lengthOf(items, 1);
        assert.strictEqual(items[0]?.id, id);
        assert.deepInclude(items[0], { state: "delivered", attempts: 1, status: 204, error: null });
      }),
    );

    it.effect("AUD-8: while a secret is rotated both are valid, and afterwards the new one alone", () =>
      Effect.gen(function* () {
        const webhooks = yield* Webhooks.Webhooks;
        const client = yield* PgClient;
        const { next, url } = yield* receiver();
        const { organizationId, secret: first, webhookId } = yield* subscribed("rotating", { url });
        const within = as(trusted, organizationId);
        const validOf = Effect.fnUntraced(function* (...secrets: ReadonlyArray<string>) {
          yield* teamOf(organizationId, "Night");
          yield* flushed;
          const { body, headers } = yield* next;
          return secrets.map((secret) => {
            try {
              new Verifier(secret).verify(body, headers);
              return true;
            } catch {
              return false;
            }
          });
        });
        const rotated = yield* within(webhooks.rotateSecret(webhookId));
        const second = Redacted.value(rotated.secret);
        assert.deepStrictEqual(yield* validOf(first, second), [true, true]);
        const third = Redacted.value((yield* within(webhooks.rotateSecret(webhookId))).secret);
        assert.deepStrictEqual(yield* validOf(first, second, third), [false, true, true]);
        // The day is over.
        yield* asService(client`update iam_webhook_subscriptions set previous_until = now() - interval '1 second'
          where id = ${IamEntityIds.WebhookSubscriptionId.toUuid(webhookId)}`);
        assert.deepStrictEqual(yield* validOf(second, third), [false, true]);
        yield* (yield* Outbox.Outbox).sweep;
        assert.isNull((yield* within(webhooks.get(webhookId))).previousUntil);
        const fourth = yield* within(webhooks.rotateSecret(webhookId, Duration.zero));
        assert.isNull(fourth.previousUntil);
        assert.deepStrictEqual(yield* validOf(third, Redacted.value(fourth.secret)), [false, true]);
      }),
    );

    it.effect("AUD-8: events of one thing come in their order, also past failures; others do not wait for them", () =>
      Effect.gen(function* () {
        const endpoint = yield* receiver();
        const { organizationId, webhookId } = yield* subscribed("ordered", { url: endpoint.url });
        const night = yield* teamOf(organizationId, "Night", 2);
        const day = yield* teamOf(organizationId, "Day");
        endpoint.answer = (response, { target }) =>
          target === night ? answers.down(response) : answers.taken(response);
        assert.strictEqual(yield* made, 4);
        assert.strictEqual(yield* sent, 2);
        assert.deepStrictEqual(
          (yield* endpoint.all).map(({ target, type }) => [target, type]).toSorted(),
          [
            [night, "team.created"],
            [day, "team.created"],
          ].toSorted(),
        );
        const [first, second, third] = yield* rowsOf(webhookId);
        assert.deepInclude(first, { state: "pending", attempts: 1, status: 503, error: "ANSWER_NO_SUCCESS" });
        // They are due when it is.
        for (const row of [second, third]) assert.deepInclude(row, { state: "pending", attempts: 0, isDue: false });
        endpoint.answer = answers.taken;
        yield* due(webhookId);
        assert.strictEqual(yield* sent, 3);
        const bodies = (yield* endpoint.all).map(({ body }) => Object(JSON.parse(body)).data.after.name);
        assert.deepStrictEqual(bodies, ["Night", "Night-1", "Night-2"]);
      }),
    );

    it.effect(
      "AUD-8: what fails is dead in the end and lets the next pass; it can be tried again, of one webhook",
      () =>
        Effect.gen(function* () {
          const webhooks = yield* Webhooks.Webhooks;
          const endpoint = yield* receiver(answers.down);
          const { organizationId, webhookId } = yield* subscribed("failing", { url: endpoint.url });
          const other = yield* subscribed("other", { url: endpoint.url });
          yield* teamOf(organizationId, "Night", 1);
          yield* teamOf(other.organizationId, "Night");
          yield* made;
          yield* due(webhookId, MAX_ATTEMPTS - 1);
          yield* due(other.webhookId, MAX_ATTEMPTS - 1);
          yield* sent;
          const dead = { state: "dead", attempts: MAX_ATTEMPTS, error: "ANSWER_NO_SUCCESS" };
          const [first, second] = yield* rowsOf(webhookId);
          assert.deepInclude(first, dead);
          assert.deepInclude(second, dead);
          endpoint.answer = answers.taken;
          assert.strictEqual(yield* sent, 0);

          const within = as(trusted, organizationId);
          const listed = yield* within(webhooks.deliveries(webhookId, { state: "dead", limit: 1 }));
          const rest = yield* within(webhooks.deliveries(webhookId, { state: "dead", cursor: listed.next ?? "" }));
          assert.lengthOf([...listed.items, ...rest.items], 2);
          assert.strictEqual(
            yield* refusal(within(webhooks.deliveries(webhookId, { state: "pending", cursor: listed.next ?? "" }))),
            "INVALID_CURSOR",
          );
          const ids = listed.items.map(({ id }) => id);
          // By another's name nothing is tried again.
          const elsewhere = as(trusted, other.organizationId);
          assert.strictEqual(yield* refusal(elsewhere(webhooks.replay(webhookId, { ids }))), "WEBHOOK_NOT_FOUND");
          assert.strictEqual(yield* elsewhere(webhooks.replay(other.webhookId, { ids })), 0);
          assert.strictEqual(yield* within(webhooks.replay(webhookId, { ids })), 1);
          assert.strictEqual(yield* sent, 1);
          assert.strictEqual(yield* within(webhooks.replay(webhookId, "all")), 1);
          assert.strictEqual(yield* sent, 1);
          assert.deepStrictEqual(
            (yield* rowsOf(webhookId)).map(({ state }) => state),
            ["delivered", "delivered"],
          );
          assert.deepInclude((yield* rowsOf(other.webhookId))[0], dead);
        }),
    );

    it.effect("TEN-1: each organization gets the events of its own log, all of them and no other's", () =>
      Effect.gen(function* () {
        const { entries } = yield* AuditLog.Log;
        const [one, two] = [yield* receiver(), yield* receiver()];
        const first = yield* subscribed("tenant-one", { url: one.url, actions: ["*"] });
        const second = yield* subscribed("tenant-two", {
          url: two.url,
          actions: ["team.created", "webhooksubscription.*"],
        });
        for (const { organizationId } of [first, second]) yield* teamOf(organizationId, "Night", 2);
        yield* flushed;
        for (const [{ organizationId }, { all }, wanted] of [
          [first, one, () => true],
          [second, two, (action: string) => /^(?:team\.created|webhooksubscription\..*)$/.test(action)],
        ] as const) {
          const received = yield* all;
          assert.isAbove(received.length, 0);
          assert.isTrue(received.every(({ organization }) => organization === organizationId));
          const logged = yield* entries({ from: 0n, limit: 1_000, organization: organizationId });
          // From the moment on in which there was a webhook.
          const begin = logged.findIndex(({ action }) => action === "webhooksubscription.created");
          assert.sameMembers(
            received.map(({ body }) => Object(JSON.parse(body)).data.id),
            logged
              .slice(begin)
              .filter(({ action }) => wanted(action))
              .map(({ id }) => id),
          );
        }
      }),
    );

    it.effect("AUD-8: a webhook that is not enabled gets nothing, one whose endpoint is gone is disabled", () =>
      Effect.gen(function* () {
        const webhooks = yield* Webhooks.Webhooks;
        const endpoint = yield* receiver();
        const { organizationId, webhookId } = yield* subscribed("gone", { url: endpoint.url });
        const within = as(trusted, organizationId);
        yield* within(webhooks.update(webhookId, { enabled: false }));
        yield* teamOf(organizationId, "Unseen");
        assert.strictEqual(yield* flushed, 0);
        yield* within(webhooks.update(webhookId, { enabled: true }));
        endpoint.answer = answers.gone;
        yield* teamOf(organizationId, "Seen");
        assert.strictEqual(yield* flushed, 1);
        assert.isFalse((yield* within(webhooks.get(webhookId))).enabled);
        assert.deepInclude((yield* rowsOf(webhookId))[0], { state: "pending", status: 410 });
        yield* due(webhookId);
        assert.strictEqual(yield* sent, 0);
        endpoint.answer = answers.taken;
        yield* within(webhooks.update(webhookId, { enabled: true }));
        assert.strictEqual(yield* sent, 1);
        yield* within(webhooks.remove(webhookId));
        assert.lengthOf(yield* rowsOf(webhookId), 0);
        assert.strictEqual(yield* refusal(within(webhooks.get(webhookId))), "WEBHOOK_NOT_FOUND");
      }),
    );

    it.effect("CRY-5: its secret is in no row, no event and no list", () =>
      Effect.gen(function* () {
        const webhooks = yield* Webhooks.Webhooks;
        const client = yield* PgClient;
        const { organizationId, secret, webhookId } = yield* subscribed("secretive", {
          url: "https://hooks.example.com/",
        });
        yield* as(trusted, organizationId)(webhooks.rotateSecret(webhookId));
        const listed = yield* as(trusted, organizationId)(webhooks.list({}));
        const rows = yield* asService(client`
          select to_jsonb(s) as row, e.before, e.after from iam_webhook_subscriptions s join iam_audit_events e on e.target_id = s.id
          where s.id = ${IamEntityIds.WebhookSubscriptionId.toUuid(webhookId)}`);
        assert.isAbove(rows.length, 1);
        for (const told of [listed, rows]) assert.notInclude(JSON.stringify(told), secret.slice(6));
        const clear = client`update iam_webhook_subscriptions set secret = ${secret}`;
        assert.strictEqual((yield* Effect.exit(asService(clear)))._tag, "Failure");
      }),
    );

    it.effect("AUD-8: an address to which nothing is sent is refused at once", () =>
      Effect.gen(function* () {
        const webhooks = yield* Webhooks.Webhooks;
        const { organizationId, webhookId } = yield* subscribed("careful", { url: "https://hooks.example.com/a?b=c" });
        const within = as(trusted, organizationId);
        for (const url of [
          "https://10.0.0.1/",
          "https://[::1]/",
          "ftp://example.com/",
          "https://a:b@example.com/",
          "no",
        ]) {
          assert.strictEqual(yield* refusal(within(webhooks.update(webhookId, { url }))), "WEBHOOK_URL_REFUSED", url);
          assert.strictEqual(
            yield* refusal(within(webhooks.create({ url, actions: ["*"] }))),
            "WEBHOOK_URL_REFUSED",
            url,
          );
        }
        assert.strictEqual((yield* within(webhooks.get(webhookId))).url, "https://hooks.example.com/a?b=c");
        for (let count = 1; count < Webhooks.LIMIT; count++) {
          yield* within(webhooks.create({ url: "https://hooks.example.com/", actions: ["team.created"] }));
        }
        const more = webhooks.create({ url: "https://hooks.example.com/", actions: ["team.created"] });
        assert.strictEqual(yield* refusal(within(more)), "WEBHOOK_LIMIT_REACHED");
      }),
    );

    it.effect("AUD-8: what is broken off is given back, and is no attempt", () =>
      Effect.gen(function* () {
        const { deliver, take } = yield* Deliveries.Deliveries;
        const endpoint = yield* receiver(() => {});
        const { organizationId, webhookId } = yield* subscribed("interrupted", { url: endpoint.url });
        yield* teamOf(organizationId, "Night");
        yield* made;
        const [taken] = yield* take(8);
        const fiber = yield* Effect.forkChild(taken === undefined ? Effect.void : deliver(taken));
        yield* endpoint.next;
        assert.deepInclude((yield* rowsOf(webhookId))[0], { attempts: 1, isLeased: true });
        assert.lengthOf(yield* take(8), 0);
        yield* Fiber.interrupt(fiber);
        assert.deepInclude((yield* rowsOf(webhookId))[0], { attempts: 0, isLeased: false, state: "pending" });
        endpoint.answer = answers.taken;
        assert.strictEqual(yield* sent, 1);
      }),
    );
  });
}

layer(onPostgres, { excludeTestServices: true })("several processes", (it) => {
  const another = Effect.map(Layer.build(deliveries), Context.get(Deliveries.Deliveries));

  it.effect("AUD-8: make each delivery once, and deliver it once", () =>
    Effect.gen(function* () {
      const endpoint = yield* receiver();
      const { organizationId, webhookId } = yield* subscribed("racing", { url: endpoint.url });
      for (let count = 0; count < 20; count++) yield* teamOf(organizationId, `Team ${count}`, 1);
      const workers = [yield* Deliveries.Deliveries, yield* another, yield* another];
      yield* made;
      const races = workers.map((worker) =>
        Effect.provideService(Effect.andThen(worker.make, sent), Deliveries.Deliveries, worker),
      );
      // Which finds nothing while another has it is not the last to look.
      yield* Effect.all(races, { concurrency: "unbounded" });
      yield* sent;
      const received = yield* endpoint.all;
      assert.lengthOf(received, 40);
      assert.strictEqual(new Set(received.map(({ id }) => id)).size, 40);
      for (const row of yield* rowsOf(webhookId)) assert.deepInclude(row, { state: "delivered", attempts: 1 });
    }),
  );

  it.effect("AUD-8: two that read the log at once make one row of each event", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const { organizationId, webhookId } = yield* subscribed("twice", { url: "https://hooks.example.com/" });
      yield* teamOf(organizationId, "Night", 9);
      const one = yield* Deliveries.Deliveries;
      const other = yield* another;
      const before = yield* rowsOf(webhookId);
      assert.lengthOf(before, 0);
      yield* Effect.all([made, other.make, one.make, other.make], { concurrency: "unbounded" });
      yield* one.make;
      assert.lengthOf(yield* rowsOf(webhookId), 10);
      // The database refuses what a reader of a stale cursor would make.
      const table = getTableName(IamDbSchema.webhookDelivery);
      const copied = admin.unsafe(`
        insert into ${table} (id, organization_id, subscription_id, index, event_id, recorded_at)
        select gen_random_uuid(), organization_id, subscription_id, index, event_id, recorded_at from ${table} limit 1`);
      assert.strictEqual((yield* Effect.exit(copied))._tag, "Failure");
    }),
  );

  it.effect("AUD-8: the worker delivers by itself what others have sealed, until it ends", () =>
    Effect.gen(function* () {
      const endpoint = yield* receiver();
      const { organizationId, webhookId } = yield* subscribed("worked", { url: endpoint.url });
      const working = Layer.fresh(WebhookWorker.configured).pipe(
        Layer.provide(deliveries),
        Layer.provide(Layer.succeed(Outbox.PollEvery, Duration.millis(10))),
      );
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(working);
          const night = yield* teamOf(organizationId, "Night", 1);
          yield* sealed;
          assert.deepInclude(yield* endpoint.next, { type: "team.created", target: night });
          assert.deepInclude(yield* endpoint.next, { type: "team.updated", target: night });
        }),
      );
      // What ran was waited for.
      for (const row of yield* rowsOf(webhookId)) assert.deepInclude(row, { state: "delivered", isLeased: false });
      yield* teamOf(organizationId, "Day");
      yield* made;
      assert.lengthOf(yield* endpoint.all, 0);
      assert.strictEqual((yield* rowsOf(webhookId))[2]?.state, "pending");
      yield* sent;
    }),
  );

  it.effect("AUD-8: who is too late finds that it is another's by now", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const endpoint = yield* receiver();
      const { organizationId, webhookId } = yield* subscribed("late", { url: endpoint.url });
      yield* teamOf(organizationId, "Night");
      const one = yield* Deliveries.Deliveries;
      const other = yield* another;
      yield* made;
      const takenBy = Effect.fnUntraced(function* (worker: Deliveries.Deliveries["Service"]) {
        const all = yield* worker.take(100);
        return all.find(({ subscriptionId }) => subscriptionId === webhookId) ?? assert.fail("It is not due.");
      });
      const first = yield* takenBy(one);
      yield* admin`update iam_webhook_deliveries set leased_until = now() where leased_until is not null`;
      const second = yield* takenBy(other);
      assert.strictEqual(second.attempts, 2);
      yield* one.deliver(first);
      assert.deepInclude((yield* rowsOf(webhookId))[0], { state: "pending", isLeased: true });
      yield* other.deliver(second);
      assert.deepInclude((yield* rowsOf(webhookId))[0], { state: "delivered", attempts: 2 });
      // At least once, and by the same id.
      assert.strictEqual(new Set((yield* endpoint.all).map(({ id }) => id)).size, 1);
    }),
  );

  it.effect("AUD-8: one endpoint that hangs keeps nobody else waiting", () =>
    Effect.gen(function* () {
      const { take } = yield* Deliveries.Deliveries;
      const hanging = yield* subscribed("hanging", { url: "https://hooks.example.com/" });
      const quick = yield* subscribed("quick", { url: "https://hooks.example.com/" });
      for (let count = 0; count < 12; count++) yield* teamOf(hanging.organizationId, `Team ${count}`);
      yield* teamOf(quick.organizationId, "Night");
      yield* made;
      const first = yield* take(64);
      const of = (webhookId: IamEntityIds.WebhookSubscriptionId) =>
        first.filter(({ subscriptionId }) => subscriptionId === webhookId).length;
      assert.deepStrictEqual([of(hanging.webhookId), of(quick.webhookId)], [4, 1]);
      // Those are under way still.
      const again = yield* take(64);
      assert.isFalse(again.some(({ subscriptionId }) => subscriptionId === hanging.webhookId));
    }),
  );

  it.effect("AUD-8: organizations whose endpoints hang keep nobody else waiting, however many webhooks they have", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const webhooks = yield* Webhooks.Webhooks;
      const { take } = yield* Deliveries.Deliveries;
      // What other tests left is out of the way.
      yield* admin`delete from iam_webhook_deliveries where delivered_at is null and dead_at is null`;
      const hanging: Array<string> = [];
      for (const slug of ["hanging-one", "hanging-two"]) {
        const { organizationId } = yield* subscribed(slug, { url: "https://hooks.example.com/" });
        hanging.push(organizationId);
        for (let count = 1; count < Webhooks.LIMIT; count++) {
          yield* as(
            trusted,
            organizationId,
          )(webhooks.create({ url: "https://hooks.example.com/", actions: ["team.*"] }));
        }
        for (let count = 0; count < 4; count++) yield* teamOf(organizationId, `Team ${count}`);
      }
      yield* made;
      const of = (taken: ReadonlyArray<Deliveries.Taken>, organizationId: string | undefined) =>
        taken.filter((one) => one.organizationId === organizationId).length;
      // Few hands are shared among them.
      const few = yield* take(6);
      assert.deepStrictEqual([of(few, hanging[0]), of(few, hanging[1])], [3, 3]);
      const all = [...few, ...(yield* take(58))];
      assert.deepStrictEqual([of(all, hanging[0]), of(all, hanging[1])], [8, 8]);
      const quick = yield* subscribed("quick-one", { url: "https://hooks.example.com/" });
      yield* teamOf(quick.organizationId, "Night");
      yield* made;
      // One of theirs ends: the hand is for who has nothing under way, whose event is the youngest.
      const [ended] = few;
      yield* admin`update iam_webhook_deliveries set leased_until = null
        where id = ${IamEntityIds.WebhookDeliveryId.toUuid(ended?.id ?? assert.fail("Nothing was due."))}`;
      assert.strictEqual((yield* take(1))[0]?.organizationId, quick.organizationId);
    }),
  );

  it.effect("AUD-8: what waited for a disabled webhook for a month is forgotten", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const webhooks = yield* Webhooks.Webhooks;
      const { sweep } = yield* Outbox.Outbox;
      const [off, on] = [
        yield* subscribed("switched-off", { url: "https://hooks.example.com/" }),
        yield* subscribed("switched-on", { url: "https://hooks.example.com/" }),
      ];
      for (const { organizationId } of [off, on]) yield* teamOf(organizationId, "Night");
      yield* made;
      yield* as(trusted, off.organizationId)(webhooks.update(off.webhookId, { enabled: false }));
      const passes = (days: number) =>
        admin`update iam_webhook_deliveries set due_at = now() - ${days} * interval '1 day'
          where delivered_at is null and dead_at is null`;
      yield* passes(29);
      yield* sweep;
      assert.lengthOf(yield* rowsOf(off.webhookId), 1);
      yield* passes(31);
      yield* sweep;
      assert.lengthOf(yield* rowsOf(off.webhookId), 0);
      // No worker has come to it yet.
      assert.lengthOf(yield* rowsOf(on.webhookId), 1);
    }),
  );

  it.effect("AUD-8: deliveries are made and the log is read on in one transaction", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const { make } = yield* Deliveries.Deliveries;
      const { organizationId, webhookId } = yield* subscribed("halfway", { url: "https://hooks.example.com/" });
      yield* made;
      const cursor = admin<{ next: string }>`select next::text from iam_webhook_cursors`;
      const before = yield* cursor;
      yield* teamOf(organizationId, "Night");
      yield* sealed;
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.acquireRelease(
            admin`create function public.webhooks_fail() returns trigger language plpgsql as 'begin raise exception ''halfway''; end'`,
            () => Effect.orDie(admin`drop function public.webhooks_fail() cascade`),
          );
          yield* admin`create trigger fails before update on iam_webhook_cursors execute function public.webhooks_fail()`;
          assert.strictEqual((yield* Effect.exit(make))._tag, "Failure");
        }),
      );
      assert.lengthOf(yield* rowsOf(webhookId), 0);
      assert.deepStrictEqual(yield* cursor, before);
      assert.strictEqual(yield* make, 1);
      assert.lengthOf(yield* rowsOf(webhookId), 1);
    }),
  );

  it.effect("AUD-8: what belongs to an organization ends with it", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const { organizationId, webhookId } = yield* subscribed("ending", { url: "https://hooks.example.com/" });
      yield* teamOf(organizationId, "Night");
      yield* made;
      assert.lengthOf(yield* rowsOf(webhookId), 1);
      yield* admin`delete from iam_organizations where slug = 'ending'`;
      assert.lengthOf(yield* rowsOf(webhookId), 0);
      yield* made;
      assert.lengthOf(yield* rowsOf(webhookId), 0);
    }),
  );

  it.effect("TEN-6: a webhook of another organization is as if there were none; a member needs the permission", () =>
    Effect.gen(function* () {
      const webhooks = yield* Webhooks.Webhooks;
      const { webhookId } = yield* subscribed("theirs", { url: "https://hooks.example.com/" });
      const owner = yield* person("ours");
      const { id } = yield* organizationOf(owner, "ours");
      const within = as(owner, id);
      const operations: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, Membership.CurrentMembership>> =
        [
          webhooks.get(webhookId),
          webhooks.update(webhookId, { enabled: false }),
          webhooks.remove(webhookId),
          webhooks.rotateSecret(webhookId),
          webhooks.deliveries(webhookId, {}),
          webhooks.replay(webhookId, "all"),
        ];
      for (const operation of operations) {
        assert.strictEqual(yield* refusal(within(operation)), "WEBHOOK_NOT_FOUND");
      }
      assert.lengthOf((yield* within(webhooks.list({}))).items, 0);
    }),
  );
});
