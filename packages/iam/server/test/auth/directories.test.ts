/** Directories: Better Auth's own SCIM suite, and what directories may do to members and their accounts. */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { runSCIMLifecycle, type SCIMLifecycleCheckpoint } from "@better-auth/test-utils/scim";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { at } from "./browser.ts";
import {
  type Answer,
  connected,
  type Directory,
  directory,
  groupOf,
  made,
  patchOf,
  refusal,
  Served,
  setActive,
  USER,
  userOf,
} from "./directory.ts";
import { person } from "./operations/verified.ts";

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

/** Who owns the organizations; one for all, because a password is slow to hash. */
class Owner extends Context.Service<Owner, { readonly headers: Headers }>()("test/auth/directories/Owner") {
  static readonly layer = Layer.effect(Owner, person("ann"));
}

/** An organization, and the headers of who owns it. */
const organization = Effect.fnUntraced(function* (slug: string) {
  const { headers: owner } = yield* Owner;
  const { id, memberId } = yield* IamTest.organizationOf({ headers: owner }, slug);
  return { id, owner, ownerMemberId: IamEntityIds.MemberId.toUuid(memberId) };
});

/** Somebody whom a directory made, with an address that is confirmed, a password, and a session. */
const provisioned = Effect.fnUntraced(function* (
  ask: Directory,
  sql: PgClient,
  administrator: { readonly headers: Headers },
  name: string,
) {
  const { api, handler } = yield* Auth.Auth;
  const { url } = yield* Served;
  const scimId = made(yield* ask("POST", "/Users", userOf(name)));
  const email = `${name}@example.com`;
  const { headers } = administrator;
  const { users } = yield* api.listUsers({ headers, query: { filterField: "email", filterValue: email } });
  const [user] = users;
  if (user === undefined) return yield* Effect.die(new Error(`There is no ${email}.`));
  yield* api.setUserPassword({ headers, body: { userId: user.id, newPassword: IamTest.password } });
  yield* sql`update iam_users set email_verified = true where email = ${email}`;
  /** The code with which a sign-in is refused, if it is. */
  const signIn = Effect.gen(function* () {
    const response = yield* handler(
      new Request(`${url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: url },
        body: JSON.stringify({ email, password: IamTest.password }),
      }),
    );
    return at(yield* Effect.promise(() => response.json()), "code");
  });
  return { id: user.id, email, scimId, signIn, headers: yield* IamTest.signedIn(email) };
});

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

const services = Owner.layer.pipe(Layer.provideMerge(Served.layer), Layer.provideMerge(TestDatabase.layer()));

layer(services, { excludeTestServices: true })("by SCIM", (it) => {
  it.effect(
    "DIR-1: Better Auth's lifecycle suite passes, failure included, and the database has it at every checkpoint",
    () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { url } = yield* Served;
        const sql = yield* superuser;
        const { id: organizationId, owner: headers } = yield* organization("acme");
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

  it.effect("DIR-1: what is wrong is refused in SCIM's form", () =>
    Effect.gen(function* () {
      const { url } = yield* Served;
      const { id } = yield* organization("forms");
      const { token } = yield* connected(id);
      const ask = directory(url, token);
      const user = made(yield* ask("POST", "/Users", userOf("form")));
      const group = made(yield* ask("POST", "/Groups", groupOf("Forms", [user])));
      const patched = (path: string, value?: unknown) =>
        ask("PATCH", `/Users/${user}`, patchOf({ op: "replace", path, value }));
      const filtered = (filter: string) => ask("GET", `/Users?filter=${encodeURIComponent(filter)}`);
      const deep = `{"schemas":["${USER}"],"userName":"a@example.com","x":${"[".repeat(50)}${"]".repeat(50)}}`;

      const refused: ReadonlyArray<readonly [Effect.Effect<Answer>, number, string?]> = [
        [directory(url, undefined)("GET", "/Users"), 401],
        [directory(url, `${token}x`)("GET", "/Users"), 401],
        [directory(url, "ba_scim_credential_x.y")("GET", "/Users"), 401],
        [ask("GET", "/Users/nonsense"), 404],
        [ask("GET", "/Users/%00"), 404],
        [ask("GET", `/Users/${group}`), 404],
        [ask("GET", "/Nonsense"), 404],
        [ask("POST", `/Users/${user}`, userOf("form")), 404],
        [ask("POST", "/Users", userOf("form")), 409, "uniqueness"],
        [ask("POST", "/Groups", groupOf("Forms")), 409, "uniqueness"],
        [filtered("nonsense"), 400, "invalidFilter"],
        [filtered('password eq "x"'), 400, "invalidFilter"],
        [filtered('userName eq "\0"'), 400, "invalidValue"],
        [ask("GET", "/Users?startIndex=x"), 400, "invalidValue"],
        [patched("nonsense["), 400, "invalidPath"],
        [patched("active", "perhaps"), 400, "invalidValue"],
        [patched("displayName", "a\0b"), 400, "invalidValue"],
        [patched("id", "x"), 400, "mutability"],
        [ask("POST", "/Groups", groupOf("Others", ["nonsense"])), 400, "invalidValue"],
        [
          ask("PATCH", `/Groups/${group}`, patchOf({ op: "remove", path: 'members[value eq "nonsense"]' })),
          400,
          "invalidValue",
        ],
        [ask("POST", "/Users", "{"), 400, "invalidSyntax"],
        [ask("POST", "/Users", "null"), 400, "invalidValue"],
        [ask("POST", "/Users", deep), 400, "invalidValue"],
        [ask("POST", "/Users", userOf("long", { displayName: "x".repeat(100_000) })), 400, "invalidValue"],
        [ask("POST", "/Users", userOf("large", { displayName: "x".repeat(1_200_000) })), 413],
        [directory(url, token, "text/plain")("POST", "/Users", userOf("plain")), 415],
      ];
      for (const [index, [asked, status, scimType]] of refused.entries()) {
        assert.deepStrictEqual(
          refusal(yield* asked),
          {
            status,
            type: "application/scim+json",
            schema: "urn:ietf:params:scim:api:messages:2.0:Error",
            stated: String(status),
            scimType,
          },
          `The request ${index}.`,
        );
      }
      assert.strictEqual(at((yield* filtered('id eq "nonsense"')).body, "totalResults"), 0);
      const page = yield* ask("GET", `/Users?startIndex=2&count=1&attributes=userName`);
      assert.deepInclude(page.body, { totalResults: 1, itemsPerPage: 0, startIndex: 2 });

      // What changes nothing is no change.
      const before = yield* ask("GET", `/Users/${user}`);
      assert.deepStrictEqual((yield* patched("displayName", "form")).body, before.body);
      assert.deepStrictEqual((yield* ask("GET", `/Users/${user}`)).body, before.body);
    }),
  );

  it.effect("DIR-1: a credential is kept as a digest, reaches its own connection only, and ends", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const sql = yield* superuser;
      const { id: provisioningDomainId } = yield* organization("credentials");
      const { connection, credential, token } = yield* connected(provisioningDomainId);
      const of = { connectionId: connection.connectionId, provisioningDomainId, actorId: "test" };
      const ask = directory(url, token);
      const user = made(yield* ask("POST", "/Users", userOf("credential")));
      const group = made(yield* ask("POST", "/Groups", groupOf("Credentials", [user])));

      const [, secret = ""] = token.split(".");
      const kept = yield* sql`select to_jsonb(c)::text as row from iam_scim_managed_credentials c`;
      assert.isAtLeast(secret.length, 40);
      assert.notInclude(JSON.stringify(kept), secret);

      // Of the same organization, and yet another connection.
      const other = directory(url, (yield* connected(provisioningDomainId)).token);
      const nobody = "scimuser_01h455vb4pex5vsknk084sn02q";
      const nothing = "scimgroup_01h455vb4pex5vsknk084sn02q";
      const joining = (member: string) => patchOf({ op: "add", path: "members", value: [{ value: member }] });
      for (const [theirs, missing] of [
        [`/Users/${user}`, `/Users/${nobody}`],
        [`/Groups/${group}`, `/Groups/${nothing}`],
      ] as const) {
        for (const [method, body] of [
          ["GET", undefined],
          ["PUT", theirs.startsWith("/Users") ? userOf("credential") : groupOf("Credentials")],
          ["PATCH", theirs.startsWith("/Users") ? setActive(false) : joining(user)],
          ["DELETE", undefined],
        ] as const) {
          const [answer, expected] = [yield* other(method, theirs, body), yield* other(method, missing, body)];
          assert.deepStrictEqual([answer.status, answer.body], [404, expected.body], `${method} ${theirs}`);
        }
      }
      assert.strictEqual(at((yield* other("GET", "/Users")).body, "totalResults"), 0);
      const refusedMember = yield* other("POST", "/Groups", groupOf("Others", [user]));
      assert.strictEqual(refusal(refusedMember).scimType, "invalidValue");

      const expiresAt = credential.expiresAt;
      const reading = yield* api.rotateSCIMManagedCredential({
        body: { ...of, scopes: ["scim.users.read"], expiresAt },
      });
      const reader = directory(url, reading.token);
      const statuses = (...asked: ReadonlyArray<Effect.Effect<Answer>>) =>
        Effect.map(Effect.all(asked), (answers) => answers.map(({ status }) => status));
      const deactivating = (by: Directory) => by("PATCH", `/Users/${user}`, setActive(false));
      assert.deepStrictEqual(
        yield* statuses(reader("GET", "/Users"), deactivating(reader), reader("GET", "/Groups")),
        [200, 403, 403],
      );
      // Both work until the old one ends.
      assert.deepStrictEqual(yield* statuses(ask("GET", "/Users")), [200]);
      yield* api.revokeSCIMManagedCredential({ body: { ...of, credentialId: credential.credentialId } });
      assert.deepStrictEqual(yield* statuses(ask("GET", "/Users"), reader("GET", "/Users")), [401, 200]);
      yield* sql`update iam_scim_managed_credentials set expires_at = now() where credential_id = ${reading.credential.credentialId}`;
      assert.deepStrictEqual(yield* statuses(reader("GET", "/Users")), [401]);

      const refused = yield* Effect.flip(
        api.createSCIMManagedConnection({
          body: {
            creationRequestId: "an-organization-that-is-not",
            provisioningDomainId: SharedEntityIds.OrganizationId.create(),
            actorId: "test",
            scopes: ["scim.users.read"],
            expiresAt,
          },
        }),
      );
      assert.strictEqual(refused.code, "REFERENCE_GONE");
    }).pipe(Effect.scoped),
  );

  it.effect("FED-1: a directory gets hold of no account by its address, but of a member's who has confirmed it", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const { id: organizationId, owner } = yield* organization("linking");
      const ask = directory(url, (yield* connected(organizationId)).token);
      const { user: unconfirmed } = yield* api.createUser({ body: { name: "Uma", email: "uma@example.com" } });
      yield* api.addMember({ body: { userId: unconfirmed.id, role: "member", organizationId } });
      const stranger = yield* person("sid");
      const bob = yield* person("bob");
      yield* api.addMember({ body: { userId: bob.id, role: "member", organizationId } });

      for (const name of ["uma", "sid"]) {
        assert.deepInclude(refusal(yield* ask("POST", "/Users", userOf(name))), {
          status: 409,
          scimType: "uniqueness",
        });
      }
      const linked = made(yield* ask("POST", "/Users", userOf("bob", { displayName: "Robert" })));
      const current = yield* api.getSession({ headers: bob.headers });
      assert.strictEqual(current?.user.name, "bob");

      const roleOf = (userId: string) =>
        Effect.map(
          api.listMembers({ headers: owner, query: { organizationId } }),
          ({ members }) => members.find((member) => member.userId === userId)?.role,
        );
      const group = made(yield* ask("POST", "/Groups", groupOf("Admin", [linked])));
      assert.strictEqual(yield* roleOf(bob.id), "member,admin");
      made(yield* ask("POST", "/Groups", groupOf("Owner", [linked])));
      assert.strictEqual(yield* roleOf(bob.id), "member,admin");

      // It gave a role, and takes no more than that.
      yield* ask("PATCH", `/Users/${linked}`, setActive(false));
      assert.strictEqual(yield* roleOf(bob.id), "member");
      yield* ask("PATCH", `/Users/${linked}`, setActive(true));
      yield* ask("DELETE", `/Groups/${group}`);
      assert.strictEqual(yield* roleOf(bob.id), "member");
      yield* ask("DELETE", `/Users/${linked}`);
      assert.strictEqual(yield* roleOf(bob.id), "member");
      yield* IamTest.signedIn(bob.email);
      assert.isUndefined(yield* roleOf(stranger.id));
    }),
  );

  it.effect("DIR-1: an account that a directory made ends with it, and nobody else's ban does", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const sql = yield* superuser;
      const root = yield* person("root", "admin");
      const { id: organizationId } = yield* organization("accounts");
      const ask = directory(url, (yield* connected(organizationId)).token);
      const carl = yield* provisioned(ask, sql, root, "carl");

      const live = carl.headers;
      assert.isNotNull(yield* api.getSession({ headers: live }));
      yield* ask("PATCH", `/Users/${carl.scimId}`, setActive(false));
      assert.isNull(yield* api.getSession({ headers: live }));
      assert.strictEqual(yield* carl.signIn, "USER_DEACTIVATED");

      yield* api.banUser({ headers: root.headers, body: { userId: carl.id, banReason: "spam" } });
      yield* ask("PATCH", `/Users/${carl.scimId}`, setActive(true));
      assert.strictEqual(yield* carl.signIn, "BANNED_USER");
      yield* api.unbanUser({ headers: root.headers, body: { userId: carl.id } });
      assert.isUndefined(yield* carl.signIn);

      // Deleted and made again it is the same account.
      yield* ask("DELETE", `/Users/${carl.scimId}`);
      assert.strictEqual(yield* carl.signIn, "USER_DEACTIVATED");
      made(yield* ask("POST", "/Users", userOf("carl")));
      assert.isUndefined(yield* carl.signIn);
    }).pipe(Effect.scoped),
  );

  it.effect("DIR-1: who joins another organization is its directory's no more, and keeps what is there", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const sql = yield* superuser;
      const root = yield* person("rita", "admin");
      const { id: first } = yield* organization("first");
      const { id: second } = yield* organization("second");
      const ask = directory(url, (yield* connected(first)).token);
      const other = directory(url, (yield* connected(second)).token);
      const dora = yield* provisioned(ask, sql, root, "dora");
      yield* api.addMember({ body: { userId: dora.id, role: "member", organizationId: second } });

      const moved = userOf("dora", { emails: [{ value: "taken@example.com", primary: true }] });
      assert.strictEqual((yield* ask("PUT", `/Users/${dora.scimId}`, moved)).status, 200);
      const current = yield* api.getSession({ headers: dora.headers });
      assert.strictEqual(current?.user.email, "dora@example.com");

      // Two directories: each ends what is in its own organization.
      made(yield* other("POST", "/Users", userOf("dora")));
      const inSecond = yield* IamTest.signedIn(dora.email);
      yield* api.setActiveOrganization({ headers: dora.headers, body: { organizationId: first } });
      yield* api.setActiveOrganization({ headers: inSecond, body: { organizationId: second } });
      yield* ask("PATCH", `/Users/${dora.scimId}`, setActive(false));
      assert.isNull(yield* api.getSession({ headers: dora.headers }));
      const stays = yield* api.getSession({ headers: inSecond });
      assert.strictEqual(stays?.session.activeOrganizationId, second);
      const { role } = yield* api.getActiveMemberRole({ headers: inSecond });
      assert.strictEqual(role, "member");
      const left = yield* stateOf(sql, dora.email, first);
      assert.deepInclude(left, { role: null, managed: false, deactivated: false });
    }).pipe(Effect.scoped),
  );

  it.effect("DIR-1: one of two directories keeps a member; a team's count and the last owner are kept too", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { url } = yield* Served;
      const sql = yield* superuser;
      const { id: organizationId, owner, ownerMemberId } = yield* organization("keeping");
      const ask = directory(url, (yield* connected(organizationId)).token);
      const other = directory(url, (yield* connected(organizationId)).token);
      const one = made(yield* ask("POST", "/Users", userOf("eve")));
      const two = made(yield* other("POST", "/Users", userOf("eve")));
      const group = groupOf("Admin", [two]);
      made(yield* other("POST", "/Groups", group));
      const state = stateOf(sql, "eve@example.com", organizationId);
      assert.deepInclude(yield* state, { role: "admin", given: true, managed: true });
      yield* other("PATCH", `/Users/${two}`, setActive(false));
      assert.deepInclude(yield* state, { role: "member", deactivated: false });

      const { members } = yield* api.listMembers({ headers: owner, query: { organizationId } });
      const eve = members.find(({ user }) => user.email === "eve@example.com");
      if (eve === undefined) return assert.fail("There is no eve.");
      const { id: teamId } = yield* api.createTeam({ body: { name: "Night", organizationId } });
      yield* api.addTeamMember({ headers: owner, body: { teamId, userId: eve.userId, organizationId } });
      yield* api.updateMemberRole({ headers: owner, body: { memberId: eve.id, role: "owner", organizationId } });
      yield* sql`delete from iam_members where id = ${ownerMemberId}`;
      yield* ask("PATCH", `/Users/${one}`, setActive(false));
      assert.deepInclude(yield* state, { role: "owner", given: true, deactivated: false });

      const successor = yield* person("successor");
      yield* api.addMember({ body: { userId: successor.id, role: "owner", organizationId } });
      yield* api.reconcileSCIMProjection({ body: { provisioningDomainId: organizationId } });
      assert.deepInclude(yield* state, { role: null, deactivated: true });
      const [team] = yield* sql`select member_count from iam_teams where id = ${SharedEntityIds.TeamId.toUuid(teamId)}`;
      assert.deepStrictEqual(team, { member_count: 0 });
    }).pipe(Effect.scoped),
  );
});
