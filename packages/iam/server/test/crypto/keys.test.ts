/** Looking after data keys: destroying them, legal holds, other keys for an owner, and whether a start is refused. */
import { Errors, KeyOwner } from "@beep/iam-domain";
import { type Iam, IamDb, KeyManagement, Keys, Secrets } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { CurrentActor, Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, Race, Statements, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Cause from "effect/Cause";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Latch from "effect/Latch";
import * as Layer from "effect/Layer";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import { TestClock } from "effect/testing";
import { asService } from "../../src/tenancy/asService.ts";
import * as drawers from "./drawers.ts";
import * as keyring from "./keyring.ts";

const { drawer } = drawers;

/** The code with which an effect was refused, or that it was not. */
const ending = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "done";
  const error = Cause.squash(exit.cause);
  if (!Predicate.hasProperty(error, "code")) throw error;
  return error instanceof Errors.SecretUnreadable ? error.reason : String(error.code);
};

const endingOf = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.exit(effect), ending);

const keyOf = (envelope: string) => Envelope.parse(envelope)?.dataKey;

for (const { name, on } of [
  { name: "PostgreSQL", on: drawers.postgres() },
  { name: "the embedded database", on: drawers.embedded },
]) {
  layer(on)(`on ${name}`, (it) => {
    it.effect("CRY-3: what a destroyed key has sealed is unreadable for good, and nothing more is sealed", () =>
      Effect.gen(function* () {
        const { destroy, list, rotate } = yield* Keys.Keys;
        const [gone, other] = [drawers.owners.user(), drawers.owners.user()];
        const [before] = yield* drawers.put(gone, "before");
        yield* rotate(gone);
        const [after] = yield* drawers.put(gone, "after");
        const [others] = yield* drawers.put(other, "other");
        assert.isDefined(before);
        assert.isDefined(after);
        assert.isDefined(others);
        // Remembered, until then.
        assert.deepStrictEqual(
          [yield* drawers.get(gone, before), yield* drawers.get(gone, after)],
          ["before", "after"],
        );

        yield* destroy(gone);
        for (const id of [before, after]) {
          assert.strictEqual(yield* endingOf(drawers.get(gone, id)), "key destroyed");
        }
        assert.strictEqual(yield* endingOf(drawers.put(gone, "more")), "KEY_DESTROYED");
        assert.strictEqual(yield* endingOf(rotate(gone)), "KEY_DESTROYED");
        assert.strictEqual(yield* drawers.get(other, others), "other");
        const { keys, total } = yield* list({ owner: gone, limit: 10, offset: 0 });
        assert.strictEqual(total, 2);
        for (const { destroyedAt, keyVersion } of keys) {
          assert.isNotNull(destroyedAt);
          assert.isNull(keyVersion);
        }
        // It stays so.
        yield* destroy(gone);
      }),
    );

    it.effect("CRY-3: of an owner who never had a key nothing is sealed afterwards either", () =>
      Effect.gen(function* () {
        const { destroy } = yield* Keys.Keys;
        const owner = drawers.owners.user();
        yield* destroy(owner);
        assert.strictEqual(yield* endingOf(drawers.put(owner, "secret")), "KEY_DESTROYED");
      }),
    );

    it.effect("CRY-3: digests are nobody's any more, at the latest after five minutes", () =>
      Effect.gen(function* () {
        const { destroy } = yield* Keys.Keys;
        const { mac } = yield* Secrets.Secrets;
        const owner = drawers.owners.user();
        const digest = mac(owner, "test", Redacted.make("text"));
        yield* digest;
        yield* destroy(owner);
        yield* TestClock.adjust("5 minutes");
        assert.strictEqual(yield* endingOf(digest), "KEY_DESTROYED");
      }),
    );

    it.effect("CRY-3: the installation's key is not destroyed, nor by whoever writes to the table", () =>
      Effect.gen(function* () {
        const { destroy, hold } = yield* Keys.Keys;
        const { db } = yield* IamDb.IamDb;
        yield* drawers.put(KeyOwner.installation, "secret");
        for (const owner of [KeyOwner.installation, { type: "installation", id: "other" }]) {
          assert.strictEqual(yield* endingOf(destroy(owner)), "KEY_OF_INSTALLATION");
          assert.strictEqual(yield* endingOf(hold(owner, "why")), "KEY_OF_INSTALLATION");
        }
        const written = yield* Effect.exit(
          asService(
            db
              .update(IamDbSchema.dataKey)
              .set({ wrappedKey: null, keyVersion: null, destroyedAt: new Date() })
              .where(eq(IamDbSchema.dataKey.ownerType, "installation")),
          ),
        );
        assert.isTrue(Exit.isFailure(written));
      }),
    );

    it.effect("CRY-3: a legal hold prevents it until the last one is released, and says who placed it", () =>
      Effect.gen(function* () {
        const { destroy, hold, holds, release } = yield* Keys.Keys;
        const userId = SharedEntityIds.UserId.create();
        const owner = drawers.owners.organization();
        const as = Effect.provideService(CurrentActor, { _tag: "User", userId, impersonatedBy: null });
        // Before anything is sealed, too.
        const first = yield* as(hold(owner, "a court's order"));
        const second = yield* hold(owner, "another");
        const [id] = yield* drawers.put(owner, "kept");
        assert.isDefined(id);

        const refusal = yield* Effect.flip(destroy(owner));
        assert.instanceOf(refusal, Errors.KeyHeld);
        assert.deepStrictEqual([...refusal.holds], [first, second]);
        const [placed] = yield* holds(owner);
        assert.deepInclude(placed, { id: first, reason: "a court's order", placedBy: userId, releasedAt: null });

        yield* release(first);
        assert.strictEqual(yield* endingOf(release(first)), "HOLD_NOT_FOUND");
        assert.strictEqual(yield* endingOf(destroy(owner)), "KEY_HELD");
        assert.strictEqual(yield* drawers.get(owner, id), "kept");
        yield* release(second);
        assert.deepStrictEqual(yield* holds(owner), []);
        yield* destroy(owner);
        assert.strictEqual(yield* endingOf(drawers.get(owner, id)), "key destroyed");
        assert.strictEqual(yield* endingOf(hold(owner, "too late")), "KEY_DESTROYED");
        assert.strictEqual(yield* endingOf(release(IamEntityIds.LegalHoldId.create())), "HOLD_NOT_FOUND");
      }),
    );

    it.effect("CRY-2: an owner's other key seals from now on, the old one opens, and digests stay", () =>
      Effect.gen(function* () {
        const { rotate } = yield* Keys.Keys;
        const { mac } = yield* Secrets.Secrets;
        for (const owner of [drawers.owners.user(), KeyOwner.installation]) {
          const [old] = yield* drawers.put(owner, "old");
          assert.isDefined(old);
          const digest = yield* mac(owner, "test", Redacted.make("text"));
          const rotated = yield* rotate(owner);
          const [anew] = yield* drawers.put(owner, "new");
          assert.isDefined(anew);
          assert.notStrictEqual(keyOf(yield* drawers.envelopeIn(old)), rotated);
          assert.strictEqual(keyOf(yield* drawers.envelopeIn(anew)), rotated);
          assert.deepStrictEqual([yield* drawers.get(owner, old), yield* drawers.get(owner, anew)], ["old", "new"]);
          yield* TestClock.adjust("5 minutes");
          assert.strictEqual(yield* mac(owner, "test", Redacted.make("text")), digest);
        }
        assert.strictEqual(yield* endingOf(rotate(drawers.owners.user())), "KEY_MISSING");
      }),
    );

    it.effect(
      "CRY-2: what is under a retired key is sealed anew, and the key ended when nothing is left under it",
      () =>
        Effect.gen(function* () {
          const { list, rewrap, rotate } = yield* Keys.Keys;
          const { db } = yield* IamDb.IamDb;
          const owner = drawers.owners.organization();
          const texts = Array.from({ length: 450 }, (_, index) => `secret ${index}`);
          const ids = yield* drawers.put(owner, ...texts);
          const [broken] = yield* drawers.put(drawers.owners.user(), "another's");
          assert.isDefined(broken);
          const [brokenOwner] = (yield* list({ limit: 1, offset: 0 })).keys;
          assert.isDefined(brokenOwner);
          yield* rotate({ type: brokenOwner.ownerType, id: brokenOwner.ownerId });
          // As if it had been moved there by hand.
          yield* asService(
            db
              .update(drawer)
              .set({ label: yield* drawers.envelopeIn(broken), content: null })
              .where(eq(drawer.id, broken)),
          );
          const rotated = yield* rotate(owner);

          const steps: Array<Keys.Step> = [];
          const running = yield* Effect.forkChild(rewrap((step) => Effect.sync(() => void steps.push(step))));
          // It waits for who has read an envelope and not yet opened it.
          while (!steps.some(({ _tag }) => _tag === "Waiting")) yield* Effect.yieldNow;
          assert.isNull((yield* list({ owner, limit: 1, offset: 1 })).keys[0]?.destroyedAt);
          yield* TestClock.adjust("1 minute");
          const done = yield* Fiber.join(running);
          assert.strictEqual(done.resealed >= 450, true);
          // What does not open keeps its key.
          assert.strictEqual(done.left, 1);
          assert.strictEqual(
            steps.reduce((sum, step) => sum + (step._tag === "Resealed" ? step.values : 0), 0),
            done.resealed,
          );

          const { keys } = yield* list({ owner, limit: 10, offset: 0 });
          assert.deepStrictEqual(
            keys.map(({ destroyedAt, id }) => [id === rotated, destroyedAt !== null]),
            [
              [true, false],
              [false, true],
            ],
          );
          for (const [index, id] of ids.entries()) {
            if (index % 50 === 0) assert.strictEqual(yield* drawers.get(owner, id), texts[index]);
            assert.strictEqual(keyOf(yield* drawers.envelopeIn(id)), rotated);
          }
          const own = yield* list({
            owner: { type: brokenOwner.ownerType, id: brokenOwner.ownerId },
            limit: 10,
            offset: 0,
          });
          assert.deepStrictEqual(
            own.keys.map(({ destroyedAt }) => destroyedAt),
            [null, null],
          );
        }),
    );
  });
}

