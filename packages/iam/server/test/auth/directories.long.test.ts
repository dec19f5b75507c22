/** Directories, and two processes on one database: races, and the end of a connection. */
import { Auth, Directories } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import {
  type Answer,
  connected,
  directory,
  groupOf,
  made,
  patchOf,
  refusal,
  Served,
  setActive,
  userOf,
} from "./directory.ts";

/** What another process has: its address, and its service. */
class Other extends Context.Service<Other, { readonly url: string; readonly api: Auth.Auth["Service"]["api"] }>()(
  "test/auth/Other",
) {
  // It maps groups otherwise: by the directory's own id.
  static readonly layer = Layer.effect(
    Other,
    Effect.gen(function* () {
      const { url } = yield* Served;
      const { api } = yield* Auth.Auth;
      return { url, api };
    }),
  ).pipe(
    Layer.provide(Layer.fresh(Served.layer)),
    Layer.provide(
      Layer.succeed(Directories.GroupRoles, ({ externalId }) =>
        Effect.succeed(externalId === "00g1" ? ["admin", "owner", "unheard-of"] : []),
      ),
    ),
  );
}

const services = Layer.merge(Served.layer, Other.layer).pipe(Layer.provideMerge(TestDatabase.layer()));

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/** Runs two effects at once, both held up at the table until both wait, whatever for. */
const held = Effect.fnUntraced(function* <A, E, R>(
  sql: PgClient,
  table: string,
  sides: ReadonlyArray<Effect.Effect<A, E, R>>,
) {
  const fibers = yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`lock table ${sql(table)} in share mode`;
      const started = yield* Effect.forEach(sides, (side) => Effect.forkChild(side));
      for (let waiting = 0; waiting < sides.length; ) {
        const [found] = yield* sql<{ count: number }>`
          select count(distinct pid)::int as count from pg_sleep(0.002), pg_locks where not granted`;
        waiting = found?.count ?? 0;
      }
      return started;
    }),
  );
  return yield* Fiber.joinAll(fibers);
});

const statuses = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status).toSorted();

/** An organization, and who owns it. */
const organization = Effect.fnUntraced(function* (slug: string) {
  const { api } = yield* Auth.Auth;
  const { user } = yield* api.createUser({ body: { name: slug, email: `owner@${slug}.example` } });
  const { id } = yield* api.createOrganization({ body: { name: slug, slug, userId: user.id } });
  return { id, uuid: SharedEntityIds.OrganizationId.toUuid(id), ownerId: SharedEntityIds.UserId.toUuid(user.id) };
});

