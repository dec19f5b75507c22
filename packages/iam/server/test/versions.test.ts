/** What the row triggers keep true, whoever writes: drizzle, SQL by hand, Better Auth. */
import { SqlState } from "@beep/db-admin";
import { Auth, IamDb, Tenancy, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Race, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { asService } from "../src/tenancy/asService.ts";

const { member, organization, user } = IamDbSchema;

/** A user and an organization of theirs. */
const prepared = Effect.fnUntraced(function* (name: string) {
  const owner = yield* IamTest.signedUp(name);
  return { owner, organization: yield* IamTest.organizationOf(owner, name) };
});

const readUser = Effect.fnUntraced(function* (id: SharedEntityIds.UserId) {
  const { db } = yield* IamDb.IamDb;
  const [row] = yield* asService(db.select().from(user).where(eq(user.id, id)));
  return row ?? (yield* Effect.die("There is no such user."));
});

const admin = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

layer(IamTest.postgres())((it) => {
  it.effect("ALN-6: updated_at and version move on every update, from drizzle, SQL by hand and Better Auth", () =>
    Effect.gen(function* () {
      const { owner, organization: acme } = yield* prepared("everybody");
      const { db } = yield* IamDb.IamDb;
      const { api } = yield* Auth.Auth;
      const client = yield* PgClient;
      const superuser = yield* admin;
      const uuid = SharedEntityIds.UserId.toUuid(owner.id);
      const past = new Date(0);

      const updates = {
        drizzle: asService(db.update(user).set({ name: "a" }).where(eq(user.id, owner.id))),
        "drizzle, stating another time": asService(
          db.update(user).set({ name: "b", updatedAt: past }).where(eq(user.id, owner.id)),
        ),
        "drizzle, as an upsert": asService(
          db
            .insert(user)
            .values({ id: owner.id, name: "c", email: owner.email })
            .onConflictDoUpdate({ target: user.id, set: { name: "c" } }),
        ),
        SQL: asService(client`update iam_users set name = 'd' where id = ${uuid}`),
        "SQL that changes nothing": asService(client`update iam_users set name = name where id = ${uuid}`),
        "a superuser": superuser`update iam_users set name = 'e', updated_at = ${past} where id = ${uuid}`,
        "Better Auth": api.updateUser({ headers: owner.headers, body: { name: "f" } }),
      };
      for (const [by, update] of Object.entries(updates)) {
        const before = yield* readUser(owner.id);
        yield* update;
        const after = yield* readUser(owner.id);
        assert.strictEqual(after.version, before.version + 1, by);
        assert.isAbove(after.updatedAt.getTime(), before.updatedAt.getTime(), by);
        assert.closeTo(after.updatedAt.getTime(), Date.now(), 10_000, by);
      }

      const readOrganization = asService(db.select().from(organization).where(eq(organization.id, acme.id)));
      const [before] = yield* readOrganization;
      yield* api.updateOrganization({ headers: owner.headers, body: { organizationId: acme.id, data: { name: "x" } } });
      const [after] = yield* readOrganization;
      assert.strictEqual(after?.version, (before?.version ?? 0) + 1);
      assert.isAbove(after?.updatedAt.getTime() ?? 0, before?.updatedAt.getTime() ?? Number.NaN);
    }),
  );

  it.effect("ALN-6: several updates in one transaction each move them", () =>
    Effect.gen(function* () {
      const { owner } = yield* prepared("several");
      const { db } = yield* IamDb.IamDb;
      const before = yield* readUser(owner.id);
      const moved = yield* asService(
        Effect.forEach(["a", "b", "c"], (name) =>
          db.update(user).set({ name }).where(eq(user.id, owner.id)).returning({
            version: user.version,
            updatedAt: user.updatedAt,
          }),
        ),
      );
      const rows = [before, ...moved.flat()];
      assert.deepStrictEqual(
        rows.map((row) => row.version - before.version),
        [0, 1, 2, 3],
      );
      const times = rows.map((row) => row.updatedAt.getTime());
      assert.deepStrictEqual(
        times,
        [...new Set(times)].toSorted((a, b) => a - b),
      );
    }),
  );

  it.effect("ALN-6: an update with a stale version fails with the typed error, and changes nothing", () =>
    Effect.gen(function* () {
      const { organization: acme } = yield* prepared("stale");
      const { db } = yield* IamDb.IamDb;
      const within = Tenancy.within(acme.id);
      const read = within(db.select().from(member).where(eq(member.id, acme.memberId)));
      const update = (version: number, role: string) =>
        within(db.update(member).set({ role, version }).where(eq(member.id, acme.memberId))).pipe(Transaction.orStale);

      const [first] = yield* read;
      const version = first?.version ?? Number.NaN;
      yield* update(version, "admin");
      const [second] = yield* read;
      for (const stale of [version, version + 2, 0]) {
        const error = yield* Effect.flip(update(stale, "member"));
        assert.deepInclude(error, { _tag: "StaleVersion", code: "STALE_VERSION" });
      }
      assert.deepStrictEqual(yield* read, second === undefined ? [] : [second]);
      assert.deepInclude(second, { role: "admin", version: version + 1 });
      yield* update(version + 1, "owner");
    }),
  );

  it.effect("ALN-6: of two updates at once that state the same version one wins", () =>
    Effect.gen(function* () {
      const { owner } = yield* prepared("race");
      const { appUrl } = yield* TestDatabase;
      const [left, right, observer] = yield* Effect.all([connect(appUrl), connect(appUrl), admin]);
      const uuid = SharedEntityIds.UserId.toUuid(owner.id);
      let version = 0;
      const rename =
        (client: PgClient, name: string): Race.Side<void, unknown, never> =>
        (pause) =>
          Effect.gen(function* () {
            yield* client`set local role iam_service`;
            yield* client`update iam_users set name = ${name}, version = ${version} where id = ${uuid}`;
            yield* pause;
          }).pipe(client.withTransaction, Transaction.orStale);
      const names: Array<string> = [];
      const ends = yield* Race.bothOrders(rename(left, "left"), rename(right, "right"), {
        prepare: Effect.map(Effect.orDie(readUser(owner.id)), (row) => {
          version = row.version;
          names.push(row.name);
        }),
        blocked: Race.untilAnyBlocked(observer),
      });
      names.push((yield* readUser(owner.id)).name);

      for (const [winner, loser] of [
        [ends.leftFirst.left, ends.leftFirst.right],
        [ends.rightFirst.right, ends.rightFirst.left],
      ] as const) {
        assert.isTrue(Exit.isSuccess(winner));
        assert.propertyVal(yield* Effect.flip(loser), "_tag", "StaleVersion");
      }
      assert.isTrue(ends.leftFirst.waited && ends.rightFirst.waited);
      assert.deepStrictEqual(names, ["race", "left", "right"]);
      assert.strictEqual((yield* readUser(owner.id)).version, version + 1);
    }),
  );

  it.effect("ALN-6: a partial update leaves the other columns alone", () =>
    Effect.gen(function* () {
      const { owner } = yield* prepared("partial");
      const { db } = yield* IamDb.IamDb;
      const { api } = yield* Auth.Auth;
      yield* asService(
        db
          .update(user)
          .set({ image: "i", banReason: "r", banExpires: new Date(1e12) })
          .where(eq(user.id, owner.id)),
      );
      const before = yield* readUser(owner.id);
      yield* asService(db.update(user).set({ image: null }).where(eq(user.id, owner.id)));
      const { updatedAt, version, ...after } = yield* readUser(owner.id);
      assert.deepStrictEqual(
        { ...before, image: null },
        { ...after, updatedAt: before.updatedAt, version: before.version },
      );
      yield* api.updateUser({ headers: owner.headers, body: { name: "g" } });
      const last = yield* readUser(owner.id);
      assert.deepStrictEqual({ ...after, name: "g", updatedAt, version }, { ...last, updatedAt, version });
    }),
  );

  it.effect("ALN-6: id, created_at and organization_id are given once", () =>
    Effect.gen(function* () {
      const { organization: acme } = yield* prepared("once");
      const { organization: other } = yield* prepared("elsewhere");
      const { db } = yield* IamDb.IamDb;
      const changes = [
        { id: IamDbSchema.member.id.defaultFn?.() },
        { createdAt: new Date(0) },
        { organizationId: other.id },
      ];
      const read = asService(db.select().from(member).where(eq(member.id, acme.memberId)));
      const before = yield* read;
      for (const change of changes) {
        // What no model lets an update say.
        const values = change as Partial<typeof member.$inferInsert>;
        const update = db.update(member).set(values).where(eq(member.id, acme.memberId));
        for (const refused of [Effect.flip(asService(update)), Effect.flip(Tenancy.within(acme.id)(update))]) {
          assert.strictEqual(SqlState.of(yield* refused), "IA002");
        }
      }
      assert.deepStrictEqual(yield* read, before);
      // Writing what is there already is no change of it.
      const [row] = before;
      if (row === undefined) return yield* Effect.die("There is no such member.");
      const { createdAt, id, organizationId } = row;
      yield* asService(db.update(member).set({ createdAt, id, organizationId }).where(eq(member.id, id)));
      assert.propertyVal((yield* read)[0], "version", row.version + 1);
    }),
  );

  it.effect("ALN-6: without its trigger none of that holds", () =>
    Effect.gen(function* () {
      yield* prepared("control");
      const client = yield* admin;

      /** What is true of updates, each asked in a savepoint that is undone. */
      const holds = (statement: string, accept: (row: { was: number; is: number } | undefined) => boolean) =>
        Effect.gen(function* () {
          const [row] = yield* client.unsafe<{ was: number; is: number }>(statement);
          return yield* Effect.fail({ _tag: "Undo" as const, row });
        }).pipe(
          client.withTransaction,
          Effect.catchTag("Undo", ({ row }) => Effect.succeed(accept(row))),
          Effect.catchTag("SqlError", () => Effect.succeed(accept(undefined))),
        );
      const updated = (set: string) => `
        with before as (select id, version from iam_members limit 1)
        update iam_members m set ${set} from before where m.id = before.id returning before.version as was, m.version as is`;
      const refused = (row: unknown) => row === undefined;
      const questions = {
        "the version moves": holds(updated("role = 'x'"), (row) => row?.is === (row?.was ?? Number.NaN) + 1),
        "a stale version is refused": holds(updated("version = 7"), refused),
        "an id is given once": holds(updated("id = gen_random_uuid()"), refused),
        "the creation is given once": holds(updated("created_at = 'epoch'"), refused),
        "the organization is given once": holds(
          `with other as (insert into iam_organizations (id, name, slug) values (gen_random_uuid(), 'n', 's') returning id),
             before as (select m.id, m.version, other.id as organization from iam_members m, other limit 1)
           update iam_members m set organization_id = before.organization from before where m.id = before.id
           returning before.version as was, m.version as is`,
          refused,
        ),
      };
      const answers = Effect.all(questions);
      const kept = {
        "the version moves": true,
        "a stale version is refused": true,
        "an id is given once": true,
        "the creation is given once": true,
        "the organization is given once": true,
      };
      assert.deepStrictEqual(yield* answers, kept);

      const without = (trigger: string) =>
        Effect.acquireUseRelease(
          client.unsafe(`alter table iam_members disable trigger ${trigger}`),
          () => answers,
          () => Effect.orDie(client.unsafe(`alter table iam_members enable trigger ${trigger}`)),
        );
      assert.deepStrictEqual(yield* without("iam_touch_row"), {
        ...kept,
        "the version moves": false,
        "a stale version is refused": false,
      });
      assert.deepStrictEqual(yield* without("iam_given_once"), {
        ...kept,
        "an id is given once": false,
        "the creation is given once": false,
        "the organization is given once": false,
      });
    }),
  );
});
