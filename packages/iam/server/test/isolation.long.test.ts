/** Whether tenants are kept apart, with as many of them as the suite takes, and on PostgreSQL 15 as on 18. */
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import { layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const few = IamTest.configured({ IAM_DATABASE_CONNECTIONS: "2" });

for (const major of TestDatabase.majors) {
  const way = `PostgreSQL ${major}, pipelined`;
  layer(Layer.provideMerge(few, TestDatabase.layer({ major })), { excludeTestServices: true })(`on ${way}`, (it) => {
    it.effect("TEN-3: five tenants at once are kept apart, and taking away any single control is seen", () =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const admin = Isolation.administrator(yield* connect(adminUrl));
        const report = yield* Isolation.examine({ admin, way, tenants: 5, concurrency: 5 });
        const mutation = yield* Isolation.mutate({ admin });
        console.log(Isolation.report([report], mutation));
        yield* Isolation.assertIsolated(report);
        yield* Isolation.assertIsolated(mutation);
      }),
    );
  });
}
