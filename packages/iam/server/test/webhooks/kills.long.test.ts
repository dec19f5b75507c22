import { assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { survives } from "./killed.ts";
import { onPostgres } from "./support.ts";

vi.setConfig({ testTimeout: 600_000 });

layer(onPostgres, { excludeTestServices: true })("twelve processes that are killed while they deliver", (it) => {
  it.effect("AUD-8: lose no event and make none twice; those of one thing come in their order", () =>
    Effect.gen(function* () {
      assert.isAbove(yield* survives(12), 0);
    }),
  );
});
