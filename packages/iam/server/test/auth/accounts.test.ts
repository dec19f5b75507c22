/** Passwords, sessions and administration, in detail. */
import { Auth } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import {
  administrator,
  assertRefused,
  at,
  type Browser,
  Cast,
  database,
  granted,
  open,
  type Person,
  signedUp,
  signIn,
  text,
} from "./browser.ts";

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

const isSignedIn = (browser: Browser) =>
  Effect.map(browser.get("/get-session"), (answer) => at(granted(answer), "session") !== undefined);

const elsewhere = Effect.fnUntraced(function* (person: Person, password?: string) {
  const browser = yield* open;
  granted(yield* signIn(browser, person.email, password));
  return browser;
});

class Root extends Context.Service<Root, Person>()("test/auth/Root") {
  static readonly layer = Layer.effect(Root, administrator("root"));
}

layer(Root.layer.pipe(Layer.provideMerge(Cast.on(database))), { excludeTestServices: true })((it) => {
  it.effect("AUTH-1: a verification link that is not ours, or expired, verifies nothing", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      const mailbox = yield* IamTest.Mailbox;
      const email = "vera@example.com";
      granted(yield* browser.post("/sign-up/email", { name: "Vera", email, password: IamTest.password }));
      const link = new URL(IamTest.linkIn(yield* mailbox.next));
      const token = link.searchParams.get("token") ?? "";
      const [head = "", , signature = ""] = token.split(".");
      const claims = Buffer.from(JSON.stringify({ email: "root@example.com" })).toString("base64url");
      for (const forged of ["", "nonsense", `${head}.${claims}.${signature}`]) {
        assertRefused(yield* browser.get("/verify-email", { token: forged }), 401, "INVALID_TOKEN");
      }
      assertRefused(yield* signIn(browser, email), 403, "EMAIL_NOT_VERIFIED");
      yield* mailbox.next;
      yield* browser.follow(link.href);
      granted(yield* signIn(browser, email));
    }),
  );

  it.effect("AUTH-1: a reset ends every session, and its link works once and not for ever", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const mailbox = yield* IamTest.Mailbox;
      const dan = yield* signedUp("dan");
      const phone = yield* elsewhere(dan);
      const stranger = yield* open;
      const requested = Effect.gen(function* () {
        granted(yield* stranger.post("/request-password-reset", { email: dan.email, redirectTo: "/" }));
        return new URL(IamTest.linkIn(yield* mailbox.next)).pathname.split("/").at(-1);
      });

      const expired = yield* requested;
      yield* sql`update iam_verifications set expires_at = now() - interval '1 second'`;
      const newPassword = "a horse that nobody knows";
      assertRefused(yield* stranger.post("/reset-password", { token: expired, newPassword }), 400, "INVALID_TOKEN");
      assert.isTrue(yield* isSignedIn(dan));

      const token = yield* requested;
      assertRefused(
        yield* stranger.post("/reset-password", { token, newPassword: "short" }),
        400,
        "PASSWORD_TOO_SHORT",
      );
      granted(yield* stranger.post("/reset-password", { token, newPassword }));
      assertRefused(yield* stranger.post("/reset-password", { token, newPassword }), 400, "INVALID_TOKEN");
      assert.isFalse(yield* isSignedIn(dan));
      assert.isFalse(yield* isSignedIn(phone));
      assertRefused(yield* signIn(dan, dan.email), 401, "INVALID_EMAIL_OR_PASSWORD");
      granted(yield* signIn(dan, dan.email, newPassword));
    }),
  );

  it.effect("AUTH-1: changing the password asks for the old one and ends the other sessions", () =>
    Effect.gen(function* () {
      const eve = yield* signedUp("eve");
      const phone = yield* elsewhere(eve);
      const change = { currentPassword: IamTest.password, newPassword: "a horse that nobody knows" };
      assertRefused(
        yield* eve.post("/change-password", { ...change, currentPassword: "not what it was before" }),
        400,
        "INVALID_PASSWORD",
      );
      assertRefused(
        yield* eve.post("/change-password", { ...change, newPassword: "short" }),
        400,
        "PASSWORD_TOO_SHORT",
      );
      granted(yield* eve.post("/change-password", { ...change, revokeOtherSessions: true }));
      assert.isTrue(yield* isSignedIn(eve));
      assert.isFalse(yield* isSignedIn(phone));
      granted(yield* signIn(phone, eve.email, change.newPassword));
    }),
  );

  it.effect("AUTH-1: users see and end their sessions", () =>
    Effect.gen(function* () {
      const { bob, cat } = yield* Cast;
      const [phone, tablet] = [yield* elsewhere(cat), yield* elsewhere(cat)];
      const sessions = granted(yield* cat.get("/list-sessions"));
      assert.lengthOf(Array.isArray(sessions) ? sessions : [], 3);
      const token = text(granted(yield* phone.get("/get-session")), "session", "token");
      granted(yield* cat.post("/revoke-session", { token }));
      assert.deepStrictEqual([yield* isSignedIn(phone), yield* isSignedIn(tablet)], [false, true]);
      granted(yield* cat.post("/revoke-other-sessions"));
      assert.deepStrictEqual([yield* isSignedIn(cat), yield* isSignedIn(tablet)], [true, false]);
      granted(yield* cat.post("/revoke-sessions"));
      assert.isFalse(yield* isSignedIn(cat));

      // Somebody else's session cannot be ended, known as its token may be.
      const own = text(granted(yield* bob.get("/get-session")), "session", "token");
      const again = yield* elsewhere(cat);
      yield* again.post("/revoke-session", { token: own });
      assert.isTrue(yield* isSignedIn(bob));
    }),
  );

  it.effect("AUTH-1: an administrator makes users, changes roles, and ordinary users do neither", () =>
    Effect.gen(function* () {
      const root = yield* Root;
      const { ann } = yield* Cast;
      const user = { name: "Gil", email: "gil@example.com", password: IamTest.password };
      assertRefused(yield* ann.post("/admin/create-user", user), 403, "YOU_ARE_NOT_ALLOWED_TO_CREATE_USERS");
      // What nobody is to state, and a role that there is not.
      const off = { userId: ann.id, data: { twoFactorEnabled: false } };
      assertRefused(yield* root.post("/admin/update-user", off), 400, "FIELD_NOT_ALLOWED");
      assertRefused(
        yield* root.post("/admin/set-role", { userId: ann.id, role: "administrator" }),
        400,
        "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE",
      );
      assertRefused(
        yield* ann.post("/admin/set-role", { userId: ann.id, role: "admin" }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE",
      );
      const made = granted(yield* root.post("/admin/create-user", { ...user, data: { emailVerified: true } }));
      const gil = yield* open;
      granted(yield* signIn(gil, user.email));
      assert.strictEqual((yield* gil.get("/admin/list-users")).status, 403);
      granted(yield* root.post("/admin/set-role", { userId: text(made, "user", "id"), role: "admin" }));
      assert.isAtLeast(Number(at(granted(yield* gil.get("/admin/list-users")), "total")), 3);
      granted(yield* root.post("/admin/remove-user", { userId: text(made, "user", "id") }));
      assert.isFalse(yield* isSignedIn(gil));
    }),
  );

  it.effect("AUTH-1: a ban ends the sessions and refuses sign-in until it is lifted or over", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const root = yield* Root;
      const { ann } = yield* Cast;
      const id = SharedEntityIds.UserId.toUuid(ann.id);
      assertRefused(yield* ann.post("/admin/ban-user", { userId: root.id }), 403, "YOU_ARE_NOT_ALLOWED_TO_BAN_USERS");
      const { api } = yield* Auth.Auth;
      const key = text(granted(yield* ann.post("/api-key/create", { name: "robot" })), "key");
      const verified = Effect.map(api.verifyApiKey({ body: { key } }), ({ valid, error }) => [valid, error?.code]);
      assert.deepStrictEqual(yield* verified, [true, undefined]);
      granted(yield* root.post("/admin/ban-user", { userId: ann.id, banReason: "spam", banExpiresIn: 3600 }));
      assert.deepStrictEqual(yield* verified, [false, "BANNED_USER"]);
      assert.isFalse(yield* isSignedIn(ann));
      assertRefused(yield* signIn(ann, ann.email), 403, "BANNED_USER");
      const stored = yield* sql`select ban_reason, ban_expires > now() + interval '59 minutes' as later
        from iam_users where id = ${id}`;
      assert.deepStrictEqual(stored, [{ ban_reason: "spam", later: true }]);

      yield* sql`update iam_users set ban_expires = now() - interval '1 second' where id = ${id}`;
      granted(yield* signIn(ann, ann.email));
      granted(yield* root.post("/admin/ban-user", { userId: ann.id }));
      assertRefused(yield* signIn(ann, ann.email), 403, "BANNED_USER");
      granted(yield* root.post("/admin/unban-user", { userId: ann.id }));
      granted(yield* signIn(ann, ann.email));
    }),
  );

  it.effect("SES-2: who ends an administrator's sessions ends those too that the administrator has as others", () =>
    Effect.gen(function* () {
      const root = yield* Root;
      const { ann, bob } = yield* Cast;
      for (const [index, end] of ["/admin/ban-user", "/admin/revoke-user-sessions"].entries()) {
        const rogue = yield* administrator(`rogue${index}`);
        granted(yield* rogue.post("/admin/impersonate-user", { userId: ann.id }));
        assert.strictEqual(at(granted(yield* rogue.get("/get-session")), "user", "id"), ann.id);
        granted(yield* root.post(end, { userId: rogue.id }));
        assert.isFalse(yield* isSignedIn(rogue), end);
      }
      assert.isTrue(yield* isSignedIn(ann));
      assert.isTrue(yield* isSignedIn(bob));
    }),
  );

  it.effect("AUTH-1: an administrator acts as a user, visibly, and comes back", () =>
    Effect.gen(function* () {
      const root = yield* Root;
      const other = yield* administrator("rival");
      const { ann } = yield* Cast;
      assertRefused(
        yield* ann.post("/admin/impersonate-user", { userId: root.id }),
        403,
        "YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS",
      );
      assertRefused(
        yield* root.post("/admin/impersonate-user", { userId: other.id }),
        403,
        "YOU_CANNOT_IMPERSONATE_ADMINS",
      );
      granted(yield* root.post("/admin/impersonate-user", { userId: ann.id }));
      const acting = granted(yield* root.get("/get-session"));
      assert.deepStrictEqual([at(acting, "user", "id"), at(acting, "session", "impersonatedBy")], [ann.id, root.id]);
      assert.strictEqual((yield* root.get("/admin/list-users")).status, 403);
      granted(yield* root.post("/admin/stop-impersonating"));
      const back = granted(yield* root.get("/get-session"));
      assert.deepStrictEqual([at(back, "user", "id"), at(back, "session", "impersonatedBy")], [root.id, null]);
      assert.isTrue(yield* isSignedIn(ann));
    }),
  );

  it.effect("AUTH-6: a request that another site made, or that would lead to another, is refused", () =>
    Effect.gen(function* () {
      const { handler } = yield* Auth.Auth;
      const { ann } = yield* Cast;
      const codeFrom = Effect.fnUntraced(function* (origin: string | undefined) {
        const headers = ann.headers();
        if (origin === undefined) headers.delete("origin");
        else headers.set("origin", origin);
        headers.set("content-type", "application/json");
        const init = { method: "POST", headers, body: JSON.stringify({ name: "Mallory" }) };
        const response = yield* handler(new Request("http://localhost:3000/api/auth/update-user", init));
        return [response.status, at(yield* Effect.promise(() => response.json()), "code")];
      });
      assert.deepStrictEqual(yield* codeFrom("https://evil.example"), [403, "INVALID_ORIGIN"]);
      assert.deepStrictEqual(yield* codeFrom("null"), [403, "MISSING_OR_NULL_ORIGIN"]);
      assert.deepStrictEqual(yield* codeFrom(undefined), [403, "MISSING_OR_NULL_ORIGIN"]);
      assert.strictEqual(at(granted(yield* ann.get("/get-session")), "user", "name"), "ann");
      const elsewhere = { callbackURL: "https://evil.example", redirectTo: "https://evil.example" };
      assertRefused(
        yield* ann.post("/sign-in/email", { email: ann.email, password: IamTest.password, ...elsewhere }),
        403,
        "INVALID_CALLBACK_URL",
      );
      assertRefused(
        yield* ann.post("/request-password-reset", { email: ann.email, redirectTo: elsewhere.redirectTo }),
        403,
        "INVALID_REDIRECT_URL",
      );
      assertRefused(yield* ann.get("/verify-email", { token: "x", ...elsewhere }), 403, "INVALID_CALLBACK_URL");
    }),
  );
});
