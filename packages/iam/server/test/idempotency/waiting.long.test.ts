/** A request that waits for another one of its key. */
import { TestDatabase } from "@beep/testing";
import { assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { at } from "../auth/browser.ts";
import { asking, held, isReplayed, onServer, sending } from "./sending.ts";

vi.setConfig({ testTimeout: 60_000 });

layer(onServer, { excludeTestServices: true })("a key in use", (it) => {
  it.effect("IDM-1: whoever has waited for ten seconds is told to come back", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const send = yield* sending;
      const cat = yield* asking("cat");
      const { release, waiting } = yield* held(adminUrl);
      const make = send(cat, "slow", "POST", "/organizations", { name: "slow", slug: "slow" });
      const first = yield* Effect.forkChild(make);
      yield* waiting("advisory", 1);
      const second = yield* make;
      assert.deepStrictEqual([second.status, at(second.json, "code")], [409, "IDEMPOTENCY_KEY_IN_USE"]);
      assert.strictEqual(second.headers.get("retry-after"), "1");
      yield* release;
      assert.strictEqual((yield* Fiber.join(first)).status, 201);
      assert.isTrue(isReplayed(yield* make));
    }),
  );
});
