/** Directories: Better Auth's own SCIM suite, and what directories may do to members and their accounts. */
import { Auth } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { runSCIMLifecycle, type SCIMLifecycleCheckpoint } from "@better-auth/test-utils/scim";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { connected, Served } from "./directory.ts";

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/** What the database has of a user: the role in the organization, and what else a directory leaves. */
const stateOf = Effect.fnUntraced(function* (sql: PgClient, email: string, organizationId: string) {
  const [found] = yield* sql<Readonly<Record<string, unknown>>>`
    select
      m.role, given.given, given.roles,
      (select count(*)::int from iam_scim_projection_grants g where g.user_id = u.id) as grants,
      (select count(*)::int from iam_scim_identity_tombstones t where t.user_id = u.id) as tombstones,
      s.managed, s.deactivated
    from iam_users u
    left join iam_members m on m.user_id = u.id and m.organization_id = ${SharedEntityIds.OrganizationId.toUuid(organizationId)}
    left join iam_scim_memberships given on given.member_id = m.id
    left join iam_scim_subjects s on s.user_id = u.id
    where u.email = ${email}`;
  return found;
});

const written = [
  "iam_members",
  "iam_users",
  "iam_scim_connection_bindings",
  "iam_scim_groups",
  "iam_scim_group_members",
  "iam_scim_memberships",
  "iam_scim_projection_grants",
  "iam_scim_subjects",
  "iam_scim_users",
];

/** Every row that a directory's request may write, versions included. */
const allOf = (sql: PgClient) =>
  Effect.forEach(written, (table) => sql`select to_jsonb(t) as row from ${sql(table)} t order by t.id`);

const FINANCE = "finance administrators";
const nothing = { role: null, given: null, roles: null, grants: 0, tombstones: 0, managed: true, deactivated: true };
const member = { ...nothing, role: "member", given: true, roles: "", deactivated: false };
const finance = { ...member, role: FINANCE, roles: FINANCE, grants: 1 };
const gone = { ...nothing, tombstones: 1 };

/** What the database must have at each checkpoint of the suite. */
const expected: Readonly<Record<SCIMLifecycleCheckpoint, unknown>> = {
  "group-created": member,
  "failed-add-rolled-back": member,
  "member-added": finance,
  "okta-member-removed": member,
  "entra-member-removed": member,
  "member-restored": finance,
  "user-deactivated": nothing,
  "user-reactivated": finance,
  "populated-user-deleted": gone,
  "user-reprovisioned": member,
  "reprovisioned-member-added": finance,
  "populated-group-deleted": member,
  "lifecycle-complete": gone,
};

layer(Served.layer.pipe(Layer.provideMerge(TestDatabase.layer())), { excludeTestServices: true })("by SCIM", (it) => {
  it.effect("DIR-1: Better Auth's lifecycle suite passes, failure included, and the database has it at every checkpoint", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const sql = yield* superuser;
      const { headers } = yield* IamTest.signedUp("ann");
      const { id: organizationId } = yield* IamTest.organizationOf({ headers }, "acme");
      const permission = { team: ["create"] };
      yield* api.createOrgRole({ headers, body: { role: FINANCE, permission, organizationId } });
      const { token } = yield* connected(organizationId);

      // The database refuses the change of the role, which is the last thing that the suite's failing request writes.
      let before: unknown;
      const breaking = Effect.gen(function* () {
        yield* sql`create function broken() returns trigger language plpgsql as $$ begin raise 'broken'; end $$`;
        yield* sql`create trigger broken before update on iam_members for each row execute function broken()`;
        before = yield* allOf(sql);
      });
      const mended = Effect.gen(function* () {
        assert.deepStrictEqual(yield* allOf(sql), before);
        yield* sql`drop function broken() cascade`;
      });

      const seen: Array<unknown> = [];
      const context = yield* Effect.context<never>();
      const look = Effect.fnUntraced(function* (checkpoint: SCIMLifecycleCheckpoint) {
        const found = yield* stateOf(sql, "life.primary@example.com", organizationId);
        seen.push([checkpoint, found]);
        if (checkpoint === "group-created") yield* breaking;
        if (checkpoint === "failed-add-rolled-back") yield* mended;
      });
      yield* Effect.promise(() =>
        runSCIMLifecycle({
          baseURL: url,
          token,
          testId: "life",
          // Broken and mended at the checkpoints around it, which are waited for.
          projectionFailure: { enable: () => {}, disable: () => {} },
          onCheckpoint: (checkpoint) => Effect.runPromiseWith(context)(look(checkpoint)),
        }),
      );
      assert.deepStrictEqual(seen, Object.entries(expected));
    }).pipe(Effect.scoped),
  );
});