layer(services, { excludeTestServices: true })("two processes", (it) => {
  it.effect("AUTH-8: of two creations at once one is, and the other is told of it", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { id } = yield* organization("creations");
      const { token } = yield* connected(id);
      const here = directory((yield* Served).url, token);
      const there = directory((yield* Other).url, token);
      // The first requests of a connection, too, are at the same time.
      assert.deepStrictEqual(
        statuses(yield* held(sql, "iam_scim_connection_bindings", [here("GET", "/Users"), there("GET", "/Users")])),
        [200, 200],
      );
      for (const [table, path, body] of [
        ["iam_users", "/Users", userOf("twin")],
        ["iam_scim_groups", "/Groups", groupOf("Twins")],
      ] as const) {
        const answers = yield* held(sql, table, [here("POST", path, body), there("POST", path, body)]);
        assert.deepStrictEqual(statuses(answers), [201, 409]);
        assert.include(
          answers.map((answer) => refusal(answer).scimType),
          "uniqueness",
        );
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-8: two owners whom their directory lets go at once do not leave the organization without one", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { id, ownerId, uuid } = yield* organization("owners");
      const { token } = yield* connected(id);
      const here = directory((yield* Served).url, token);
      const there = directory((yield* Other).url, token);
      const [one, two] = [
        made(yield* here("POST", "/Users", userOf("una"))),
        made(yield* here("POST", "/Users", userOf("duo"))),
      ];
      yield* sql`update iam_members set role = 'owner' where organization_id = ${uuid}`;
      yield* sql`delete from iam_members where user_id = ${ownerId}`;
      const answers = yield* held(sql, "iam_members", [
        here("PATCH", `/Users/${one}`, setActive(false)),
        there("PATCH", `/Users/${two}`, setActive(false)),
      ]);
      assert.deepStrictEqual(statuses(answers), [200, 200]);
      const left = yield* sql`select role from iam_members where organization_id = ${uuid}`;
      assert.deepStrictEqual(left, [{ role: "owner" }]);
    }).pipe(Effect.scoped),
  );

  it.effect("DIR-1: groups give the roles that the application says, and what it says anew is given by a replay", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { api } = yield* Other;
      const { id, uuid } = yield* organization("groups");
      const ask = directory((yield* Served).url, (yield* connected(id)).token);
      const gil = made(yield* ask("POST", "/Users", userOf("gil")));
      const group = { ...groupOf("Cloud admins", [gil]), externalId: "00g1" };
      made(yield* ask("POST", "/Groups", group));
      const role = sql`select m.role from iam_members m join iam_users u on u.id = m.user_id
        where m.organization_id = ${uuid} and u.email = 'gil@example.com'`;
      assert.deepStrictEqual(yield* role, [{ role: "member" }]);
      yield* api.reconcileSCIMProjection({ body: { provisioningDomainId: id } });
      assert.deepStrictEqual(yield* role, [{ role: "admin" }]);
    }).pipe(Effect.scoped),
  );

  it.effect(
    "DIR-1: a connection's end goes on where it broke off, in one process at a time, and nothing of it stays",
    () =>
      Effect.gen(function* () {
        const sql = yield* superuser;
        const { api } = yield* Auth.Auth;
        const other = yield* Other;
        const { url } = yield* Served;
        const { id, uuid } = yield* organization("ending");
        const { connection, token } = yield* connected(id);
        const ask = directory(url, token);
        // Fifty are done at a time.
        const names = Array.from({ length: 60 }, (_, index) => `leaver-${index}`);
        const users = yield* Effect.forEach(names, (name) => ask("POST", "/Users", userOf(name)), { concurrency: 4 });
        assert.lengthOf(users.map(made), 60);
        const members = sql`select count(*)::int as count from iam_members where organization_id = ${uuid}`;
        const ending = { body: { connectionId: connection.connectionId, provisioningDomainId: id, actorId: "test" } };

        // The second fifty cannot be done: the last user's membership cannot be removed.
        const [last] = yield* sql<{ id: string }>`
        select m.id from iam_members m where m.organization_id = ${uuid} order by m.user_id desc limit 1`;
        yield* sql`create function stuck() returns trigger language plpgsql as $$ begin raise 'stuck'; end $$`;
        yield* sql.unsafe(
          `create trigger stuck before delete on iam_members for each row when (old.id = '${last?.id}') execute function stuck()`,
        );
        assert.strictEqual((yield* Effect.exit(api.decommissionSCIMManagedConnection(ending)))._tag, "Failure");
        // The owner is one of them all.
        assert.deepStrictEqual(yield* members, [{ count: 11 }]);
        assert.strictEqual((yield* ask("GET", "/Users")).status, 401);
        yield* sql`drop function stuck() cascade`;

        // While another process is at it, one waits for its lease.
        const leased = (until: string) =>
          sql`update iam_scim_connection_bindings set decommission_lease_id = 'another', decommission_lease_expires_at = now() + ${until}::interval
          where connection_id = ${connection.connectionId}`;
        yield* leased("1 minute");
        const waiting = yield* other.api.decommissionSCIMManagedConnection(ending);
        assert.strictEqual(waiting.decommission.status, "reconciling");
        assert.isNotNull(waiting.decommission.retryAfter);
        assert.deepStrictEqual(yield* members, [{ count: 11 }]);
        yield* leased("-1 second");
        const { connection: ended, decommission } = yield* other.api.decommissionSCIMManagedConnection(ending);
        assert.deepStrictEqual([ended.status, decommission.status], ["decommissioned", "complete"]);
        assert.deepStrictEqual(yield* members, [{ count: 1 }]);
        const [{ count } = { count: 0 }] = yield* sql<{ count: number }>`
        select count(*)::int as count from iam_scim_subjects s join iam_users u on u.id = s.user_id
        where u.email like 'leaver-%' and s.deactivated`;
        assert.strictEqual(count, 60);
        const { events } = yield* api.listSCIMManagedConnectionEvents(ending);
        assert.deepStrictEqual(
          events.map(({ type }) => type),
          ["connection.created", "credential.issued", "connection.decommissioning", "connection.decommissioned"],
        );
      }).pipe(Effect.scoped),
  );

  it.effect("DIR-1: with an organization all that its directories said is gone", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { url } = yield* Served;
      const { id, uuid } = yield* organization("deleted");
      const ask = directory(url, (yield* connected(id)).token);
      const mia = made(yield* ask("POST", "/Users", userOf("mia")));
      made(yield* ask("POST", "/Groups", groupOf("Members", [mia])));
      assert.strictEqual(
        (yield* ask("PATCH", `/Users/${mia}`, patchOf({ op: "replace", path: "title", value: "Dr" }))).status,
        200,
      );
      yield* sql`delete from iam_organizations where id = ${uuid}`;
      assert.strictEqual((yield* ask("GET", "/Users")).status, 401);
      const left = yield* sql`select count(*)::int as count from iam_scim_users where provisioning_domain_id = ${uuid}`;
      assert.deepStrictEqual(left, [{ count: 0 }]);
    }).pipe(Effect.scoped),
  );
});