layer(drawers.postgres())("two processes on PostgreSQL", (it) => {
  /** Two sides in one transaction each, which pauses before its commit. */
  const race = Effect.fnUntraced(function* <A, E, B, E2>(
    left: (owner: KeyOwner.KeyOwner) => Effect.Effect<A, E, Iam.Provided>,
    right: (owner: KeyOwner.KeyOwner) => Effect.Effect<B, E2, Iam.Provided>,
    prepare: (owner: KeyOwner.KeyOwner) => Effect.Effect<unknown, unknown, Iam.Provided> = () => Effect.void,
  ) {
    const admin = yield* connect((yield* TestDatabase).adminUrl);
    const [one, two] = [yield* drawers.another(), yield* drawers.another()];
    let owner = drawers.owners.user();
    const side =
      <C, E3>(
        does: (owner: KeyOwner.KeyOwner) => Effect.Effect<C, E3, Iam.Provided>,
        on: Context.Context<Iam.Provided>,
      ) =>
      (pause: Effect.Effect<void>) =>
        asService(Effect.tap(does(owner), () => pause)).pipe(Effect.provideContext(on));
    const owners: Array<KeyOwner.KeyOwner> = [];
    const ends = yield* Race.bothOrders(side(left, one), side(right, two), {
      prepare: Effect.gen(function* () {
        owner = drawers.owners.user();
        owners.push(owner);
        yield* prepare(owner).pipe(Effect.provideContext(one));
      }),
      blocked: Race.untilAnyBlocked(admin),
    });
    return { ...ends, owners };
  });

  const told = ({ left, right, waited }: Race.Ends<unknown, unknown, unknown, unknown>) => ({
    left: ending(left),
    right: ending(right),
    waited,
  });

  const destroying = (owner: KeyOwner.KeyOwner) => Effect.flatMap(Keys.Keys, ({ destroy }) => destroy(owner));
  const holding = (owner: KeyOwner.KeyOwner) => Effect.flatMap(Keys.Keys, ({ hold }) => hold(owner, "why"));
  const rotating = (owner: KeyOwner.KeyOwner) => Effect.flatMap(Keys.Keys, ({ rotate }) => rotate(owner));
  const sealing = (owner: KeyOwner.KeyOwner) => drawers.put(owner, "secret");

  it.effect("CRY-3: destroying waits for who seals, and who seals for that, and is then refused", () =>
    Effect.gen(function* () {
      const { leftFirst, owners, rightFirst } = yield* race(sealing, destroying, sealing);
      assert.deepStrictEqual(told(leftFirst), { left: "done", right: "done", waited: true });
      assert.deepStrictEqual(told(rightFirst), { left: "KEY_DESTROYED", right: "done", waited: true });
      // What was sealed before is there, and unreadable.
      const [id] = yield* leftFirst.left;
      assert.isDefined(id);
      assert.strictEqual(yield* endingOf(drawers.get(owners[0] ?? KeyOwner.installation, id)), "key destroyed");
    }),
  );

  it.effect("CRY-3: so it is also where there was no key yet", () =>
    Effect.gen(function* () {
      const { leftFirst, rightFirst } = yield* race(sealing, destroying);
      assert.deepStrictEqual(told(leftFirst), { left: "done", right: "done", waited: true });
      assert.deepStrictEqual(told(rightFirst), { left: "KEY_DESTROYED", right: "done", waited: true });
    }),
  );

  it.effect("CRY-3: of a hold and a destruction at once, the first one counts", () =>
    Effect.gen(function* () {
      for (const prepare of [sealing, () => Effect.void]) {
        const { leftFirst, rightFirst } = yield* race(holding, destroying, prepare);
        assert.deepStrictEqual(told(leftFirst), { left: "done", right: "KEY_HELD", waited: true });
        assert.deepStrictEqual(told(rightFirst), { left: "KEY_DESTROYED", right: "done", waited: true });
      }
    }),
  );

  it.effect("CRY-3: a hold, and two who seal, do not wait for each other", () =>
    Effect.gen(function* () {
      const held = yield* race(sealing, holding, sealing);
      assert.deepStrictEqual(told(held.leftFirst), { left: "done", right: "done", waited: false });
      assert.deepStrictEqual(told(held.rightFirst), { left: "done", right: "done", waited: false });
      const both = yield* race(sealing, sealing, sealing);
      assert.isFalse(both.leftFirst.waited);
    }),
  );

  it.effect("CRY-2: nobody waits for key management, and who comes in between is not undone", () =>
    Effect.gen(function* () {
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const owner = drawers.owners.user();
      yield* drawers.put(owner, "secret");
      const digest = Effect.flatMap(Secrets.Secrets, ({ mac }) => mac(owner, "test", Redacted.make("text")));
      const before = yield* digest;
      const [asked, answering] = [yield* Latch.make(), yield* Latch.make()];
      const slowly = Layer.fresh(Keys.layer).pipe(
        Layer.provide(
          Layer.effect(
            KeyManagement.KeyManagement,
            Effect.map(KeyManagement.KeyManagement, (real) => ({
              ...real,
              wrap: (...wanted: Parameters<typeof real.wrap>) =>
                Effect.andThen(asked.open, Effect.andThen(answering.await, real.wrap(...wanted))),
            })),
          ),
        ),
      );
      const rotate = yield* Effect.forkChild(Effect.provide(rotating(owner), slowly));
      yield* asked.await;
      yield* admin`select from iam_data_keys where owner_id = ${owner.id} for update nowait`;
      const between = yield* rotating(owner);
      yield* answering.open;
      const last = yield* Fiber.join(rotate);
      const { keys } = yield* Effect.flatMap(Keys.Keys, ({ list }) => list({ owner, limit: 10, offset: 0 }));
      assert.deepStrictEqual(
        keys.map(({ id, retiredAt }) => [id, retiredAt === null]),
        [
          [last, true],
          [between, false],
          [keys[2]?.id, false],
        ],
      );
      const [id] = yield* drawers.put(owner, "more");
      assert.isDefined(id);
      assert.strictEqual(keyOf(yield* drawers.envelopeIn(id)), last);
      yield* TestClock.adjust("5 minutes");
      assert.strictEqual(yield* digest, before);
    }),
  );

  it.effect("CRY-2: a retired key is waited for, so that nothing comes under it any more", () =>
    Effect.gen(function* () {
      const { leftFirst, rightFirst } = yield* race(sealing, rotating, sealing);
      assert.deepStrictEqual(told(leftFirst), { left: "done", right: "done", waited: true });
      assert.deepStrictEqual(told(rightFirst), { left: "done", right: "done", waited: true });
      const [id] = yield* rightFirst.left;
      assert.isDefined(id);
      assert.strictEqual(keyOf(yield* drawers.envelopeIn(id)), yield* rightFirst.right);
      // Who destroys, and who holds, find the key that has taken its place.
      const destroyed = yield* race(rotating, destroying, sealing);
      assert.deepStrictEqual(told(destroyed.leftFirst), { left: "done", right: "done", waited: true });
      assert.deepStrictEqual(told(destroyed.rightFirst), { left: "KEY_DESTROYED", right: "done", waited: true });
      const [owner] = destroyed.owners;
      assert.isDefined(owner);
      assert.strictEqual(yield* endingOf(drawers.put(owner, "more")), "KEY_DESTROYED");
      const held = yield* race(rotating, holding, sealing);
      assert.deepStrictEqual(told(held.leftFirst), { left: "done", right: "done", waited: true });
      assert.strictEqual(yield* endingOf(destroying(held.owners[0] ?? KeyOwner.installation)), "KEY_HELD");
    }),
  );

  it.effect("CRY-3: what another process remembers opens no more once the key is destroyed", () =>
    Effect.gen(function* () {
      const other = yield* drawers.another();
      const owner = drawers.owners.user();
      const [id] = yield* drawers.put(owner, "secret");
      assert.isDefined(id);
      const reading = drawers.get(owner, id).pipe(Effect.provideContext(other));
      assert.strictEqual(yield* reading, "secret");
      yield* destroying(owner);
      assert.strictEqual(yield* endingOf(reading), "key destroyed");
    }),
  );
});

