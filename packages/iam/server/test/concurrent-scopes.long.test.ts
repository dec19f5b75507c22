/** What runs at once in one transaction: a scope that is nested in it must not lend its role to what runs beside it. */
import { Auth, IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";

const { member, notificationPreference } = IamDbSchema;

const tenants = Effect.gen(function* () {
  const ann = yield* IamTest.signedUp(`ann${crypto.randomUUID().slice(0, 8)}`);
  const bob = yield* IamTest.signedUp(`bob${crypto.randomUUID().slice(0, 8)}`);
  const acme = yield* IamTest.organizationOf(ann, `acme-${crypto.randomUUID()}`);
  const other = yield* IamTest.organizationOf(bob, `other-${crypto.randomUUID()}`);
  const { db } = yield* IamDb.IamDb;
  for (const { id } of [acme, other]) {
    yield* Tenancy.within(id)(db.insert(notificationPreference).values({ channel: "mail" }));
  }
  return { ann, acme, other, db };
});

const many = Array.from({ length: 40 });
const unbounded = { concurrency: "unbounded" } as const;

for (const database of IamTest.databases) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("TEN-2: statements beside a call of Better Auth see their tenant and no other", () =>
      Effect.gen(function* () {
        const { ann, acme, other, db } = yield* tenants;
        const { api, session } = yield* Auth.Auth;
        const { headers } = ann;
        const seen = yield* Tenancy.within(acme.id)(
          Effect.gen(function* () {
            // One after the other on each side, so that some of every side fall between the steps of the others.
            const beside = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
              Effect.forEach([1, 2, 3], () => Effect.forEach(many, () => effect), unbounded);
            const calls = Effect.forEach(many, () =>
              Effect.all([session(headers), api.listOrganizations({ headers })]),
            );
            const reads = beside(db.select({ id: member.organizationId }).from(member));
            const writes = beside(db.update(notificationPreference).set({ enabled: false }));
            const [, rows] = yield* Effect.all([calls, reads, writes], unbounded);
            return new Set(rows.flat(2).map((row) => row.id));
          }),
        );
        assert.deepStrictEqual([...seen], [acme.id]);
        const untouched = yield* Tenancy.within(other.id)(db.select().from(notificationPreference));
        assert.deepStrictEqual(
          untouched.map((row) => row.enabled),
          [true],
        );
      }),
    );

    it.effect("DB-1: what a nested part undoes is its own, whatever ran beside it", () =>
      Effect.gen(function* () {
        const { ann, acme, db } = yield* tenants;
        const { api } = yield* Auth.Auth;
        const client = yield* PgClient;
        const refused = api.setActiveOrganization({
          headers: ann.headers,
          body: { organizationId: "nonsense" as typeof acme.id },
        });
        const failing = client.withTransaction(
          Effect.andThen(db.insert(notificationPreference).values({ channel: "undone" }), Effect.fail("no")),
        );
        yield* Tenancy.within(acme.id)(
          Effect.all(
            [
              Effect.exit(refused),
              Effect.exit(failing),
              Effect.forEach(
                many,
                (_, index) => db.insert(notificationPreference).values({ channel: `kept ${index}` }),
                unbounded,
              ),
            ],
            unbounded,
          ),
        );
        const rows = yield* Tenancy.within(acme.id)(db.select().from(notificationPreference));
        assert.lengthOf(rows, many.length + 1);
      }),
    );

    it.effect("TEN-2: a scope is not remembered where its transaction is over", () =>
      Effect.gen(function* () {
        const { acme, other, db } = yield* tenants;
        const client = yield* PgClient;
        const afterwards: Array<unknown> = [];
        const elsewhere = Tenancy.within(other.id)(db.select({ id: member.organizationId }).from(member)).pipe(
          Effect.tap((rows) => Effect.sync(() => afterwards.push(...rows))),
          Effect.exit,
        );
        yield* Tenancy.within(acme.id)(client.afterCommit(Effect.asVoid(elsewhere)));
        assert.deepStrictEqual(afterwards, [{ id: other.id }]);
        assert.isTrue(Exit.isSuccess(yield* elsewhere));
      }),
    );
  });
}
