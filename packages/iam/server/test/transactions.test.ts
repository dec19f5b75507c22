import { SqlState } from "@beep/db-admin";
import { Auth, IamDb, Tenancy, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, Race, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { BeginTransaction } from "effect/sql/SqlClient";

const { notificationPreference } = IamDbSchema;

const channels = Effect.gen(function* () {
  const { db } = yield* IamDb.IamDb;
  const rows = yield* db.select({ channel: notificationPreference.channel }).from(notificationPreference);
  return rows.map((row) => row.channel).toSorted();
});

const prefer = (channel: string) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) => db.insert(notificationPreference).values({ channel }));

for (const database of IamTest.databases) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("DB-1: failure, defect and interruption roll back, and a nested failure undoes its own part only", () =>
      Effect.gen(function* () {
        const ann = yield* IamTest.signedUp("ann");
        const { id } = yield* IamTest.organizationOf(ann, "acme");
        const within = Tenancy.within(id);

        assert.isTrue(Exit.isFailure(yield* Effect.exit(within(Effect.andThen(prefer("a"), Effect.fail("no"))))));
        assert.isTrue(Exit.isFailure(yield* Effect.exit(within(Effect.andThen(prefer("b"), Effect.die("no"))))));
        const written = yield* Deferred.make<void>();
        const fiber = yield* Effect.forkChild(
          within(prefer("c").pipe(Effect.andThen(Deferred.succeed(written, undefined)), Effect.andThen(Effect.never))),
        );
        yield* Deferred.await(written);
        yield* Fiber.interrupt(fiber);
        assert.deepStrictEqual(yield* within(channels), []);

        yield* within(
          Effect.gen(function* () {
            yield* prefer("kept");
            yield* Effect.exit(within(Effect.andThen(prefer("undone"), Effect.fail("no"))));
            yield* prefer("also kept");
          }),
        );
        assert.deepStrictEqual(yield* within(channels), ["also kept", "kept"]);
      }),
    );

    it.effect("DB-1: what Better Auth does in a transaction is undone with it", () =>
      Effect.gen(function* () {
        const bob = yield* IamTest.signedUp("bob");
        const client = yield* PgClient;
        const { api } = yield* Auth.Auth;
        const exit = yield* Effect.exit(
          client.withTransaction(
            Effect.gen(function* () {
              yield* IamTest.organizationOf(bob, "undone");
              assert.lengthOf(yield* api.listOrganizations({ headers: bob.headers }), 1);
              return yield* Effect.fail("no");
            }),
          ),
        );
        assert.deepStrictEqual(exit, Exit.fail("no"));
        assert.lengthOf(yield* api.listOrganizations({ headers: bob.headers }), 0);
      }),
    );

    it.effect("DB-1: Better Auth called inside a tenant's scope does its work, and the scope is as before", () =>
      Effect.gen(function* () {
        const eve = yield* IamTest.signedUp("eve");
        const { id, memberId } = yield* IamTest.organizationOf(eve, "eve");
        const { session } = yield* Auth.Auth;
        const { db } = yield* IamDb.IamDb;
        yield* Tenancy.within(id)(
          Effect.gen(function* () {
            assert.isTrue((yield* session(eve.headers))._tag === "Some");
            const members = yield* db.select({ id: IamDbSchema.member.id }).from(IamDbSchema.member);
            assert.deepStrictEqual(members, [{ id: memberId }]);
          }),
        );
      }),
    );
  });
}

