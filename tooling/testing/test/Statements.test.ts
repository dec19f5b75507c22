import { Tenancy, Transaction } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, Statements, TestDatabase } from "@beep/testing";
import * as Pg from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Reactivity from "effect/reactivity/Reactivity";

const nobody = { statements: 0, control: 0, scope: 0, roundTrips: 0 };

layer(TestDatabase.layer(), { excludeTestServices: true })("what is sent", (it) => {
  it.effect("is told apart: the work, transactions, and scopes, with the round trips beside them", () =>
    Effect.gen(function* () {
      const { appUrl } = yield* TestDatabase;
      const watched = yield* Statements.watch(appUrl);
      const client = yield* connect(watched.url);
      const work = client`select 1 as one`;
      const asTenant = Tenancy.within(SharedEntityIds.OrganizationId.create());
      const countOf = <A, E>(effect: Effect.Effect<A, E, Pg.PgClient>) =>
        Effect.map(watched.during(Effect.provideService(effect, Pg.PgClient, client)), ({ count }) => count);

      assert.deepStrictEqual(yield* countOf(Effect.void), nobody);
      assert.deepStrictEqual(yield* countOf(work), { ...nobody, statements: 1, roundTrips: 1 });
      assert.deepStrictEqual(yield* countOf(Effect.andThen(work, work)), { ...nobody, statements: 2, roundTrips: 2 });
      assert.deepStrictEqual(yield* countOf(Transaction.run(Transaction.run(work))), {
        statements: 1,
        control: 4,
        scope: 0,
        roundTrips: 5,
      });
      assert.deepStrictEqual(yield* countOf(asTenant(work)), { statements: 1, control: 2, scope: 1, roundTrips: 4 });
      assert.deepStrictEqual(yield* countOf(Effect.exit(Transaction.run(client`select 1 / 0`))), {
        statements: 1,
        control: 2,
        scope: 0,
        roundTrips: 3,
      });

      const { result, sent, statements } = yield* watched.during(
        asTenant(work).pipe(Effect.provideService(Pg.PgClient, client)),
      );
      assert.deepStrictEqual(result, [{ one: 1 }]);
      assert.deepStrictEqual(statements, ["select 1 as one"]);
      assert.deepStrictEqual(
        sent.map(({ purpose }) => purpose),
        ["control", "scope", "work", "control"],
      );
    }),
  );

  it.effect("comes with the parameters that were bound", () =>
    Effect.gen(function* () {
      const { appUrl } = yield* TestDatabase;
      const watched = yield* Statements.watch(appUrl);
      const client = yield* connect(watched.url);
      const work = client`select ${"ä"}::text, ${null}::text, ${7}, ${true}, ${""}::text`;
      for (const _ of [1, 2]) {
        const { sent } = yield* watched.during(work);
        assert.deepStrictEqual(
          sent.map(({ params }) => params.map(({ value }) => value)),
          [["ä", null, "7", "true", ""]],
        );
      }
    }),
  );

  it.effect("and is sent in one go is one round trip", () =>
    Effect.gen(function* () {
      const { appUrl } = yield* TestDatabase;
      const watched = yield* Statements.watch(appUrl);
      const client = yield* Pg.makeClient({ url: watched.url, multiplex: true });
      const statements = Array.from({ length: 10 }, (_, index) => client`select ${index}::int`);
      const together = yield* watched.during(Effect.all(statements, { concurrency: "unbounded" }));
      assert.deepStrictEqual(together.count, { ...nobody, statements: 10, roundTrips: 1 });
    }).pipe(Effect.provide(Reactivity.layer)),
  );
});
