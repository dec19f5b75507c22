/** Whether tenants are kept apart, in every table and by every way to the database. */
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import * as Pg from "@effect/sql-pg/PgClient";
import { afterAll, assert, layer, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Reactivity from "effect/reactivity/Reactivity";

// Thousands of attempts, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const reports: Array<Isolation.Report> = [];

afterAll(() => console.log(Isolation.report(reports)));

const administrator = Effect.gen(function* () {
  const { adminUrl } = yield* TestDatabase;
  return Isolation.administrator(yield* connect(adminUrl));
});

/** Runs the suite one way, and demands that every attack was refused and every right granted. */
const examined = Effect.fnUntraced(function* (options: Isolation.Options & Isolation.Way) {
  const report = yield* Isolation.examine(options);
  reports.push(report);
  yield* Isolation.assertIsolated(report);
  return report;
});

/** A pool without pipelining, as `IamDb` has it with. */
const unpipelined = Effect.gen(function* () {
  const { appUrl } = yield* TestDatabase;
  return yield* Pg.make({ url: appUrl, maxConnections: 4, multiplex: false });
}).pipe(Effect.provide(Reactivity.layer));

const few = IamTest.configured({ IAM_DATABASE_CONNECTIONS: "4" });

layer(Layer.provideMerge(few, TestDatabase.layer()), { excludeTestServices: true })("on PostgreSQL 18", (it) => {
  it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
    Effect.gen(function* () {
      const admin = yield* administrator;
      const direct = { admin, way: "PostgreSQL 18", tenants: 3, concurrency: 4 };
      const report = yield* examined(direct).pipe(Effect.provideServiceEffect(Pg.PgClient, unpipelined));
      for (const { attacks, kind, rights } of report.lines) {
        assert.isAbove(attacks, 10);
        // The services have few functions, and everybody else none.
        assert.isAbove(rights, kind === "a function closed to tenants" ? 1 : 10);
      }

      const tables = (kind: string) => [...report.tables].flatMap(([table, of]) => (of === kind ? [table] : []));
      assert.includeMembers(tables("kept apart"), ["iam_members", "iam_teams", "iam_team_members"]);
      assert.includeMembers(tables("closed to tenants"), ["iam_sessions", "iam_accounts", "drizzle.iam_migrations"]);
      assert.deepStrictEqual(tables("a policy of its own"), [
        "iam_organizations",
        "iam_policy_revisions",
        "iam_relation_nestings",
        "iam_relations",
        "iam_users",
      ]);
    }),
  );
  it.effect("TEN-1, TEN-2: nor when statements of several tenants are on their way at once, on few connections", () =>
    Effect.gen(function* () {
      const admin = yield* administrator;
      yield* examined({ admin, way: "PostgreSQL 18, pipelined", concurrency: 12 });
    }),
  );
});

layer(IamTest.embedded, { excludeTestServices: true })("on the embedded database", (it) => {
  it.effect("TEN-1, TEN-2: no tenant reaches another's rows, and outside a scope nobody sees any", () =>
    Effect.gen(function* () {
      const admin = Isolation.administratorOfEmbedded(yield* Pg.PgClient);
      yield* examined({ admin, way: "embedded", tenants: 2 });
    }),
  );
});
