/** Whether tenants are kept apart, with as many of them as the suite takes, and on PostgreSQL 15 as on 18. */
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const few = IamTest.configured({ IAM_DATABASE_CONNECTIONS: "4" });

for (const major of TestDatabase.majors) {
  const way = `PostgreSQL ${major}, pipelined`;
  layer(Layer.provideMerge(few, TestDatabase.layer({ major })), { excludeTestServices: true })(`on ${way}`, (it) => {
    it.effect("TEN-3: five tenants at once are kept apart, and taking away any single control is seen", () =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const admin = Isolation.administrator(yield* connect(adminUrl));
        const report = yield* Isolation.examine({ admin, way, tenants: 5, concurrency: 12 });
        const mutation = yield* Isolation.mutate({ admin });
        console.log(Isolation.report([report], mutation), Isolation.countingQuery);
        yield* Isolation.assertIsolated(report);
        yield* Isolation.assertIsolated(mutation);
        const byKind = Map.groupBy(mutation.mutants, ({ kind }) => kind);
        assert.deepStrictEqual(
          Object.fromEntries([...byKind].map(([kind, mutants]) => [kind, mutants.length])),
          Object.fromEntries(mutation.counted),
        );
        assert.deepStrictEqual(mutation.survivors, []);
      }),
    );
  });
}

for (const { name, layer: pooled } of IamTest.poolers) {
  layer(pooled, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
      Effect.gen(function* () {
        const { adminUrl } = yield* TestDatabase;
        const admin = Isolation.administrator(yield* connect(adminUrl));
        yield* Isolation.assertIsolated(yield* Isolation.examine({ admin, way: name, tenants: 2, concurrency: 8 }));
      }),
    );
  });
}

/** A client whose transactions are committed although they fail. */
const committing = (client: PgClient): PgClient => {
  const withTransaction: PgClient["withTransaction"] = (effect) =>
    Effect.flatten(client.withTransaction(Effect.exit(effect)));
  return new Proxy(client, {
    get: (target, name) => (name === "withTransaction" ? withTransaction : Reflect.get(target, name)),
  });
};

layer(IamTest.postgres(), { excludeTestServices: true })("an attempt", (it) => {
  it.effect("TEN-1: is found to have left something behind", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = Isolation.administrator(yield* connect(adminUrl));
      const client = committing(yield* PgClient);
      const { findings } = yield* Isolation.examine({ admin, tenants: 2, concurrency: 8 }).pipe(
        Effect.provideService(PgClient, client),
      );
      assert.include(
        findings.map(({ says }) => says),
        "hold other rows than before",
      );
    }),
  );
});