for (const { name, layer: services } of [{ name: "PostgreSQL", layer: IamTest.postgres() }, ...IamTest.poolers]) {
  layer(services, { excludeTestServices: true })(`two connections on ${name}`, (it) => {
    /** Sessions of the application's pool that are inside a transaction. */
    const busySessions = Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const rows = yield* admin<{ pid: number }>`
      select pid from pg_stat_activity
      where datname = current_database() and application_name in ('iam', 'iam-service') and state <> 'idle'`;
      return rows.map((row) => row.pid);
    }).pipe(Effect.scoped);

    it.effect("DB-2: interruption, timeout and a terminated session leave the pool at its size", () =>
      Effect.gen(function* () {
        const client = yield* PgClient;
        const { adminUrl } = yield* TestDatabase;
        const admin = yield* connect(adminUrl);
        const sleeping = Effect.forEach(
          [1, 2, 3, 4, 5, 6, 7, 8],
          () =>
            Effect.gen(function* () {
              const running = yield* Deferred.make<number>();
              const fiber = yield* Effect.forkChild(
                client.withTransaction(
                  Effect.gen(function* () {
                    yield* Deferred.succeed(running, yield* Race.backendPid(client));
                    yield* client`select pg_sleep(60)`;
                  }),
                ),
              );
              return { fiber, pid: yield* Deferred.await(running) };
            }),
          { concurrency: "unbounded" },
        );

        for (const { fiber } of yield* sleeping) yield* Fiber.interrupt(fiber);
        assert.deepStrictEqual(yield* busySessions, []);

        const terminated = yield* sleeping;

        for (const { pid } of terminated) yield* admin`select pg_terminate_backend(${pid})`;
        for (const { fiber } of terminated) assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)));

        // All eight connections can be had at once again: each waits until all are there. In the moment after its end was
        // told, a session may still be handed out, and then fails at once; that is nobody's leak.
        const all = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => Deferred.make<void>());
        const pids = yield* Effect.forEach(
          all,
          (arrived) =>
            client
              .withTransaction(
                Effect.gen(function* () {
                  const pid = yield* Race.backendPid(client);
                  yield* Deferred.succeed(arrived, undefined);
                  yield* Effect.forEach(all, Deferred.await);
                  return pid;
                }),
              )
              .pipe(Effect.retry({ times: 8, while: SqlState.isConnectionLoss })),
          { concurrency: "unbounded" },
        );
        assert.strictEqual(new Set(pids).size, 8);
      }),
    );

    it.effect("DB-3: a serialization failure is tried again, and both changes are there", () =>
      Effect.gen(function* () {
        const { db } = yield* IamDb.IamDb;
        const client = yield* PgClient;
        const ann = yield* IamTest.signedUp("ann");
        const { id } = yield* IamTest.organizationOf(ann, "acme");
        yield* Tenancy.within(id)(Effect.andThen(prefer("left"), prefer("right")));
        let attempts = 0;

        // Each side sees how many are enabled and then disables its own: in some order, the second sees one less.
        const disable = (channel: string) => (pause: Effect.Effect<void>) =>
          Tenancy.within(id)(
            Effect.gen(function* () {
              attempts++;
              const enabled = yield* db
                .select({ id: notificationPreference.id })
                .from(notificationPreference)
                .where(eq(notificationPreference.enabled, true));
              yield* pause;
              yield* db
                .update(notificationPreference)
                .set({ enabled: false })
                .where(eq(notificationPreference.channel, channel));
              return enabled.length;
            }),
          ).pipe(Effect.provideService(BeginTransaction, "BEGIN ISOLATION LEVEL SERIALIZABLE"), Transaction.retry);
        const enableAll = Tenancy.within(id)(db.update(notificationPreference).set({ enabled: true }));

        const orders = yield* Race.bothOrders(disable("left"), disable("right"), { prepare: enableAll });
        for (const { left, right } of Object.values(orders)) {
          const seen = [left, right].map((exit) => (Exit.isSuccess(exit) ? exit.value : exit));
          assert.sameMembers(seen, [1, 2]);
        }
        assert.isAbove(attempts, 4);
        assert.isFalse(yield* Transaction.isOpen(client));
      }),
    );

    it.effect("DB-3: a deadlock is tried again", () =>
      Effect.gen(function* () {
        const { db } = yield* IamDb.IamDb;
        const ann = yield* IamTest.signedUp("deadlock");
        const { id } = yield* IamTest.organizationOf(ann, "deadlock");
        yield* Tenancy.within(id)(Effect.andThen(prefer("left"), prefer("right")));
        const { adminUrl } = yield* TestDatabase;
        const admin = yield* connect(adminUrl);
        const touch = (channel: string) =>
          db.update(notificationPreference).set({ enabled: false }).where(eq(notificationPreference.channel, channel));
        const both = (first: string, second: string) => (pause: Effect.Effect<void>) =>
          Transaction.retry(
            Tenancy.within(id)(touch(first).pipe(Effect.andThen(pause), Effect.andThen(touch(second)))),
          );
        const orders = yield* Race.bothOrders(both("left", "right"), both("right", "left"), {
          blocked: Race.untilAnyBlocked(admin),
        });
        for (const { left, right } of Object.values(orders)) {
          assert.isTrue(Exit.isSuccess(left) && Exit.isSuccess(right));
        }
      }),
    );
  });
}
