/** No input makes the server fail. `FUZZ_SEED` repeats a run, or makes another one. */
import { assert, layer } from "@effect/vitest";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import { database } from "./auth/browser.ts";
import { fuzz } from "./fuzz/fuzz.ts";

layer(database, { excludeTestServices: true })((it) => {
  it.effect(
    "AUTH-6: of 20,000 requests with one thing changed none makes the server fail, over every route",
    () =>
      Effect.gen(function* () {
        const seed = yield* Config.String("FUZZ_SEED").pipe(Config.withDefault("long"));
        assert.isAtLeast(yield* fuzz({ seed, requests: 20_000 }), 20_000);
      }).pipe(Effect.scoped),
    1_200_000,
  );
});
