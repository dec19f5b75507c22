import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { withLog } from "./log.ts";
import { allAreFound } from "./tampering.ts";

layer(withLog(IamTest.postgres()))("on PostgreSQL", (it) => {
  it.effect("AUD-5: what the owner of the database does to a log of 100,000 events is found, and named", () =>
    Effect.gen(function* () {
      const { attacks, size } = yield* allAreFound(33_334);
      assert.isAtLeast(Number(size), 100_000);
      console.log(`${attacks} attacks upon ${size} events, each found.`);
    }),
  );
});
