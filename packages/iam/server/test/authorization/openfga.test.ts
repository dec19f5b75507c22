/** The published suites of OpenFGA, asked of the service that users get. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Equal from "effect/Equal";
import * as openfga from "./openfga.ts";

layer(IamTest.postgres(), { excludeTestServices: true, timeout: "2 minutes" })("on PostgreSQL", (it) => {
  it.effect.skipIf(!openfga.isThere)(
    "AZ-5, AZ-10: the suites of OpenFGA pass, with their error codes, and each permit has a proof",
    () =>
      Effect.gen(function* () {
        const { id } = yield* IamTest.organizationOf(yield* IamTest.signedUp("ann"), "acme");
        const outcomes: Array<openfga.Outcome> = [];
        let number = 0;
        for (const suite of ["consolidated_1_1_tests", "abac_tests"] as const) {
          for (const test of openfga.tests(suite)) {
            outcomes.push(...(yield* openfga.run(test, id, `test-${number++}`)));
          }
        }
        const failed = outcomes.filter(({ expected, got }) => !Equal.equals(expected, got));
        const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
        console.log([...kinds].map(([kind, of]) => `${kind}: ${of.length}`).join(", "), `, ${failed.length} failed`);
        assert.deepStrictEqual(failed.slice(0, 10), []);
      }),
    300_000,
  );
});