layer(drawers.postgres())("a start on PostgreSQL", (it) => {
  const started = (entries: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}) =>
    Effect.asVoid(Effect.scoped(drawers.another({ ...keyring.ring(...entries), ...more })));
  const refused = (...entries: ReadonlyArray<string>) =>
    Effect.flip(started(entries)).pipe(
      Effect.flatMap((error) => (error instanceof Errors.StartupError ? Effect.succeed(error) : Effect.die(error))),
    );

  it.effect("CRY-2: a version that live keys name must be there and be the right one; one statement finds out", () =>
    Effect.gen(function* () {
      const { destroy } = yield* Keys.Keys;
      // Where there are no keys, anything goes.
      yield* started([keyring.another]);
      const owner = drawers.owners.user();
      yield* drawers.put(owner, "secret");
      const both = yield* drawers.another(keyring.ring(keyring.first, keyring.version(2)));
      yield* drawers.put(KeyOwner.installation, "secret").pipe(Effect.provideContext(both));

      const missing = yield* refused(keyring.first);
      assert.strictEqual(missing.code, "KEY_ENCRYPTION_KEY_MISSING");
      assert.include(missing.message, "by version 2 of the key-encryption key, and there is 1");
      const wrong = yield* refused(keyring.another, keyring.version(2));
      assert.strictEqual(wrong.code, "KEY_ENCRYPTION_KEY_WRONG");
      assert.include(wrong.message, "Version 1");
      for (const { message, remedy } of [missing, wrong]) {
        for (const keys of [keyring.first, keyring.another, keyring.version(2)])
          assert.notInclude(message + remedy, keys.slice(2, 12));
      }

      const watched = yield* Statements.watch((yield* TestDatabase).appUrl);
      const url = { DATABASE_URL: Redacted.value(watched.url), IAM_RUN_MIGRATIONS: "false" };
      const { statements } = yield* watched.during(started([keyring.first, keyring.version(2)], url));
      assert.lengthOf(
        statements.filter((text) => text.includes("iam_data_keys")),
        1,
      );

      // What was destroyed needs none.
      yield* destroy(owner);
      yield* started([keyring.version(2)]);
    }),
  );

  it.effect("CRY-2: a single key that was altered keeps nobody from starting", () =>
    Effect.gen(function* () {
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      yield* drawers.put(drawers.owners.user(), "secret");
      yield* drawers.put(drawers.owners.user(), "secret");
      yield* admin`
        update iam_data_keys set wrapped_key = 'altered'
        where id = (select id from iam_data_keys where key_version = '1' order by id limit 1)`;
      yield* started([keyring.first, keyring.version(2)]);
    }),
  );
});
