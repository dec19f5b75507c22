import { IamTest } from "@beep/testing";
import { assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { survives } from "./killed.ts";

vi.setConfig({ testTimeout: 600_000 });

layer(IamTest.postgres(), { excludeTestServices: true })("twenty processes that are killed", (it) => {
  it.effect("AUTH-7: lose no mail of a sign-up, and send none of one that is not there", () =>
    Effect.gen(function* () {
      assert.isAbove(yield* survives(20), 20);
    }),
  );
});
