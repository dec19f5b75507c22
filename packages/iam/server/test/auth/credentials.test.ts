/** API keys and the second factor, in detail. */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import {
  assertRefused,
  at,
  Cast,
  database,
  granted,
  joined,
  open,
  organizationOf,
  type Person,
  signedUp,
  signIn,
  text,
} from "./browser.ts";
import { codeAt, codeNow } from "./totp.ts";

const verified = Effect.fnUntraced(function* (key: string) {
  const { api } = yield* Auth.Auth;
  const { valid, error } = yield* api.verifyApiKey({ body: { key } });
  return valid ? "valid" : error?.code;
});

/** Changes a key's row as the superuser. */
const rows = Effect.map(
  Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl)),
  (sql) => (id: string, values: Record<string, unknown>) =>
    sql`update iam_api_keys set ${sql.update(values)} where id = ${IamEntityIds.ApiKeyId.toUuid(id)}`,
);

const password = IamTest.password;

/** Turns the second factor on, up to the first code, which proves that the app has the secret. */
const enabled = Effect.fnUntraced(function* (person: Person) {
  const answer = granted(yield* person.post("/two-factor/enable", { password }));
  const uri = text(answer, "totpURI");
  granted(yield* person.post("/two-factor/verify-totp", { code: codeNow(uri) }));
  const backupCodes = at(answer, "backupCodes");
  return { uri, backupCodes: Array.isArray(backupCodes) ? backupCodes.map(String) : [] };
});

