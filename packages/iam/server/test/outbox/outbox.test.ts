/** What is put in the outbox, and how it leaves. */
import { Auth, Outbox, Transaction } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, layer, it as test, vi } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Queue from "effect/Queue";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
import { MAX_ATTEMPTS, pause } from "../../src/outbox/backoff.ts";
import { asService } from "../../src/tenancy/asService.ts";
import { survives } from "./killed.ts";

vi.setConfig({ testTimeout: 60_000 });

const payload = (text: string) => Redacted.make(text);

/** A kind of its own, with what has left of it, in its order. */
const collected = Effect.fnUntraced(function* (kind: string) {
  const { put, register } = yield* Outbox.Outbox;
  const left = yield* Queue.unbounded<string>();
  yield* register(kind, (text) => Effect.asVoid(Queue.offer(left, Redacted.value(text))));
  return {
    next: Queue.take(left),
    put: (text: string, key?: string) => put({ kind, payload: payload(text), ...(key === undefined ? {} : { key }) }),
  };
});

interface Row {
  readonly attempts: number;
  readonly error: string | null;
  readonly payload: string;
  readonly isDue: boolean;
  readonly isDead: boolean;
  readonly isLeased: boolean;
}

/** What is there of a kind. */
const waiting = (kind: string) =>
  asService(
    Effect.flatMap(
      PgClient,
      (client) => client<Row>`
        select attempts, error, payload, due_at <= now() as "isDue", dead_at is not null as "isDead",
          leased_until is not null as "isLeased"
        from iam_outbox_messages where kind = ${kind} order by place`,
    ),
  );

/** Waits until what is there of a kind is so. */
const until = Effect.fnUntraced(function* (kind: string, is: (rows: ReadonlyArray<Row>) => boolean) {
  for (;;) {
    const rows = yield* waiting(kind);
    if (is(rows)) return rows;
    yield* Effect.sleep("5 millis");
  }
});

/** Lets time pass for what waits, and has the worker look. */
const due = Effect.fnUntraced(function* (kind: string, attempts?: number) {
  const outbox = yield* Outbox.Outbox;
  yield* asService(
    Effect.flatMap(
      PgClient,
      (client) => client`
        update iam_outbox_messages set due_at = now(), attempts = coalesce(${attempts ?? null}::int, attempts)
        where kind = ${kind} and dead_at is null`,
    ),
  );
  yield* outbox.replay({ kind: "none" });
});

describe("the pause before the next attempt", () => {
  test("AUD-8: is drawn from a span that doubles, up to the longest", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 10, 11, 20].map((attempts) => pause(attempts, 1)),
      [1_000, 2_000, 4_000, 512_000, 600_000, 600_000],
    );
    assert.strictEqual(pause(20, 0), 0);
    assert.strictEqual(pause(2, 0.5), 1_000);
  });
});

