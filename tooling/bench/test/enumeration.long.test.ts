/** A thousand alternated calls of each, as `pnpm bench enumeration` and `pnpm bench tenants-alike` make them. */
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { enumeration } from "../src/benchmarks/enumeration.ts";
import { tenantsAlike } from "../src/benchmarks/tenantsAlike.ts";
import { areAlike, compare } from "../src/compare.ts";
import { renderComparison } from "../src/report.ts";
import { runComparison } from "../src/run.ts";

describe("the times of answers", () => {
  it.live("AUTH-5: do not tell who is known: sign-in, reset and sign-up", () =>
    Effect.gen(function* () {
      const report = yield* runComparison(enumeration, 1_000);
      assert.isTrue(report.compared.every(areAlike), renderComparison(report));
    }),
  );

  it.live("TEN-6: do not tell what is another tenant's", () =>
    Effect.gen(function* () {
      const report = yield* runComparison(tenantsAlike, 1_000);
      assert.isTrue(report.compared.every(areAlike), renderComparison(report));
    }),
  );

  it.live("AUTH-5: would, if they differed by 3 ms", () =>
    Effect.gen(function* () {
      const name = "control";
      assert.isFalse(areAlike(yield* compare({ name, one: Effect.sleep(1), other: Effect.sleep(4.5) }, 50)));
    }),
  );
});
