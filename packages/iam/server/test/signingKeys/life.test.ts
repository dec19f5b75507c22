/** The life of signing keys, on real databases. Time is the test's: Effect's clock and, for Better Auth and jose, `Date`. */
import { Errors, SigningKeyLife } from "@beep/iam-domain";
import { Auth, SigningKeys } from "@beep/iam-server";
import { CurrentActor, IamEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { TestClock } from "effect/testing";
import { decodeProtectedHeader, type JSONWebKeySet } from "jose";
import { vi } from "vitest";
import { heldBy, superuser } from "../auth/atWrite.ts";
import { maxAgeOf, verifier } from "./verifier.ts";

const origin = "http://localhost:3000";
const [second, day] = [1_000, 86_400_000];

/** Lets time pass for everybody. */
const pass = Effect.fnUntraced(function* (milliseconds: number) {
  yield* TestClock.adjust(milliseconds);
  vi.setSystemTime(yield* Clock.currentTimeMillis);
});

/** Begins a test whose time is its own, on an installation that never had a key. */
const begun = Effect.gen(function* () {
  const sql = yield* superuser;
  yield* sql`truncate iam_signing_keys`;
  yield* Effect.acquireRelease(
    Effect.sync(() => vi.useFakeTimers({ toFake: ["Date"] })),
    () => Effect.sync(() => vi.useRealTimers()),
  );
  yield* TestClock.setTime(Date.UTC(2030, 0, 1));
  yield* pass(0);
  return sql;
});

/** The published keys, as they are served. */
const served = Effect.gen(function* () {
  const { handler } = yield* Auth.Auth;
  const response = yield* handler(new Request(`${origin}/api/auth/jwks`));
  const { keys }: JSONWebKeySet = yield* Effect.promise(() => response.json());
  assert.notInclude(JSON.stringify(keys), '"d"');
  return { response, ids: keys.map(({ kid }) => kid) };
});

const published = Effect.map(served, ({ ids }) => ids);

/** A token, and the key that signed it. */
const signed = Effect.gen(function* () {
  const { api } = yield* Auth.Auth;
  const { token } = yield* api.signJWT({ body: { payload: { sub: "somebody" } } });
  return { token, kid: decodeProtectedHeader(token).kid ?? "" };
});

/** Whether the services themselves take a token. */
const isTaken = (token: string) =>
  Effect.gen(function* () {
    const { api } = yield* Auth.Auth;
    return (yield* api.verifyJWT({ body: { token } })).payload !== null;
  });

const states = Effect.gen(function* () {
  const keys = yield* Effect.flatMap(SigningKeys.SigningKeys, ({ list }) => list);
  const now = yield* Clock.currentTimeMillis;
  return keys.map((key) => SigningKeyLife.stateOf(key, now));
});

/** Runs a test in a time of its own; the services around it live in everybody's. */
const inItsTime = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(Effect.scoped(effect), TestClock.layer());

const services = (more: Readonly<Record<string, string>> = {}) =>
  Layer.provideMerge(Layer.provideMerge(IamTest.configured(more), TestDatabase.layer()), Logger.layer([]));

layer(services(), { excludeTestServices: true })("signing keys", (it) => {
  it.effect("CRY-4: the first signs at once; the next is published before it signs, and the one before it stays", () =>
    Effect.gen(function* () {
      yield* begun;
      const first = yield* signed;
      assert.deepStrictEqual(yield* published, [first.kid]);
      yield* pass(29 * day - 1);
      assert.deepStrictEqual(yield* published, [first.kid]);
      yield* pass(1);
      const [, next = "", ...more] = yield* published;
      assert.lengthOf(more, 0);
      assert.deepStrictEqual(yield* states, ["signing", "published"]);
      yield* pass(day - 1);
      const last = yield* signed;
      assert.strictEqual(last.kid, first.kid);
      yield* pass(1);
      assert.strictEqual((yield* signed).kid, next);
      assert.deepStrictEqual(yield* states, ["retired", "signing"]);
      // Its tokens live on.
      yield* pass(14 * 60 * second);
      assert.isTrue(yield* isTaken(last.token));
      yield* pass(SigningKeyLife.KEPT - 14 * 60 * second - 1);
      assert.deepStrictEqual(yield* published, [first.kid, next]);
      yield* pass(1);
      assert.deepStrictEqual(yield* published, [next]);
      // When nobody has asked for long, the one that signs goes on until another was published.
      yield* pass(100 * day);
      assert.strictEqual((yield* signed).kid, next);
      assert.lengthOf(yield* published, 2);
      // Whose time is over went when another was made.
      assert.deepStrictEqual(yield* states, ["signing", "published"]);
    }).pipe(inItsTime),
  );

  it.effect("CRY-4: two that sign for the first time at once, or when the next key is due, make one", () =>
    Effect.gen(function* () {
      const sql = yield* begun;
      const others = yield* Layer.build(Layer.fresh(IamTest.onDatabase));
      const sides = [yield* SigningKeys.SigningKeys, Context.get(others, SigningKeys.SigningKeys)];
      const both = heldBy(
        sql,
        sql`lock table iam_signing_keys in share mode`,
        sides.map(({ current }) => Effect.map(current, ({ signer }) => signer.id)),
        100,
      );
      const [one, other] = yield* both;
      assert.strictEqual(one, other);
      yield* pass(29 * day);
      assert.deepStrictEqual(yield* both, [one, one]);
      assert.deepStrictEqual(yield* states, ["signing", "published"]);
      yield* pass(day);
      const [next, same] = yield* both;
      assert.notStrictEqual(next, one);
      assert.strictEqual(next, same);
    }).pipe(inItsTime),
  );

  it.effect("CRY-4: what may be remembered of the published keys is less than they are published before", () =>
    Effect.gen(function* () {
      yield* begun;
      assert.strictEqual(maxAgeOf((yield* served).response.headers), 300);
    }).pipe(inItsTime),
  );

  it.effect("CRY-4: a token lives for a day at most", () =>
    Effect.gen(function* () {
      yield* begun;
      const { api } = yield* Auth.Auth;
      const now = Math.floor((yield* Clock.currentTimeMillis) / second);
      const until = (exp: number) => Effect.exit(api.signJWT({ body: { payload: { sub: "somebody", exp } } }));
      assert.isTrue(Exit.isSuccess(yield* until(now + SigningKeyLife.LONGEST_TOKEN)));
      const refused = yield* until(now + SigningKeyLife.LONGEST_TOKEN + 1);
      assert.propertyVal(Exit.isFailure(refused) ? Cause.squash(refused.cause) : {}, "code", "INVALID_VALUE");
    }).pipe(inItsTime),
  );

  it.effect("CRY-4: one that is revoked is gone at once, and the one that waits, or a new one, signs", () =>
    Effect.gen(function* () {
      const sql = yield* begun;
      const { revoke, rotate } = yield* SigningKeys.SigningKeys;
      const id = (kid: string) => IamEntityIds.SigningKeyId.make(kid);
      const first = yield* signed;
      assert.isTrue(yield* isTaken(first.token));
      // None waits.
      const later = yield* revoke(id(first.kid));
      assert.deepStrictEqual(yield* published, [later.id]);
      assert.isFalse(yield* isTaken(first.token));
      const other = yield* signed;
      assert.strictEqual(other.kid, later.id);
      // One waits.
      const waiting = yield* rotate;
      assert.strictEqual((yield* rotate).id, waiting.id);
      assert.strictEqual((yield* signed).kid, later.id);
      assert.deepStrictEqual(yield* published, [later.id, waiting.id]);
      assert.strictEqual((yield* revoke(id(later.id))).id, waiting.id);
      assert.deepStrictEqual(yield* published, [waiting.id]);
      assert.isFalse(yield* isTaken(other.token));
      const third = yield* signed;
      assert.strictEqual(third.kid, waiting.id);
      // The one that waits itself: the one before it goes on, and is followed by another.
      const never = yield* rotate;
      assert.strictEqual((yield* revoke(never.id)).id, third.kid);
      assert.deepStrictEqual(yield* published, [third.kid]);
      yield* pass(40 * day);
      assert.strictEqual((yield* signed).kid, third.kid);
      yield* pass(day);
      assert.notStrictEqual((yield* signed).kid, third.kid);
      // One that signs no more.
      assert.isTrue((yield* published).includes(third.kid));
      yield* revoke(id(third.kid));
      assert.isFalse((yield* published).includes(third.kid));

      for (const gone of [id(first.kid), id(third.kid), IamEntityIds.SigningKeyId.create()]) {
        assert.instanceOf(yield* Effect.flip(revoke(gone)), Errors.SigningKeyNotFound);
      }
      const refused = yield* Effect.exit(sql`
        insert into iam_signing_keys (id, public_key, private_key, alg)
        select gen_random_uuid(), public_key, private_key, alg from iam_signing_keys limit 1`);
      assert.match(String(Exit.isFailure(refused) && Cause.pretty(refused.cause)), /iam_signing_keys_newest_unique/);
    }).pipe(inItsTime),
  );

  it.effect(
    "CRY-4: making, retiring and revoking are in the log, without the private key and in whose name they were",
    () =>
      Effect.gen(function* () {
        const sql = yield* begun;
        const { revoke, rotate } = yield* SigningKeys.SigningKeys;
        const { kid } = yield* signed;
        const [{ at: since } = { at: undefined }] = yield* sql<{ at: Date }>`
        select max(recorded_at) as at from iam_audit_events where target_type = 'signingkey'`;
        yield* rotate.pipe(Effect.provideService(CurrentActor, { _tag: "System", name: "operator" }));
        yield* revoke(IamEntityIds.SigningKeyId.make(kid)).pipe(
          Effect.provideService(CurrentActor, { _tag: "System", name: "operator" }),
        );
        const events = yield* sql<{ action: string; actor: string; row: string }>`
        select action, context->>'actor' as actor, e::text as row from iam_audit_events e
        where target_type = 'signingkey' and recorded_at >= ${since ?? null} order by number, recorded_at`;
        const of = (actor: string) => events.filter((event) => event.actor === actor).map(({ action }) => action);
        assert.lengthOf(of("signing keys"), 1, JSON.stringify(events));
        assert.lengthOf(of("operator"), 4, JSON.stringify(events));
        assert.notMatch(JSON.stringify(events), /"d\\*":|sealed:1/);
      }).pipe(inItsTime),
  );
});

const fast = { IAM_SIGNING_KEY_PERIOD: "5 seconds", IAM_SIGNING_KEY_PUBLISHED_BEFORE: "3 seconds" };

layer(services(fast), { excludeTestServices: true })("keys that rotate every five seconds", (it) => {
  it.effect(
    "CRY-4: no verification fails, neither of who remembers the published keys nor of the services",
    () =>
      Effect.gen(function* () {
        yield* begun;
        const { handler } = yield* Auth.Auth;
        const maxAge = maxAgeOf((yield* served).response.headers);
        assert.strictEqual(maxAge, 1);
        const context = yield* Effect.context<never>();
        const fetched = (url: string, init: RequestInit) =>
          Effect.runPromiseWith(context)(handler(new Request(url, init)));
        const verify = verifier(origin, maxAge, fetched);
        const tokens: Array<string> = [];
        const kids = new Set<string>();
        for (let round = 0; round < 120; round++) {
          const { kid, token } = yield* signed;
          tokens.push(token);
          kids.add(kid);
          // The newest, the oldest, and one in between.
          for (const one of [token, tokens[0] ?? "", tokens[round >> 1] ?? ""]) {
            yield* Effect.promise(() => verify(one));
          }
          assert.isTrue(yield* isTaken(token));
          yield* pass(499);
        }
        assert.isAtLeast(kids.size, 10);
      }).pipe(inItsTime),
    30_000,
  );
});
