/** The life of signing keys, by what goes on in any order: time passes, keys are asked for, rotated early, and revoked. */
import { assert, describe, it } from "@effect/vitest";
import * as Schema from "effect/Schema";
import * as SigningKeyLife from "../../src/SigningKeyLife.ts";

interface Key extends SigningKeyLife.Times {
  readonly name: number;
  readonly createdAt: number;
  /** Whether it signs sooner than was planned, because nothing else was there. */
  readonly isSudden: boolean;
}

/** A keyring that does what the rules say, as the services do. */
const keyring = (plan: SigningKeyLife.Plan) => {
  let keys: ReadonlyArray<Key> = [];
  let made = 0;
  const write = (name: number, times: Partial<SigningKeyLife.Times>, isSudden = false) => {
    keys = keys.map((key) => (key.name === name ? { ...key, ...times, isSudden: isSudden || key.isSudden } : key));
  };
  const make = (now: number) => {
    const { activatesAt, before } = SigningKeyLife.succession(keys, now, plan);
    if (before !== undefined) {
      write(before.key.name, { retiresAt: before.retiresAt, expiresAt: before.expiresAt });
    }
    const times = { activatesAt, retiresAt: null, expiresAt: null, revokedAt: null };
    keys = [...keys, { name: made++, createdAt: now, isSudden: before === undefined, ...times }];
  };
  const signer = (now: number) => SigningKeyLife.signer(keys, now);
  return {
    keys: () => keys,
    ask: (now: number) => {
      if (signer(now) === undefined || now >= SigningKeyLife.nextDue(keys, plan)) make(now);
      return signer(now);
    },
    rotate: (now: number) => {
      if (SigningKeyLife.newest(keys) === signer(now)) make(now);
    },
    revoke: (place: number, now: number) => {
      const live = keys.filter((key) => SigningKeyLife.isPublished(key, now));
      const key = live[place % Math.max(1, live.length)];
      if (key === undefined) return;
      for (const change of SigningKeyLife.revocation(keys, key, now)) {
        write(change.key.name, change.times, change.times.activatesAt !== undefined);
      }
      if (signer(now) === undefined) make(now);
    },
  };
};

const hour = 3_600_000;

const Plan = Schema.Struct({
  published: Schema.Int.check(Schema.isBetween({ minimum: 2_000, maximum: 50 * hour })),
  signs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 * hour })),
}).annotate({ identifier: "Plan" });

const Happening = Schema.Struct({
  what: Schema.Literals(["asked", "asked", "asked", "rotated", "revoked"]),
  after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 * hour })),
  place: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
});

const Happenings = Schema.Array(Happening).check(Schema.isMinLength(5), Schema.isMaxLength(60));

const planOf = ({ published, signs }: typeof Plan.Type): SigningKeyLife.Plan => ({
  published,
  signs: published + signs,
});

describe("a signing key", () => {
  it.prop(
    "CRY-4: signs alone, after it was published for as long as is planned, and is published until all that it signed has ended",
    [Plan, Happenings],
    ([drawn, happenings]) => {
      const plan = planOf(drawn);
      const ring = keyring(plan);
      const signed: Array<{ readonly name: number; readonly at: number }> = [];
      let now = 1_700_000_000_000;
      ring.ask(now);
      for (const { after, place, what } of happenings) {
        now += after;
        if (what === "rotated") ring.rotate(now);
        if (what === "revoked") ring.revoke(place, now);
        const signer = ring.ask(now);
        const states = ring.keys().map((key) => SigningKeyLife.stateOf(key, now));
        assert.lengthOf(
          states.filter((state) => state === "signing"),
          1,
        );
        // One is ready to follow, at the most.
        assert.isAtMost(states.filter((state) => state === "published").length, 1);
        if (signer === undefined) throw new Error("One signs.");
        assert.strictEqual(SigningKeyLife.stateOf(signer, now), "signing");
        if (!signer.isSudden) assert.isAtLeast(now - signer.createdAt, plan.published);
        signed.push({ name: signer.name, at: now });
        // The longest token of each, by a clock that is somewhat behind.
        for (const { at, name } of signed) {
          const key = ring.keys().find((one) => one.name === name);
          if (key === undefined || key.revokedAt !== null) continue;
          if (now < at + SigningKeyLife.LONGEST_TOKEN * 1_000 + 60_000) {
            assert.isTrue(SigningKeyLife.isPublished(key, now), `${JSON.stringify(key)} at ${now}`);
          }
        }
      }
    },
  );

  it.prop("CRY-4: that is asked for often follows at the planned time, whoever asks", [Plan], ([drawn]) => {
    const plan = planOf(drawn);
    const ring = keyring(plan);
    const step = Math.max(1, Math.floor(plan.published / 7));
    const rounds = Math.min(200, Math.ceil((3 * plan.signs) / step));
    for (let round = 0; round < rounds; round++) ring.ask(round * step);
    for (const [index, { activatesAt }] of ring.keys().entries()) {
      const late = activatesAt.getTime() - index * plan.signs;
      // Nobody asks in between, and so the next one is made by as much later; that adds up.
      assert.isTrue(late >= 0 && late <= index * step, `${index}: ${late}`);
    }
  });

  it.prop("CRY-4: is remembered by who verifies for less time than it is published before", [Plan], ([drawn]) => {
    const plan = planOf(drawn);
    assert.isAtMost(SigningKeyLife.maxAge(plan) * 1_000 * 2, plan.published);
    assert.isAtLeast(SigningKeyLife.maxAge(plan), 1);
    assert.isAtMost(SigningKeyLife.maxAge(plan), 300);
  });

  it("CRY-4: is what its times say", () => {
    const times = { activatesAt: new Date(10), retiresAt: new Date(20), expiresAt: new Date(30), revokedAt: null };
    const states = [9, 10, 19, 20, 29, 30].map((now) => SigningKeyLife.stateOf(times, now));
    assert.deepStrictEqual(states, ["published", "signing", "signing", "retired", "retired", "expired"]);
    assert.deepStrictEqual(
      [9, 29, 30].map((now) => SigningKeyLife.isPublished(times, now)),
      [true, true, false],
    );
    assert.deepStrictEqual(
      [29, 30].map((now) => SigningKeyLife.isOver(times, now)),
      [false, true],
    );
    const revoked = { ...times, expiresAt: null, revokedAt: new Date(12) };
    assert.isFalse(SigningKeyLife.isOver(revoked, 12 + SigningKeyLife.KEPT - 1));
    assert.isTrue(SigningKeyLife.isOver(revoked, 12 + SigningKeyLife.KEPT));
    assert.strictEqual(SigningKeyLife.stateOf(revoked, 15), "revoked");
    assert.isFalse(SigningKeyLife.isPublished(revoked, 15));
    assert.isUndefined(SigningKeyLife.signer([revoked], 15));
    // Of a clock that is behind the one by which the only key was made.
    const only = { ...times, retiresAt: null, expiresAt: null };
    assert.strictEqual(SigningKeyLife.signer([only], 5), only);
  });
});
