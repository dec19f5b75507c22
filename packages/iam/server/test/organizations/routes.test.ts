/** The routes of organizations, over HTTP: on a server that listens, by the typed client and as anybody sends requests. */
import { AccessControl } from "@beep/iam-domain";
import { Auth, errorFamilies, IamApi, IamDb, Organizations } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer, test } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientRequest from "effect/http/HttpClientRequest";
import * as HttpApiClient from "effect/http-api/HttpApiClient";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";
import { at, type Browser } from "../auth/browser.ts";
import { Listening, listeningOn } from "../auth/listening.ts";
import { confidential, Parties, tokensOf } from "../auth/oauth/parties.ts";
import { type Answer, answerOf } from "../guarded.ts";
import { operations, schemas } from "../support/definition.ts";
import { Sent } from "../support/Sent.ts";

type Headers = Readonly<Record<string, string>>;
type OrganizationId = SharedEntityIds.OrganizationId;

/** What a browser sends. */
const byCookie = (browser: Browser): Headers => Object.fromEntries(browser.headers());

/** The typed client, which fails where an answer is not as the definition says. */
const clientOf = Effect.fnUntraced(function* (headers: Headers, tell: (request: string) => void = () => {}) {
  const { url } = yield* Listening;
  return yield* HttpApiClient.make(IamApi, {
    baseUrl: url,
    transformClient: (client) =>
      client.pipe(
        HttpClient.mapRequest(HttpClientRequest.setHeaders(headers)),
        HttpClient.tapRequest((request) => Effect.sync(() => tell(`${request.method} ${request.url}`))),
      ),
  });
});

