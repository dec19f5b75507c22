import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { Case, Cases } from "../../src/Benchmark.ts";
import { measure } from "../../src/measure.ts";

describe("measure", () => {
  it.live("gives every case its turn in every round", () =>
    Effect.gen(function* () {
      const turns: Array<string> = [];
      const named = (name: string): Case => ({
        name,
        operation: (index) =>
          Effect.delay(
            Effect.sync(() => index === 0 && turns.push(name)),
            "1 millis",
          ),
      });
      yield* measure([named("a"), named("b")], { concurrencies: [1], rounds: 2, milliseconds: 3 });
      assert.deepStrictEqual(turns, ["a", "b", "a", "b", "a", "b"]);
    }),
  );

  it.live("keeps as many operations under way as it says, and waits for the last", () =>
    Effect.gen(function* () {
      let underWay = 0;
      let most = 0;
      const wait: Case = {
        name: "wait",
        operation: () =>
          Effect.sync(() => {
            underWay += 1;
            most = Math.max(most, underWay);
          }).pipe(Effect.andThen(Effect.sleep("5 millis")), Effect.andThen(Effect.sync(() => (underWay -= 1)))),
      };
      const [measured] = yield* measure([wait], { concurrencies: [8], rounds: 1, milliseconds: 20 });
      assert.strictEqual(most, 8);
      assert.strictEqual(underWay, 0);
      assert.isAtLeast(measured?.latency.p50 ?? 0, 4);
    }),
  );

  it.live("compares with the first case", () =>
    Effect.gen(function* () {
      const cases: Cases = [
        { name: "slow", operation: () => Effect.sleep("20 millis") },
        { name: "fast", operation: () => Effect.sleep("2 millis") },
      ];
      const [slow, fast] = yield* measure(cases, { concurrencies: [1], rounds: 3, milliseconds: 50 });
      assert.deepStrictEqual(slow?.ratio, { median: 1, min: 1, max: 1 });
      assert.isAbove(fast?.ratio.median ?? 0, 1);
    }),
  );

  it.live("fails when an operation does", () =>
    Effect.gen(function* () {
      const failing: Case = { name: "failing", operation: () => Effect.fail("no row") };
      const error = yield* Effect.flip(measure([failing], { concurrencies: [1], rounds: 1, milliseconds: 1 }));
      assert.strictEqual(error, "no row");
    }),
  );
});
