/** Random models and facts: every way to an answer gives the same one. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { organization } from "./support.ts";
import { agree } from "./worlds.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AZ-5, AZ-6: checks, lists, what is stored and what is brought along agree with the definition",
    () =>
      Effect.gen(function* () {
        const [here, empty] = [yield* organization(), yield* organization()];
        let permitted = 0;
        for (let seed = 0; seed < 12; seed++) permitted += (yield* agree(seed, here, empty)).permitted;
        assert.isAbove(permitted, 120);
      }),
    60_000,
  );
});