for (const { name, layer: database } of IamTest.serverAndEmbedded) {
  layer(database, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("AUD-8: what is put leaves when it is committed, and for nothing else", () =>
      Effect.gen(function* () {
        const { next, put } = yield* collected("committed");
        yield* Effect.flip(Transaction.run(Effect.andThen(put("undone"), Effect.fail("undone"))));
        yield* Transaction.run(
          Effect.andThen(
            put("done"),
            Effect.sync(() => assert.isTrue(true)),
          ),
        );
        yield* put("alone");
        assert.deepStrictEqual([yield* next, yield* next], ["done", "alone"]);
        yield* until("committed", (rows) => rows.length === 0);
      }),
    );

    it.effect("AUD-8: what waits is sealed", () =>
      Effect.gen(function* () {
        const { put } = yield* Outbox.Outbox;
        yield* put({ kind: "sealed", payload: payload("canary") });
        const [row] = yield* waiting("sealed");
        assert.match(row?.payload ?? "", /^sealed:1:/);
        const clear = asService(
          Effect.flatMap(
            PgClient,
            (client) => client`update iam_outbox_messages set payload = 'canary' where kind = 'sealed'`,
          ),
        );
        assert.isTrue(Exit.isFailure(yield* Effect.exit(clear)));
      }),
    );

    it.effect("AUD-8: what nobody here knows is left for a process that does", () =>
      Effect.gen(function* () {
        const { put } = yield* Outbox.Outbox;
        yield* put({ kind: "later", payload: payload("later") });
        yield* due("later");
        const other = yield* collected("known");
        yield* other.put("known");
        assert.strictEqual(yield* other.next, "known");
        assert.deepInclude((yield* waiting("later"))[0], { attempts: 0, isLeased: false });
        const { next } = yield* collected("later");
        assert.strictEqual(yield* next, "later");
      }),
    );

    it.effect("AUD-8: messages of one key leave in their order, also past failures; others do not wait for them", () =>
      Effect.gen(function* () {
        const { put, register } = yield* Outbox.Outbox;
        const left = yield* Queue.unbounded<string>();
        let isDown = true;
        yield* register("ordered", (text) =>
          Redacted.value(text) === "a1" && isDown
            ? Effect.fail({ code: "DOWN" })
            : Effect.asVoid(Queue.offer(left, Redacted.value(text))),
        );
        yield* Transaction.run(
          Effect.forEach(["a1", "a2", "b1", "a3"], (text) =>
            put({ kind: "ordered", key: text.slice(0, 1), payload: payload(text) }),
          ),
        );
        assert.strictEqual(yield* Queue.take(left), "b1");
        const rows = yield* until("ordered", (found) => found.length === 3 && found[0]?.error === "DOWN");
        assert.deepStrictEqual(
          rows.map(({ attempts }) => attempts > 0),
          [true, false, false],
        );
        isDown = false;
        yield* due("ordered");
        assert.deepStrictEqual(
          [yield* Queue.take(left), yield* Queue.take(left), yield* Queue.take(left)],
          ["a1", "a2", "a3"],
        );
      }),
    );

    it.effect("AUD-8: what fails is tried later, in the end is a dead letter, and can be tried again", () =>
      Effect.gen(function* () {
        const { deadLetters, put, register, replay } = yield* Outbox.Outbox;
        const tried = yield* Queue.unbounded<number>();
        let isDown = true;
        yield* register("failing", (_, { attempts }) =>
          Effect.andThen(
            Queue.offer(tried, attempts),
            // What is thrown may say anything.
            isDown ? Effect.fail({ code: attempts === 1 ? "DOWN" : "the password is canary" }) : Effect.void,
          ),
        );
        yield* put({ kind: "failing", payload: payload("x") });
        assert.strictEqual(yield* Queue.take(tried), 1);
        yield* until("failing", ([row]) => row?.error === "DOWN" && !row.isLeased);
        yield* due("failing", MAX_ATTEMPTS - 1);
        assert.strictEqual(yield* Queue.take(tried), MAX_ATTEMPTS);
        yield* until("failing", ([row]) => row?.isDead === true);
        const [dead] = yield* deadLetters;
        assert.deepInclude(dead, { kind: "failing", attempts: MAX_ATTEMPTS, error: "FAILED" });
        isDown = false;
        yield* due("failing");
        assert.strictEqual(yield* Queue.size(tried), 0);
        assert.strictEqual(yield* replay({ kind: "another" }), 0);
        assert.strictEqual(yield* replay({ ids: dead === undefined ? [] : [dead.id] }), 1);
        assert.strictEqual(yield* Queue.take(tried), 1);
        yield* until("failing", (rows) => rows.length === 0);
      }),
    );

    it.effect("AUD-8: what is awaited has left when the change returns, and stays where it fails", () =>
      Effect.gen(function* () {
        const { putAwaited, register } = yield* Outbox.Outbox;
        const left: Array<string> = [];
        yield* register("awaited", (text) =>
          Redacted.value(text) === "bad"
            ? Effect.fail({ code: "DOWN" })
            : Effect.sync(() => left.push(Redacted.value(text))),
        );
        yield* Transaction.run(
          Effect.gen(function* () {
            yield* putAwaited({ kind: "awaited", payload: payload("good") });
            yield* putAwaited({ kind: "awaited", payload: payload("bad") });
            assert.deepStrictEqual(left, []);
          }),
        );
        assert.deepStrictEqual(left, ["good"]);
        assert.deepStrictEqual(
          (yield* waiting("awaited")).map(({ error, isDead }) => ({ error, isDead })),
          [{ error: "DOWN", isDead: false }],
        );
      }),
    );
  });
}

