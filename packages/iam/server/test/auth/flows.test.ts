/** The main flow of every enabled plugin, on every kind of database. Its details are in the files beside this one. */
import { Auth } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import {
  administrator,
  assertRefused,
  at,
  Cast,
  granted,
  joined,
  open,
  organizationOf,
  signIn,
  text,
} from "./browser.ts";
import { connected, directoryBy, groupOf, MEDIA_TYPE, made, setActive, userOf } from "./directory.ts";
import { codeNow } from "./totp.ts";

for (const database of IamTest.databases) {
  layer(Cast.on(database.layer), { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("AUTH-1: password: sign-up, verification, sign-in, sign-out, reset", () =>
      Effect.gen(function* () {
        const mailbox = yield* IamTest.Mailbox;
        const browser = yield* open;
        const email = "pat@example.com";
        granted(yield* browser.post("/sign-up/email", { name: "Pat", email, password: IamTest.password }));
        assertRefused(yield* signIn(browser, email), 403, "EMAIL_NOT_VERIFIED");
        // One message for the sign-up, another for the sign-in.
        yield* mailbox.next;
        yield* browser.follow(IamTest.linkIn(yield* mailbox.next));
        granted(yield* signIn(browser, email));
        assert.strictEqual(at(granted(yield* browser.get("/get-session")), "user", "email"), email);
        granted(yield* browser.post("/sign-out"));
        assert.isNull(granted(yield* browser.get("/get-session")));

        granted(yield* browser.post("/request-password-reset", { email, redirectTo: "/" }));
        const link = new URL(IamTest.linkIn(yield* mailbox.next));
        const token = link.pathname.split("/").at(-1);
        granted(yield* browser.post("/reset-password", { token, newPassword: "a horse that nobody knows" }));
        assertRefused(yield* signIn(browser, email), 401, "INVALID_EMAIL_OR_PASSWORD");
        granted(yield* signIn(browser, email, "a horse that nobody knows"));
      }),
    );

    it.effect("AUTH-1: organizations: invitation, team, role of their own, end", () =>
      Effect.gen(function* () {
        const { bob, cat } = yield* Cast;
        const acme = yield* organizationOf(bob, "acme");
        const { memberId } = yield* joined(acme, bob, cat);
        granted(yield* bob.post("/organization/create-role", { role: "editor", permission: { team: ["create"] } }));
        const may = Effect.map(
          cat.post("/organization/has-permission", { permissions: { team: ["create"] } }),
          (answer) => at(granted(answer), "success"),
        );
        assert.isFalse(yield* may);
        granted(yield* bob.post("/organization/update-member-role", { memberId, role: ["member", "editor"] }));
        assert.isTrue(yield* may);
        const team = granted(yield* cat.post("/organization/create-team", { name: "Writers" }));
        const added = granted(
          yield* bob.post("/organization/add-team-member", { teamId: text(team, "id"), userId: cat.id }),
        );
        assert.strictEqual(at(added, "userId"), cat.id);
        granted(yield* bob.post("/organization/delete", { organizationId: acme.id }));
        assert.deepStrictEqual(granted(yield* cat.get("/organization/list")), []);
      }),
    );

    it.effect("AUTH-1: API keys and the second factor", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { ann } = yield* Cast;
        const key = text(granted(yield* ann.post("/api-key/create", { name: "robot" })), "key");
        assert.strictEqual(
          yield* Effect.map(api.verifyApiKey({ body: { key } }), ({ key }) => key?.referenceId),
          ann.id,
        );

        const uri = text(granted(yield* ann.post("/two-factor/enable", { password: IamTest.password })), "totpURI");
        granted(yield* ann.post("/two-factor/verify-totp", { code: codeNow(uri) }));
        const elsewhere = yield* open;
        assert.isTrue(at(granted(yield* signIn(elsewhere, ann.email)), "twoFactorRedirect"));
        assert.isNull(granted(yield* elsewhere.get("/get-session")));
        granted(yield* elsewhere.post("/two-factor/verify-totp", { code: codeNow(uri) }));
        assert.strictEqual(at(granted(yield* elsewhere.get("/get-session")), "user", "id"), ann.id);
      }),
    );

    it.effect("AUTH-1: administration: an administrator bans and unbans", () =>
      Effect.gen(function* () {
        const root = yield* administrator("root");
        const { cat } = yield* Cast;
        granted(yield* root.post("/admin/ban-user", { userId: cat.id }));
        assert.isNull(granted(yield* cat.get("/get-session")));
        assertRefused(yield* signIn(cat, cat.email), 403, "BANNED_USER");
        granted(yield* root.post("/admin/unban-user", { userId: cat.id }));
        granted(yield* signIn(cat, cat.email));
      }),
    );

    it.effect("AUTH-1: SCIM: a directory makes a member, gives a role, and ends both", () =>
      Effect.gen(function* () {
        const { handler } = yield* Auth.Auth;
        const { ann } = yield* Cast;
        const acme = yield* organizationOf(ann, "provisioned");
        const { token } = yield* connected(
          SharedEntityIds.OrganizationId.fromUuid(SharedEntityIds.OrganizationId.toUuid(acme.id)),
        );
        const services = yield* Effect.context<Auth.Auth>();
        const ask = directoryBy(
          (request) => Effect.runPromiseWith(services)(handler(request)),
          "http://localhost:3000",
          token,
          MEDIA_TYPE,
        );
        const user = made(yield* ask("POST", "/Users", userOf("dee")));
        made(yield* ask("POST", "/Groups", groupOf("Admin", [user])));
        const rolesOf = Effect.map(ann.get("/organization/list-members", { organizationId: acme.id }), (answer) => {
          const members = at(granted(answer), "members");
          return Array.isArray(members) ? members.map((member) => at(member, "role")).toSorted() : members;
        });
        assert.deepStrictEqual(yield* rolesOf, ["admin", "owner"]);
        assert.strictEqual((yield* ask("PATCH", `/Users/${user}`, setActive(false))).status, 200);
        assert.deepStrictEqual(yield* rolesOf, ["owner"]);
      }),
    );
  });
}