/** A browser in which the password was right and the second factor is awaited. */
const challenged = Effect.fnUntraced(function* (person: Person) {
  const browser = yield* open;
  assert.deepStrictEqual(granted(yield* signIn(browser, person.email)), {
    twoFactorRedirect: true,
    twoFactorMethods: ["totp"],
  });
  return browser;
});

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("AUTH-2: a key is made, works, is shown only once, and goes", () =>
    Effect.gen(function* () {
      const { ann, cat } = yield* Cast;
      const made = granted(yield* ann.post("/api-key/create", { name: "robot", prefix: "acme_" }));
      const [keyId, key] = [text(made, "id"), text(made, "key")];
      assert.strictEqual(at(made, "referenceId"), ann.id);
      assert.isTrue(key.startsWith("acme_"));
      assert.strictEqual(yield* verified(key), "valid");
      assert.strictEqual(yield* verified(`${key}x`), "INVALID_API_KEY");
      for (const shown of [
        yield* ann.get("/api-key/get", { id: keyId }),
        yield* ann.get("/api-key/list"),
        yield* ann.post("/api-key/update", { keyId, name: "Robot" }),
      ]) {
        assert.notInclude(JSON.stringify(granted(shown)), key.slice(10));
      }
      assertRefused(yield* cat.get("/api-key/get", { id: keyId }), 404, "KEY_NOT_FOUND");
      assertRefused(yield* cat.post("/api-key/update", { keyId, enabled: false }), 404, "KEY_NOT_FOUND");
      assertRefused(yield* cat.post("/api-key/delete", { keyId }), 404, "KEY_NOT_FOUND");
      granted(yield* ann.post("/api-key/delete", { keyId }));
      assert.strictEqual(yield* verified(key), "INVALID_API_KEY");
      const nobody = yield* open;
      assertRefused(yield* nobody.post("/api-key/create", {}), 401, "UNAUTHORIZED_SESSION");
    }),
  );

  it.effect("AUTH-1: an organization's key is made by those who may, and belongs to it", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { ann, bob, cat } = yield* Cast;
      const acme = yield* organizationOf(bob, "acme");
      yield* joined(acme, bob, cat);
      const wanted = { configId: "organization", organizationId: acme.id, name: "robot" };
      const made = granted(yield* bob.post("/api-key/create", wanted));
      assert.strictEqual(at(made, "referenceId"), acme.id);
      const { key } = yield* api.verifyApiKey({ body: { key: text(made, "key"), configId: "organization" } });
      assert.strictEqual(key?.referenceId, acme.id);
      assertRefused(yield* cat.post("/api-key/create", wanted), 403, "INSUFFICIENT_API_KEY_PERMISSIONS");
      assertRefused(yield* ann.post("/api-key/create", wanted), 404, "ORGANIZATION_NOT_FOUND");
      const query = { configId: "organization", organizationId: acme.id };
      assert.strictEqual(at(granted(yield* bob.get("/api-key/list", query)), "total"), 1);
      assertRefused(yield* ann.get("/api-key/list", query), 404, "ORGANIZATION_NOT_FOUND");
      // A key of one kind is none of the other.
      assert.strictEqual(
        yield* Effect.map(
          api.verifyApiKey({ body: { key: text(made, "key"), configId: "default" } }),
          ({ error }) => error?.code,
        ),
        "INVALID_API_KEY",
      );
    }),
  );

  it.effect("AUTH-1: a disabled, expired, spent or hurried key is refused, with the reason", () =>
    Effect.gen(function* () {
      const set = yield* rows;
      const { ann } = yield* Cast;
      const create = Effect.map(ann.post("/api-key/create", { expiresIn: 86_400 * 7 }), (answer) => {
        const made = granted(answer);
        return { id: text(made, "id"), key: text(made, "key") };
      });

      const disabled = yield* create;
      granted(yield* ann.post("/api-key/update", { keyId: disabled.id, enabled: false }));
      assert.strictEqual(yield* verified(disabled.key), "KEY_DISABLED");
      granted(yield* ann.post("/api-key/update", { keyId: disabled.id, enabled: true }));
      assert.strictEqual(yield* verified(disabled.key), "valid");

      const expired = yield* create;
      yield* set(expired.id, { expires_at: new Date(Date.now() - 1000) });
      assert.strictEqual(yield* verified(expired.key), "KEY_EXPIRED");

      const spent = yield* create;
      yield* set(spent.id, { remaining: 2 });
      assert.deepStrictEqual(
        [yield* verified(spent.key), yield* verified(spent.key), yield* verified(spent.key)],
        ["valid", "valid", "USAGE_EXCEEDED"],
      );

      const refilled = yield* create;
      yield* set(refilled.id, { remaining: 0, refill_amount: 2, refill_interval: 1 });
      assert.strictEqual(yield* verified(refilled.key), "valid");

      const hurried = yield* create;
      yield* set(hurried.id, { rate_limit_max: 2 });
      assert.deepStrictEqual(
        [yield* verified(hurried.key), yield* verified(hurried.key), yield* verified(hurried.key)],
        ["valid", "valid", "RATE_LIMITED"],
      );
      yield* set(hurried.id, { last_request: new Date(Date.now() - 86_400_001) });
      assert.strictEqual(yield* verified(hurried.key), "valid");
    }),
  );

  it.effect("AUTH-2: the second factor is on from the first right code on, and not before", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      assertRefused(
        yield* ann.post("/two-factor/enable", { password: "not what it was before" }),
        400,
        "INVALID_PASSWORD",
      );
      const uri = text(granted(yield* ann.post("/two-factor/enable", { password })), "totpURI");
      const fresh = yield* open;
      assert.strictEqual(at(granted(yield* signIn(fresh, ann.email)), "user", "id"), ann.id);
      const wrong = codeAt(uri, Date.now() - 3_600_000);
      assertRefused(yield* ann.post("/two-factor/verify-totp", { code: wrong }), 401, "INVALID_CODE");
      granted(yield* ann.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      assert.isTrue(at(granted(yield* ann.get("/get-session")), "user", "twoFactorEnabled"));
      yield* challenged(ann);
      assertRefused(yield* ann.post("/two-factor/enable", { password }), 400, "TOTP_ALREADY_ENABLED");
    }),
  );

  it.effect("AUTH-1: a sign-in without the right code gives no session, and few codes may be tried", () =>
    Effect.gen(function* () {
      const { bob } = yield* Cast;
      const { uri } = yield* enabled(bob);
      const browser = yield* challenged(bob);
      const wrong = codeAt(uri, Date.now() - 3_600_000);
      for (let i = 0; i < 5; i++) {
        assertRefused(yield* browser.post("/two-factor/verify-totp", { code: wrong }), 401, "INVALID_CODE");
      }
      assertRefused(
        yield* browser.post("/two-factor/verify-totp", { code: codeNow(uri) }),
        400,
        "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE",
      );
      assert.isNull(granted(yield* browser.get("/get-session")));

      // Not even a new challenge is a way to try on: failures count for the account too.
      const again = yield* challenged(bob);
      for (let i = 0; i < 5; i++) yield* again.post("/two-factor/verify-totp", { code: wrong });
      const third = yield* challenged(bob);
      assertRefused(
        yield* third.post("/two-factor/verify-totp", { code: codeNow(uri) }),
        429,
        "ACCOUNT_TEMPORARILY_LOCKED",
      );
      const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
      yield* sql`update iam_two_factors set locked_until = now() - interval '1 second'
        where user_id = ${SharedEntityIds.UserId.toUuid(bob.id)}`;
      granted(yield* third.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      assert.strictEqual(at(granted(yield* third.get("/get-session")), "user", "id"), bob.id);
    }),
  );

  it.effect("AUTH-1: a backup code stands in for the app, once", () =>
    Effect.gen(function* () {
      const { cat } = yield* Cast;
      const { backupCodes } = yield* enabled(cat);
      const [code, another] = backupCodes;
      const browser = yield* challenged(cat);
      assertRefused(
        yield* browser.post("/two-factor/verify-backup-code", { code: "nope" }),
        401,
        "INVALID_BACKUP_CODE",
      );
      granted(yield* browser.post("/two-factor/verify-backup-code", { code }));
      assert.strictEqual(at(granted(yield* browser.get("/get-session")), "user", "id"), cat.id);
      const next = yield* challenged(cat);
      assertRefused(yield* next.post("/two-factor/verify-backup-code", { code }), 401, "INVALID_BACKUP_CODE");

      const renewed = at(granted(yield* cat.post("/two-factor/generate-backup-codes", { password })), "backupCodes");
      assertRefused(yield* next.post("/two-factor/verify-backup-code", { code: another }), 401, "INVALID_BACKUP_CODE");
      granted(yield* next.post("/two-factor/verify-backup-code", { code: text(renewed, 0) }));
    }),
  );

  it.effect("AUTH-1: the second factor can be turned off with the password", () =>
    Effect.gen(function* () {
      const dan = yield* signedUp("dan");
      yield* enabled(dan);
      assertRefused(
        yield* dan.post("/two-factor/disable", { password: "not what it was before" }),
        400,
        "INVALID_PASSWORD",
      );
      granted(yield* dan.post("/two-factor/disable", { password }));
      const browser = yield* open;
      assert.strictEqual(at(granted(yield* signIn(browser, dan.email)), "user", "id"), dan.id);
      assert.isFalse(at(granted(yield* dan.get("/get-session")), "user", "twoFactorEnabled"));
    }),
  );
});