layer(IamTest.postgres(), { excludeTestServices: true })("several workers", (it) => {
  /** Another process. */
  const another = Effect.gen(function* () {
    const scope = yield* Scope.make();
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void));
    const context = yield* Layer.buildWithScope(Layer.fresh(IamTest.onDatabase), scope);
    return { outbox: yield* Effect.provideContext(Outbox.Outbox, context), end: Scope.close(scope, Exit.void) };
  });

  it.effect("AUD-8: share the work: each message leaves once, and those of a key in their order", () =>
    Effect.gen(function* () {
      const here = yield* Outbox.Outbox;
      const { outbox: there } = yield* another;
      const left: Array<string> = [];
      const all = yield* Deferred.make<void>();
      const by = new Set<string>();
      const handling =
        (who: string): Outbox.Handler =>
        (text) =>
          Effect.gen(function* () {
            by.add(who);
            left.push(Redacted.value(text));
            if (left.length === 200) yield* Deferred.succeed(all, undefined);
          });
      yield* here.register("shared", handling("here"));
      yield* there.register("shared", handling("there"));
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, key) => key),
        (key) =>
          Effect.forEach(
            Array.from({ length: 10 }, (_, number) => number),
            (number) =>
              (number % 2 === 0 ? here : there).put({
                kind: "shared",
                key: `${key}`,
                payload: payload(`${key} ${number}`),
              }),
          ),
        { concurrency: 4 },
      );
      // Neither polls in a test: what the other has put, each is told by what it does itself.
      const poking = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.sleep("20 millis"),
            Effect.andThen(here.replay({ kind: "-" }), there.replay({ kind: "-" })),
          ),
        ),
      );
      yield* Deferred.await(all);
      yield* Fiber.interrupt(poking);
      assert.strictEqual(new Set(left).size, 200);
      for (let key = 0; key < 20; key++) {
        const ofKey = left.filter((text) => text.startsWith(`${key} `)).map((text) => Number(text.split(" ")[1]));
        assert.deepStrictEqual(ofKey, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }
      assert.deepStrictEqual([...by].sort(), ["here", "there"]);
    }),
  );

  it.effect("AUD-8: whoever is too late does not undo what another has taken over", () =>
    Effect.gen(function* () {
      const here = yield* Outbox.Outbox;
      const { outbox: there } = yield* another;
      const begun = yield* Deferred.make<void>();
      const go = yield* Deferred.make<void>();
      const taken = yield* Deferred.make<void>();
      yield* here.register("late", () => Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(go)));
      yield* here.put({ kind: "late", payload: payload("x") });
      yield* Deferred.await(begun);
      yield* there.register("late", () =>
        Effect.andThen(Deferred.succeed(taken, undefined), Effect.fail({ code: "DOWN" })),
      );
      // The lease runs out.
      yield* asService(
        Effect.flatMap(
          PgClient,
          (client) => client`update iam_outbox_messages set leased_until = now() where kind = 'late'`,
        ),
      );
      yield* there.replay({ kind: "-" });
      yield* Deferred.await(taken);
      yield* until("late", ([row]) => row?.error === "DOWN");
      yield* Deferred.succeed(go, undefined);
      const { next, put } = yield* collected("behind");
      yield* put("behind");
      yield* next;
      assert.deepInclude((yield* waiting("late"))[0], { attempts: 2, error: "DOWN" });
    }),
  );

  it.effect("AUD-8, OPS-1: a graceful end finishes what runs", () =>
    Effect.gen(function* () {
      const { end, outbox } = yield* another;
      const begun = yield* Deferred.make<void>();
      const go = yield* Deferred.make<void>();
      yield* outbox.register("ending", () => Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(go)));
      yield* outbox.put({ kind: "ending", payload: payload("x") });
      yield* Deferred.await(begun);
      const ending = yield* Effect.forkChild(end);
      yield* Deferred.succeed(go, undefined);
      yield* Fiber.join(ending);
      assert.deepStrictEqual(yield* waiting("ending"), []);
    }),
  );

  it.effect(
    "AUTH-7: a process that is killed loses no mail of a sign-up, and sends none of one that is not there",
    () =>
      Effect.gen(function* () {
        assert.isAbove(yield* survives(2), 1);
      }),
  );
});

