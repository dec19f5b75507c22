import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";

layer(IamTest.postgres(), { excludeTestServices: true })("tenants", (it) => {
  it.effect("are kept apart in every table", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const report = yield* Isolation.examine({
        admin: Isolation.administrator(yield* connect(adminUrl)), // a superuser, who makes the tenants
        tenants: 2,
        concurrency: 8,
      });
      console.log(Isolation.report([report]));
      yield* Isolation.assertIsolated(report); // fails with what leaks, by which statement, and what to do
      assert.strictEqual(report.tables.get("iam_members"), "kept apart");
    }),
  );
});