/** A request as anybody can write one. */
const sending = Effect.map(
  Listening,
  ({ url }) =>
    (headers: Headers) =>
    (method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
      Effect.promise(async () =>
        answerOf(
          await fetch(`${url}/api${path}`, {
            method,
            headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
            ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
          }),
        ),
      ),
);

const assertRefused = (answer: Answer, status: number, code: string, about = ""): void =>
  assert.deepStrictEqual(
    {
      status: answer.status,
      type: answer.headers.get("content-type"),
      code: at(answer.json, "code"),
      stated: at(answer.json, "status"),
    },
    { status, type: "application/problem+json", code, stated: status },
    `${about} ${answer.text}`,
  );

/** What a client makes, and who asks for it. */
type Client = Effect.Success<ReturnType<typeof clientOf>>;

const make = (client: Client, slug: string) => client.ownOrganizations.create({ payload: { name: slug, slug } });

/** Lets somebody in by an invitation. */
const letIn = Effect.fnUntraced(function* (
  by: Client,
  organizationId: OrganizationId,
  invited: Client,
  email: string,
  roles: ReadonlyArray<string> = ["member"],
) {
  const { id } = yield* by.organization.invite({ params: { organizationId }, payload: { email, roles } });
  const { memberId } = yield* invited.ownOrganizations.accept({ params: { invitationId: id } });
  return memberId;
});

const keyOf = Effect.fnUntraced(function* (
  userId: SharedEntityIds.UserId,
  permissions?: Record<string, Array<string>>,
): Effect.fn.Return<Headers, Effect.Error<ReturnType<Auth.Auth["Service"]["api"]["createApiKey"]>>, Auth.Auth> {
  const { api } = yield* Auth.Auth;
  const { key } = yield* api.createApiKey({
    body: { userId, rateLimitEnabled: false, ...(permissions && { permissions }) },
  });
  return { "x-api-key": key };
});

/** A key of an organization's, which its owner makes and the server's own code limits. */
const keyOfOrganization = Effect.fnUntraced(function* (
  owner: Browser,
  organizationId: OrganizationId,
  permissions?: AccessControl.Permissions,
) {
  const { api } = yield* Auth.Auth;
  const { db } = yield* IamDb.IamDb;
  const { id, key } = yield* api.createApiKey({
    headers: owner.headers(),
    body: { configId: "organization", organizationId },
  });
  yield* asService(
    db
      .update(IamDbSchema.apiKey)
      .set({ rateLimitEnabled: false, ...(permissions && { permissions: JSON.stringify(permissions) }) })
      .where(eq(IamDbSchema.apiKey.id, id)),
  );
  return { "x-api-key": key };
});

const userIdOf = ({ id }: { readonly id: string }) => SharedEntityIds.UserId.make(id);

/** The operations that are of organizations. */
const own = operations.filter(({ path }) => /^\/api\/(?:organizations|invitations)/.test(path));

const settings = { IAM_OAUTH_SCOPES: "member:read,team:create,organization:read" };

for (const database of [
  {
    name: "PostgreSQL 18",
    layer: listeningOn((stated) => Layer.provideMerge(IamTest.configured(stated), TestDatabase.layer()), settings),
  },
  { name: "embedded", layer: listeningOn(IamTest.configuredEmbedded, settings) },
]) {
  layer(Layer.provideMerge(Parties.at, Layer.merge(database.layer, FetchHttpClient.layer)), {
    excludeTestServices: true,
    timeout: 60_000,
  })(`the routes of organizations, on ${database.name}`, (it) => {
    it.effect("API-1: each does what it says, and the typed client reads what it answers", () =>
      Effect.gen(function* () {
        const parties = yield* Parties;
        const asked = new Set<string>();
        const tell = (request: string) => void asked.add(request.replaceAll(/\b[a-z]+_[0-9a-z]{26}\b/g, "{}"));
        const [ann, bob, cat] = yield* Effect.all([
          clientOf(byCookie(parties.ann), tell),
          clientOf(byCookie(parties.bob), tell),
          clientOf(byCookie(parties.cat), tell),
        ]);
        const acme = yield* ann.ownOrganizations.create({
          payload: { name: "Acme", slug: "acme", metadata: { plan: "free" } },
        });
        const params = { organizationId: acme.id };
        assert.deepInclude(acme, { name: "Acme", slug: "acme", logo: null, metadata: { plan: "free" } });
        assert.deepStrictEqual((yield* ann.ownOrganizations.list({ query: {} })).items, [acme]);
        const change = { name: "Acme Ltd", logo: "https://acme.example/a.png", metadata: null };
        const changed = yield* ann.organization.update({ params, payload: change });
        assert.deepStrictEqual(changed, { ...acme, ...change });
        // Nothing to change is no mistake.
        assert.deepStrictEqual(yield* ann.organization.update({ params, payload: {} }), changed);
        assert.deepStrictEqual(yield* ann.organization.get({ params }), changed);

        const night = yield* ann.organization.createTeam({ params, payload: { name: "Nigth" } });
        const ofNight = { ...params, teamId: night.id };
        const renamed = yield* ann.organization.updateTeam({ params: ofNight, payload: { name: "Night" } });
        assert.deepStrictEqual(renamed, { ...night, name: "Night" });
        const teams = (yield* ann.organization.listTeams({ params, query: { order: "newest" } })).items;
        assert.deepStrictEqual(
          teams.map(({ name }) => name),
          ["Night", "Acme"],
        );

        const editor = yield* ann.organization.createRole({
          params,
          payload: { role: "Editor", permissions: { invitation: ["create"] } },
        });
        const ofEditor = { ...params, roleId: editor.id };
        const permissions = { invitation: ["create"], team: ["create"] } as const;
        const allowed = yield* ann.organization.updateRole({ params: ofEditor, payload: { permissions } });
        assert.deepStrictEqual(allowed, { ...editor, role: "editor", permissions });
        assert.deepStrictEqual((yield* ann.organization.listRoles({ params, query: {} })).items, [allowed]);

        const invited = yield* ann.organization.invite({
          params,
          payload: { email: "BOB@example.com", roles: ["editor"], teamIds: [night.id] },
        });
        assert.deepInclude(invited, { email: "bob@example.com", status: "pending", teamIds: [night.id] });
        const again = yield* ann.organization.invite({
          params,
          payload: { email: "bob@example.com", roles: ["editor"], resend: true },
        });
        assert.deepStrictEqual({ ...again, expiresAt: null }, { ...invited, expiresAt: null });
        const received = yield* bob.ownOrganizations.received({ query: {} });
        assert.deepStrictEqual(received.items, [
          {
            ...again,
            organization: { name: "Acme Ltd", slug: "acme" },
            inviter: { name: "ann", email: "ann@example.com" },
          },
        ]);
        const accepted = yield* bob.ownOrganizations.accept({ params: { invitationId: invited.id } });
        assert.deepStrictEqual(accepted.invitation, { ...again, status: "accepted" });
        const ofBob = { ...params, memberId: accepted.memberId };
        const member = yield* ann.organization.getMember({ params: ofBob });
        assert.deepInclude(member, { roles: ["editor"], userId: userIdOf(parties.bob) });
        const members = yield* bob.organization.listMembers({ params, query: {} });
        assert.deepStrictEqual(members.items[1], member);
        assert.deepStrictEqual(
          members.items.map(({ user }) => user.name),
          ["ann", "bob"],
        );

        const second = yield* bob.organization.invite({
          params,
          payload: { email: "cat@example.com", roles: ["member"] },
        });
        const rejected = yield* cat.ownOrganizations.reject({ params: { invitationId: second.id } });
        assert.deepStrictEqual(rejected, { ...second, status: "rejected" });
        const third = yield* ann.organization.invite({
          params,
          payload: { email: "cat@example.com", roles: ["member"] },
        });
        const canceled = yield* ann.organization.cancelInvitation({ params: { ...params, invitationId: third.id } });
        assert.deepStrictEqual(canceled, { ...third, status: "canceled" });
        const invitations = yield* ann.organization.listInvitations({ params, query: {} });
        assert.deepStrictEqual(
          invitations.items.map(({ status }) => status),
          ["accepted", "rejected", "canceled"],
        );
        const full = yield* ann.organization.full({ params });
        assert.deepStrictEqual(full.members, members);
        assert.deepStrictEqual(full.invitations, invitations);
        assert.deepStrictEqual(
          full.teams.items.map(({ memberCount, name }) => [name, memberCount]),
          [
            ["Acme", 1],
            ["Night", 1],
          ],
        );

        const annsSeat = { ...ofNight, userId: userIdOf(parties.ann) };
        const seat = yield* ann.organization.addTeamMember({ params: annsSeat });
        assert.deepStrictEqual(yield* ann.organization.addTeamMember({ params: annsSeat }), seat);
        yield* ann.organization.removeTeamMember({ params: { ...ofNight, userId: userIdOf(parties.bob) } });
        const seats = yield* ann.organization.listTeamMembers({ params: ofNight, query: {} });
        assert.deepStrictEqual(seats, { items: [seat], next: null });

        const created = yield* ann.webhooks.create({
          params,
          payload: { url: "https://hooks.example.com", actions: ["member.*"] },
        });
        const { secret, ...webhook } = created;
        assert.match(Redacted.value(secret), /^whsec_[A-Za-z0-9+/]{43}=$/);
        assert.deepInclude(webhook, { url: "https://hooks.example.com/", actions: ["member.*"], enabled: true });
        const ofWebhook = { ...params, webhookId: webhook.id };
        assert.deepStrictEqual(yield* ann.webhooks.get({ params: ofWebhook }), webhook);
        assert.deepStrictEqual(yield* ann.webhooks.list({ params, query: {} }), { items: [webhook], next: null });
        const described = yield* ann.webhooks.update({ params: ofWebhook, payload: { description: "Sales" } });
        assert.deepStrictEqual(described, { ...webhook, description: "Sales" });
        const rotated = yield* ann.webhooks.rotateSecret({ params: ofWebhook, payload: { overlapHours: 1 } });
        assert.notStrictEqual(Redacted.value(rotated.secret), Redacted.value(secret));
        assert.instanceOf(rotated.previousUntil, Date);
        const none = yield* ann.webhooks.listDeliveries({ params: ofWebhook, query: { state: "dead" } });
        assert.deepStrictEqual(none, { items: [], next: null });
        assert.deepStrictEqual(yield* ann.webhooks.replay({ params: ofWebhook, payload: {} }), { replayed: 0 });
        assert.isUndefined(yield* ann.webhooks.remove({ params: ofWebhook }));

        const demoted = yield* ann.organization.updateMember({ params: ofBob, payload: { roles: ["member"] } });
        assert.deepStrictEqual(demoted, { ...member, roles: ["member"] });
        assert.isUndefined(yield* ann.organization.removeRole({ params: ofEditor }));
        assert.isUndefined(yield* ann.organization.removeTeam({ params: ofNight }));
        assert.isUndefined(yield* bob.organization.leave({ params }));
        const memberId = yield* letIn(ann, acme.id, bob, "bob@example.com");
        assert.isUndefined(yield* ann.organization.removeMember({ params: { ...params, memberId } }));
        assert.isUndefined(yield* ann.organization.remove({ params }));
        assert.deepStrictEqual(yield* ann.ownOrganizations.list({ query: {} }), { items: [], next: null });

        assert.sameMembers(
          [...asked],
          own.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`),
        );
      }),
    );

    it.effect("API-1: keys and tokens are let do what they are for, and no more", () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Parties;
        const send = yield* sending;
        const client = yield* clientOf(byCookie(ann));
        const { id: organizationId } = yield* make(client, "keys");
        const other = yield* make(yield* clientOf(byCookie(bob)), "other-keys");
        const root = `/organizations/${organizationId}`;

        const whole = yield* clientOf(yield* keyOf(userIdOf(ann)));
        const params = { organizationId };
        assert.lengthOf((yield* whole.organization.listMembers({ params, query: {} })).items, 1);
        yield* whole.organization.createTeam({ params, payload: { name: "by key" } });
        const made = yield* make(whole, "made-by-key");
        assert.include(
          (yield* whole.ownOrganizations.list({ query: {} })).items.map(({ id }) => id),
          made.id,
        );

        const { config } = yield* confidential({
          scope: "openid member:read team:create organization:read",
        });
        const { access_token } = yield* tokensOf(ann, config, {
          scope: "openid member:read team:create organization:read",
        });
        for (const [credential, headers] of [
          ["a user's key", yield* keyOf(userIdOf(ann), { member: ["read"], team: ["create"], organization: ["read"] })],
          ["a token", { authorization: `Bearer ${access_token}` }],
          [
            "an organization's key",
            yield* keyOfOrganization(ann, organizationId, { member: ["read"], team: ["create"] }),
          ],
        ] as const) {
          const limited = yield* clientOf(headers);
          assert.lengthOf((yield* limited.organization.listMembers({ params, query: {} })).items, 1, credential);
          const team = yield* limited.organization.createTeam({ params, payload: { name: credential } });
          assert.strictEqual(team.organizationId, organizationId);
          const raw = send(headers);
          for (const [method, path, body, needed] of [
            ["GET", `${root}/teams`, undefined, { team: ["read"] }],
            ["PATCH", `${root}/teams/${team.id}`, { name: "x" }, { team: ["update"] }],
            ["POST", "/organizations", { name: "x", slug: `x-${credential}` }, { organization: ["create"] }],
            ["GET", "/invitations", undefined, { invitation: ["read"] }],
          ] as const) {
            const answer = yield* raw(method, path, body);
            assertRefused(answer, 403, "PERMISSION_MISSING", `${credential}: ${method} ${path}`);
            assert.deepStrictEqual(at(answer.json, "permissions"), needed);
          }
          assertRefused(yield* raw("GET", `/organizations/${other.id}/members`), 404, "ORGANIZATION_NOT_FOUND");
        }
        // A key of an organization's that is limited to nothing reads, and changes nothing.
        const unlimited = send(yield* keyOfOrganization(ann, organizationId));
        assert.strictEqual((yield* unlimited("GET", `${root}/members`)).status, 200);
        assertRefused(yield* unlimited("POST", `${root}/teams`, { name: "x" }), 403, "PERMISSION_MISSING");
      }),
    );

    it.effect("TEN-6: whoever is not let in is told the same by every route, and nothing of it happens", () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Parties;
        const organizations = yield* Organizations.Organizations;
        const send = yield* sending;
        const client = yield* clientOf(byCookie(ann));
        const theirs = yield* make(yield* clientOf(byCookie(bob)), "theirs");
        const closed = yield* make(client, "closed");
        const mine = yield* make(client, "mine");
        const robot = yield* keyOfOrganization(ann, mine.id, AccessControl.statements);
        yield* organizations.suspend(closed.id);
        const ids: Readonly<Record<string, string>> = {
          memberId: IamEntityIds.MemberId.create(),
          teamId: SharedEntityIds.TeamId.create(),
          userId: SharedEntityIds.UserId.create(),
          invitationId: IamEntityIds.InvitationId.create(),
          roleId: IamEntityIds.OrganizationRoleId.create(),
          webhookId: IamEntityIds.WebhookSubscriptionId.create(),
        };
        const shown = ({ status, headers, text }: Answer) => ({
          status,
          text,
          headers: [...headers].filter(([name]) => name !== "date"),
        });
        const inside = own.filter(({ path }) => path.startsWith("/api/organizations/{organizationId}"));
        assert.lengthOf(inside, 31);
        for (const { method, path } of inside) {
          const to = (organizationId: string) =>
            path.slice("/api".length).replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? organizationId);
          // The body is not read, so that its faults tell nothing either.
          const body = method === "GET" ? undefined : {};
          const cookie = send(byCookie(ann));
          const refusals = yield* Effect.all([
            cookie(method, to(SharedEntityIds.OrganizationId.create()), body),
            cookie(method, to(closed.id), body),
            cookie(method, to(theirs.id), body),
            send(robot)(method, to(theirs.id), body),
          ]);
          const [first] = refusals;
          for (const answer of refusals) {
            assertRefused(answer, 404, "ORGANIZATION_NOT_FOUND", `${method} ${path}`);
            assert.deepStrictEqual(shown(answer), shown(first), `${method} ${path}`);
          }
          assertRefused(yield* cookie(method, to(ann.id), body), 400, "INVALID_ID", `${method} ${path}`);
          const contradicted = send({ ...byCookie(ann), "iam-organization": theirs.id });
          assertRefused(yield* contradicted(method, to(mine.id), body), 400, "INVALID_ID", `${method} ${path}`);
          const nobody = yield* send({})(method, to(mine.id), body);
          assertRefused(nobody, 401, "UNAUTHORIZED", `${method} ${path}`);
          assert.strictEqual(nobody.headers.get("www-authenticate"), "Bearer");
        }
        for (const name of ["acme", `${mine.id}x`, mine.id.toUpperCase(), "%00", `${mine.id}%0a`])
          assertRefused(yield* send(byCookie(ann))("GET", `/organizations/${name}`), 400, "INVALID_ID", name);
        yield* organizations.resume(closed.id);
        for (const { id } of [closed, mine])
          assert.strictEqual((yield* send(byCookie(ann))("GET", `/organizations/${id}`)).status, 200);
        const untouched = yield* send(byCookie(bob))("GET", `/organizations/${theirs.id}/members`);
        assert.strictEqual(untouched.status, 200);
      }),
    );

    it.effect("TEN-6: what is in another organization is as if it did not exist", () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Parties;
        const send = yield* sending;
        const theirs = yield* clientOf(byCookie(bob));
        const { id: organizationId } = yield* make(theirs, "elsewhere");
        const params = { organizationId };
        const team = yield* theirs.organization.createTeam({ params, payload: { name: "theirs" } });
        const role = yield* theirs.organization.createRole({ params, payload: { role: "theirs", permissions: {} } });
        const invitation = yield* theirs.organization.invite({
          params,
          payload: { email: "nobody@example.com", roles: ["member"] },
        });
        const webhook = yield* theirs.webhooks.create({
          params,
          payload: { url: "https://hooks.example.com/", actions: ["*"] },
        });
        const before = yield* theirs.organization.full({ params });
        const mine = yield* make(yield* clientOf(byCookie(ann)), "here");
        const root = `/organizations/${mine.id}`;
        const memberId = before.members.items[0]?.id;
        const asAnn = send(byCookie(ann));
        for (const [method, path, body, code] of [
          ["GET", `/members/${memberId}`, undefined, "MEMBER_NOT_FOUND"],
          ["PATCH", `/members/${memberId}`, { roles: ["member"] }, "MEMBER_NOT_FOUND"],
          ["DELETE", `/members/${memberId}`, undefined, "MEMBER_NOT_FOUND"],
          ["PATCH", `/teams/${team.id}`, { name: "mine" }, "TEAM_NOT_FOUND"],
          ["DELETE", `/teams/${team.id}`, undefined, "TEAM_NOT_FOUND"],
          ["GET", `/teams/${team.id}/members`, undefined, "TEAM_NOT_FOUND"],
          ["PUT", `/teams/${team.id}/members/${ann.id}`, undefined, "TEAM_NOT_FOUND"],
          ["DELETE", `/teams/${team.id}/members/${bob.id}`, undefined, "TEAM_NOT_FOUND"],
          ["PATCH", `/roles/${role.id}`, { permissions: {} }, "ROLE_NOT_FOUND"],
          ["DELETE", `/roles/${role.id}`, undefined, "ROLE_NOT_FOUND"],
          ["POST", `/invitations/${invitation.id}/cancel`, undefined, "INVITATION_NOT_FOUND"],
          ["GET", `/webhooks/${webhook.id}`, undefined, "WEBHOOK_NOT_FOUND"],
          ["PATCH", `/webhooks/${webhook.id}`, { enabled: false }, "WEBHOOK_NOT_FOUND"],
          ["DELETE", `/webhooks/${webhook.id}`, undefined, "WEBHOOK_NOT_FOUND"],
          ["POST", `/webhooks/${webhook.id}/secret`, {}, "WEBHOOK_NOT_FOUND"],
          ["GET", `/webhooks/${webhook.id}/deliveries`, undefined, "WEBHOOK_NOT_FOUND"],
          ["POST", `/webhooks/${webhook.id}/replay`, {}, "WEBHOOK_NOT_FOUND"],
          ["POST", "/invitations", { email: "a@example.com", roles: ["theirs"] }, "ROLE_NOT_FOUND"],
          ["POST", "/invitations", { email: "a@example.com", roles: ["member"], teamIds: [team.id] }, "TEAM_NOT_FOUND"],
        ] as const)
          assertRefused(yield* asAnn(method, `${root}${path}`, body), 404, code, `${method} ${path}`);
        for (const answer of ["accept", "reject"])
          assertRefused(yield* asAnn("POST", `/invitations/${invitation.id}/${answer}`), 404, "INVITATION_NOT_FOUND");
        assert.deepStrictEqual(yield* theirs.organization.full({ params }), before);
      }),
    );

    it.effect("TEN-6: a cursor goes on in its own list, in its order and organization, and nowhere else", () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Parties;
        const send = yield* sending;
        const client = yield* clientOf(byCookie(ann));
        const [first, second] = yield* Effect.all([make(client, "first"), make(client, "second")]);
        for (const { id: organizationId } of [first, second])
          yield* client.organization.createTeam({ params: { organizationId }, payload: { name: "another" } });
        const params = { organizationId: first.id };
        const seen = yield* client.organization.listTeams({ params, query: { limit: 1 } });
        const cursor = seen.next ?? assert.fail("There is no second page.");
        const rest = yield* client.organization.listTeams({ params, query: { limit: 1, cursor } });
        assert.deepStrictEqual(
          [...seen.items, ...rest.items],
          [...(yield* client.organization.listTeams({ params, query: {} })).items],
        );
        assert.isNull(rest.next);

        const ofAnn = (yield* client.ownOrganizations.list({ query: { limit: 1 } })).next ?? assert.fail("One page.");
        const root = `/organizations/${first.id}`;
        const asAnn = send(byCookie(ann));
        for (const path of [
          `/organizations/${second.id}/teams?cursor=${cursor}`,
          `${root}/members?cursor=${cursor}`,
          `${root}/roles?cursor=${cursor}`,
          `${root}/invitations?cursor=${cursor}`,
          `/organizations?cursor=${cursor}`,
          `/invitations?cursor=${cursor}`,
          `${root}/teams?order=newest&cursor=${cursor}`,
          `${root}/teams?cursor=${ofAnn}`,
          `${root}/teams?cursor=`,
          `${root}/teams?cursor=nonsense`,
          `${root}/teams?cursor=${cursor.slice(0, -3)}`,
          `${root}/teams?cursor=%00`,
        ]) {
          const answer = yield* asAnn("GET", path);
          assertRefused(answer, 400, "INVALID_CURSOR", path);
          assert.notProperty(answer.json, "items");
        }
        assertRefused(yield* send(byCookie(bob))("GET", `/organizations?cursor=${ofAnn}`), 400, "INVALID_CURSOR");
      }),
    );

    it.effect("AUTH-6: a change by a cookie is taken from our own pages only, by every route", () =>
      Effect.gen(function* () {
        const { ann } = yield* Parties;
        const send = yield* sending;
        const client = yield* clientOf(byCookie(ann));
        const { id: organizationId } = yield* make(client, "forged");
        const { cookie = "" } = byCookie(ann);
        const before = yield* client.organization.full({ params: { organizationId } });
        const changes = own.filter(({ method }) => method !== "GET");
        assert.lengthOf(changes, 23);
        for (const { method, path } of changes) {
          const to = path.slice("/api".length).replaceAll(/\{\w+\}/g, organizationId);
          const asked = (more: Headers) => send({ cookie, ...more })(method, to, {});
          assertRefused(yield* asked({ origin: "https://evil.example" }), 403, "INVALID_ORIGIN", `${method} ${to}`);
          assertRefused(yield* asked({ origin: "null" }), 403, "MISSING_OR_NULL_ORIGIN", `${method} ${to}`);
        }
        assert.deepStrictEqual(yield* client.organization.full({ params: { organizationId } }), before);
        // What no page sends by itself needs no page.
        const byKey = send({ ...(yield* keyOf(userIdOf(ann))), cookie, origin: "https://evil.example" });
        const made = yield* byKey("POST", `/organizations/${organizationId}/teams`, { name: "by key" });
        assert.strictEqual(made.status, 201, made.text);
      }),
    );

    it.effect("API-1: who may not is told what is needed, and what contradicts what is there by its code", () =>
      Effect.gen(function* () {
        const { ann, bob } = yield* Parties;
        const send = yield* sending;
        const client = yield* clientOf(byCookie(ann));
        const { id: organizationId } = yield* make(client, "conflicts");
        yield* make(client, "taken");
        const params = { organizationId };
        const root = `/organizations/${organizationId}`;
        const bobsClient = yield* clientOf(byCookie(bob));
        yield* letIn(client, organizationId, bobsClient, "bob@example.com");
        const role = yield* client.organization.createRole({ params, payload: { role: "used", permissions: {} } });
        const { members, teams } = yield* client.organization.full({ params });
        const [owner, bobsMember] = members.items;
        yield* client.organization.invite({ params, payload: { email: "eve@example.com", roles: ["used"] } });
        const asAnn = send(byCookie(ann));
        for (const [method, path, body, code] of [
          ["POST", "/organizations", { name: "x", slug: "taken" }, "SLUG_TAKEN"],
          ["PATCH", root, { slug: "taken" }, "SLUG_TAKEN"],
          ["POST", `${root}/invitations`, { email: "eve@example.com", roles: ["member"] }, "ALREADY_INVITED"],
          ["POST", `${root}/invitations`, { email: "bob@example.com", roles: ["member"] }, "ALREADY_A_MEMBER"],
          ["PATCH", `${root}/members/${owner?.id}`, { roles: ["member"] }, "LAST_OWNER"],
          ["DELETE", `${root}/members/${owner?.id}`, undefined, "LAST_OWNER"],
          ["POST", `${root}/leave`, undefined, "LAST_OWNER"],
          ["DELETE", `${root}/teams/${teams.items[0]?.id}`, undefined, "LAST_TEAM"],
          ["POST", `${root}/roles`, { role: "USED", permissions: {} }, "ROLE_NAME_TAKEN"],
          ["POST", `${root}/roles`, { role: "owner", permissions: {} }, "ROLE_NAME_TAKEN"],
          ["DELETE", `${root}/roles/${role.id}`, undefined, "ROLE_IN_USE"],
        ] as const)
          assertRefused(yield* asAnn(method, path, body), 409, code, `${method} ${path}`);

        const asBob = send(byCookie(bob));
        for (const [method, path, body, permissions] of [
          ["PATCH", "", { name: "x" }, { organization: ["update"] }],
          ["DELETE", "", undefined, { organization: ["delete"] }],
          ["PATCH", `/members/${bobsMember?.id}`, { roles: ["owner"] }, { member: ["update"] }],
          ["DELETE", `/members/${owner?.id}`, undefined, { member: ["delete"] }],
          ["GET", "/invitations", undefined, { invitation: ["create"] }],
          ["POST", "/invitations", { email: "x@example.com", roles: ["member"] }, { invitation: ["create"] }],
          ["POST", "/teams", { name: "x" }, { team: ["create"] }],
          ["DELETE", `/teams/${teams.items[0]?.id}`, undefined, { team: ["delete"] }],
          ["POST", "/roles", { role: "x", permissions: {} }, { ac: ["create"] }],
        ] as const) {
          const answer = yield* asBob(method, `${root}${path}`, body);
          assertRefused(answer, 403, "PERMISSION_MISSING", `${method} ${path}`);
          assert.deepStrictEqual(at(answer.json, "permissions"), permissions, `${method} ${path}`);
        }
      }),
    );
  });
}

layer(
  Layer.provideMerge(
    Parties.at,
    Layer.merge(
      listeningOn((stated) => Layer.provideMerge(IamTest.configured(stated), Sent.database)),
      FetchHttpClient.layer,
    ),
  ),
  { excludeTestServices: true },
)("the routes of organizations, whatever the database", (it) => {
  it.effect("AUTH-6: what a route does not take is 400 with a code and says where, and changes nothing", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const send = yield* sending;
      const client = yield* clientOf(byCookie(ann));
      const { id: organizationId } = yield* make(client, "malformed");
      const root = `/organizations/${organizationId}`;
      const params = { organizationId };
      const role = yield* client.organization.createRole({ params, payload: { role: "auditor", permissions: {} } });
      const before = yield* client.organization.full({ params });
      const asAnn = send(byCookie(ann));

      for (const [path, part] of [
        ["/members/x", "path.memberId"],
        [`/members/${ann.id}`, "path.memberId"],
        ["/members/%00", "path.memberId"],
        ["/teams/team_0/members", "path.teamId"],
      ] as const) {
        const answer = yield* asAnn("GET", `${root}${path}`);
        assertRefused(answer, 400, "INVALID_ID", path);
        assert.match(String(at(answer.json, "detail")), new RegExp(`^${part}: Expected an id of the form `));
      }
      assertRefused(yield* asAnn("POST", "/invitations/x/accept"), 400, "INVALID_ID");
      for (const query of [
        ...["0", "101", "1.5", "abc", "-1", "", "%2010", "1e1", "0x10", "010", "99999999999999999999"].map(
          (limit) => `limit=${limit}`,
        ),
        "limit=1&limit=2",
        "order=Oldest",
        "order=",
        "cursor=a&cursor=b",
      ]) {
        const answer = yield* asAnn("GET", `${root}/members?${query}`);
        assertRefused(answer, 400, "BAD_REQUEST", query);
        assert.match(String(at(answer.json, "detail")), new RegExp(`^query\\.${query.split("=", 1)}`), query);
      }

      const long = "x".repeat(256);
      const deep = (depth: number) => `${'{"a":['.repeat(depth)}1${"]}".repeat(depth)}`;
      const team = { name: "Night" };
      const invitation = { email: "dan@example.com", roles: ["member"] };
      const permissions = { team: ["create"] };
      const cases: ReadonlyArray<readonly [method: string, path: string, body: unknown]> = [
        ...[{}, { name: "" }, { name: long }, { name: "a\0" }, { name: "a\ud800" }, { name: 1 }, { name: null }].map(
          (body) => ["POST", `${root}/teams`, body] as const,
        ),
        ...["", "{", "null", "[]", '"x"', "{}{}"].map((body) => ["POST", `${root}/teams`, body] as const),
        ["POST", `${root}/teams`, { ...team, nmae: "x" }],
        ["POST", `${root}/teams`, '{"name":"x","__proto__":{"admin":true}}'],
        ["POST", "/organizations", { name: "x" }],
        ["POST", "/organizations", { name: "x", slug: "" }],
        ["POST", "/organizations", { name: "x", slug: long }],
        ["POST", "/organizations", { name: "x", slug: "y", logo: "x".repeat(10_001) }],
        ["PATCH", root, { name: null }],
        ["PATCH", root, { id: organizationId }],
        ["PATCH", root, { suspendedAt: null }],
        ["PATCH", root, { metadata: [] }],
        ["PATCH", root, { metadata: { a: "\0" } }],
        ["PATCH", root, { metadata: { "\0": 1 } }],
        ["PATCH", root, { metadata: { a: "\ud800" } }],
        ["PATCH", root, { metadata: { a: "x".repeat(10_000) } }],
        ["PATCH", root, `{"metadata":${deep(1_600)}}`],
        ["PATCH", root, `{"metadata":${deep(100_000)}}`],
        ["POST", `${root}/invitations`, { ...invitation, roles: [] }],
        ["POST", `${root}/invitations`, { ...invitation, roles: "member" }],
        ["POST", `${root}/invitations`, { ...invitation, roles: ["member,owner"] }],
        ["POST", `${root}/invitations`, { ...invitation, roles: Array.from({ length: 21 }, (_, i) => `r${i}`) }],
        ["POST", `${root}/invitations`, { ...invitation, teamIds: ["x"] }],
        ["POST", `${root}/invitations`, { ...invitation, teamIds: [organizationId] }],
        ["POST", `${root}/invitations`, { ...invitation, resend: "yes" }],
        ["POST", `${root}/invitations`, { ...invitation, email: `${"x".repeat(320)}@example.com` }],
        ["POST", `${root}/invitations`, { ...invitation, teamId: "x" }],
        ["POST", `${root}/roles`, { role: "a b", permissions }],
        ["POST", `${root}/roles`, { role: "a,b", permissions }],
        ["POST", `${root}/roles`, { role: "x".repeat(65), permissions }],
        ["POST", `${root}/roles`, { role: "x" }],
        ["POST", `${root}/roles`, { role: "x", permissions: { team: ["paint"] } }],
        ["POST", `${root}/roles`, { role: "x", permissions: { paint: ["create"] } }],
        ["PATCH", `${root}/roles/${role.id}`, { permissions: { toString: ["create"] } }],
        ["PATCH", `${root}/roles/${role.id}`, { permissions, role: "other" }],
      ];
      for (const [method, path, body] of cases) {
        const about = `${method} ${path} ${JSON.stringify(body).slice(0, 100)}`;
        const answer = yield* asAnn(method, path, body);
        assertRefused(answer, 400, "BAD_REQUEST", about);
        assert.match(String(at(answer.json, "detail")), /^body/, about);
        assert.isBelow(answer.text.length, 500, about);
      }
      assertRefused(yield* asAnn("POST", `${root}/invitations`, { ...invitation, email: "dan" }), 400, "INVALID_EMAIL");
      const typed = send({ ...byCookie(ann), "content-type": "text/plain" });
      assertRefused(yield* typed("PUT", `${root}/teams/x/members/y`), 400, "INVALID_ID");
      assert.deepStrictEqual(yield* client.organization.full({ params }), before);
    }),
  );

  it.effect("API-1: the document has them beside Better Auth's, by names of their own", () =>
    Effect.gen(function* () {
      const { url } = yield* Listening;
      const document: unknown = yield* Effect.promise(async () => (await fetch(`${url}/openapi.json`)).json());
      const all = Object.entries(Object(at(document, "paths"))).flatMap(([path, operations]) =>
        Object.values(Object(operations)).map((operation) => ({
          isOwn: !path.startsWith("/api/auth/"),
          id: at(operation, "operationId"),
          tags: [at(operation, "tags")].flat(),
        })),
      );
      const [ours, theirs] = [all.filter(({ isOwn }) => isOwn), all.filter(({ isOwn }) => !isOwn)];
      assert.includeMembers(
        ours.map(({ id }) => id),
        own.map(({ operation }) => operation.operationId),
      );
      const ids = all.flatMap(({ id }) => (id === undefined ? [] : [id]));
      assert.lengthOf(new Set(ids), ids.length);
      const tags = new Set(theirs.flatMap((operation) => operation.tags));
      assert.isAbove(tags.size, 1);
      assert.deepStrictEqual(
        ours.flatMap((operation) => operation.tags).filter((tag) => tags.has(tag)),
        [],
      );
    }),
  );

  it.effect("TEN-6: a page of members is one statement, beside one for the session and one to be let in", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { during } = yield* Sent;
      const client = yield* clientOf(byCookie(ann));
      const { id: organizationId } = yield* make(client, "counted");
      const { count, result, statements } = yield* during(
        client.organization.listMembers({ params: { organizationId }, query: {} }),
      );
      assert.lengthOf(result.items, 1);
      assert.lengthOf(statements, 3, statements.join("\n"));
      const [session, admission, page] = statements;
      assert.match(session ?? "", /from "iam_sessions" inner join "iam_users"/);
      assert.match(admission ?? "", /from iam_organizations o\s+left join iam_members m/);
      assert.match(page ?? "", /from "iam_members" inner join "iam_users"/);
      // Row security is held by a role and an organization for one transaction.
      assert.deepInclude(count, { control: 2, scope: 1 });
    }),
  );
});

test("API-1: the document has each route with what it takes, by whom, and each refusal by its code", () => {
  assert.lengthOf(own, 36);
  const explained = new Map(
    errorFamilies.flatMap(({ codes }) =>
      Object.entries(codes).map(([code, { statuses }]) => [code, statuses] as const),
    ),
  );
  for (const { method, path, operation } of own) {
    const name = `${method} ${path}`;
    assert.deepStrictEqual(operation.security, [{ apiKey: [] }, { accessToken: [] }, { session: [] }], name);
    assert.isString(operation.description, name);
    const body = at(operation, "requestBody", "content", "application/json", "schema");
    if (body !== undefined) assert.deepInclude(body, { type: "object", additionalProperties: false }, name);
    const statuses = Object.keys(operation.responses);
    assert.includeMembers(statuses, ["400", "401", "403", "503"], name);
    assert.lengthOf(
      statuses.filter((status) => Number(status) < 300),
      1,
      name,
    );
  }
  for (const schema of Object.values(schemas)) {
    const stated = at(schema, "properties", "code", "enum");
    for (const code of Array.isArray(stated) ? stated : []) assert.isTrue(explained.has(String(code)), String(code));
  }
});