layer(IamTest.postgres(), { excludeTestServices: true })("a sign-up", (it) => {
  it.effect("AUTH-7: is not there where its mail cannot be put, and has its mail in its own transaction", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const sql = yield* connect(adminUrl);
      const { api } = yield* Auth.Auth;
      const mailbox = yield* IamTest.Mailbox;
      const signUp = (name: string) =>
        api.signUpEmail({ body: { name, email: `${name}@example.com`, password: IamTest.password } });
      yield* sql`alter table iam_outbox_messages add constraint full_disk check (kind = 'none') not valid`;
      assert.isTrue(Exit.isFailure(yield* Effect.exit(signUp("ann"))));
      assert.deepStrictEqual(yield* sql`select email from iam_users`, []);
      yield* sql`alter table iam_outbox_messages drop constraint full_disk`;
      yield* sql`alter table iam_outbox_messages add column transaction xid8 default pg_current_xact_id()`;
      yield* sql`create table seen (kind text, transaction xid8)`;
      yield* sql`create function see() returns trigger language plpgsql security definer as
        'begin insert into seen values (tg_argv[0], pg_current_xact_id()); return null; end'`;
      yield* sql`create trigger see after insert on iam_outbox_messages for each row execute function see('mail')`;
      yield* sql`create trigger see after insert on iam_users for each row execute function see('user')`;
      yield* signUp("ann");
      assert.strictEqual((yield* mailbox.next).to, "ann@example.com");
      const [counted] =
        yield* sql`select count(*)::int as rows, count(distinct transaction)::int as transactions from seen`;
      assert.deepStrictEqual(counted, { rows: 2, transactions: 1 });
    }),
  );

  it.effect(
    "AUTH-5: puts as much in the outbox for an address that is known as for one that is not, and so do the others",
    () =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const sql = yield* connect(adminUrl);
        const { handler } = yield* Auth.Auth;
        yield* IamTest.signedUp("known");
        yield* sql`create table if not exists puts (kind text)`;
        yield* sql`create or replace function noted() returns trigger language plpgsql security definer as
        'begin insert into puts values (new.kind); return null; end'`;
        yield* sql`create trigger noted after insert on iam_outbox_messages for each row execute function noted()`;
        const asked = Effect.fnUntraced(function* (path: string, body: Readonly<Record<string, string>>) {
          yield* sql`delete from puts`;
          const response = yield* handler(
            new Request(`http://localhost:3000/api/auth${path}`, {
              method: "POST",
              headers: { "content-type": "application/json", origin: "http://localhost:3000" },
              body: JSON.stringify(body),
            }),
          );
          assert.strictEqual(response.status, 200, path);
          return (yield* sql<{ kind: string }>`select kind from puts`).map(({ kind }) => kind);
        });
        const person = { name: "Somebody", password: IamTest.password };
        const byMail: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
          ["/request-password-reset", {}],
          ["/email-otp/request-password-reset", {}],
          ["/forget-password/email-otp", {}],
          ["/email-otp/send-verification-otp", { type: "forget-password" }],
        ];
        for (const [path, body] of byMail) {
          assert.deepStrictEqual(yield* asked(path, { ...body, email: "known@example.com" }), ["mail"], path);
          assert.deepStrictEqual(yield* asked(path, { ...body, email: "nobody@example.com" }), ["nothing"], path);
        }
        assert.deepStrictEqual(yield* asked("/sign-up/email", { ...person, email: "new@example.com" }), ["mail"]);
        assert.deepStrictEqual(yield* asked("/sign-up/email", { ...person, email: "known@example.com" }), ["nothing"]);
        // The one that has signed up has not confirmed yet.
        assert.deepStrictEqual(yield* asked("/send-verification-email", { email: "new@example.com" }), ["mail"]);
        assert.deepStrictEqual(yield* asked("/send-verification-email", { email: "nobody@example.com" }), ["nothing"]);
        assert.deepStrictEqual(
          yield* asked("/phone-number/request-password-reset", { phoneNumber: "+4915100000001" }),
          ["nothing"],
        );
      }),
  );
});
