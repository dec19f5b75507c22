/** The same of many more worlds. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { organization } from "./support.ts";
import { agree } from "./worlds.ts";

const FIRST = 1_000;
const COUNT = 400;

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AZ-5, AZ-6: every way to an answer gives the same one, in hundreds of random worlds",
    () =>
      Effect.gen(function* () {
        const [here, empty] = [yield* organization(), yield* organization()];
        const found = { questions: 0, permitted: 0 };
        for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
          const { permitted, questions } = yield* agree(seed, here, empty);
          found.questions += questions;
          found.permitted += permitted;
        }
        console.log(`${COUNT} worlds: ${found.questions} questions, of which ${found.permitted} were permitted.`);
        assert.isAbove(found.permitted, 10 * COUNT);
      }),
    600_000,
  );
});
