/** The other ways in: what they refuse, what a second factor makes of them, and what a guest's things become. */
import { createHash } from "node:crypto";
import { Auth } from "@beep/iam-server";
import { Envelope } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  assertRefused,
  at,
  type Browser,
  Cast,
  database,
  granted,
  joined,
  open,
  organizationOf,
  signIn,
  text,
} from "./browser.ts";
import { identifierOf } from "./means.ts";
import { mailedCode } from "./operations/mailedSignIns.ts";
import { texted } from "./operations/phoneNumbers.ts";
import { type Asked, signedMessage } from "./siwe.ts";
import { codeNow } from "./totp.ts";

const { password } = IamTest;

/** A code that is not the one. */
const wrong = (code: string) => code.replace(/\d$/, (last) => String((Number(last) + 1) % 10));

/** A code for a sign-in, asked for by nobody. */
const coded = Effect.fnUntraced(function* (email: string) {
  granted(yield* (yield* open).post("/email-otp/send-verification-otp", { email, type: "sign-in" }));
  return { email, otp: yield* mailedCode(email) };
});

/** The link of a mail to sign in. */
const linked = Effect.fnUntraced(function* (email: string, more: Readonly<Record<string, unknown>> = {}) {
  const mailbox = yield* IamTest.Mailbox;
  granted(yield* (yield* open).post("/sign-in/magic-link", { email, ...more }));
  return IamTest.linkIn(yield* mailbox.next);
});

/** A code texted to a number. */
const textedTo = Effect.fnUntraced(function* (phoneNumber: string) {
  granted(yield* (yield* open).post("/phone-number/send-otp", { phoneNumber }));
  return { phoneNumber, code: yield* texted };
});

const signedUpByPhone = Effect.fnUntraced(function* (phoneNumber: string) {
  const browser = yield* open;
  granted(yield* browser.post("/phone-number/verify", yield* textedTo(phoneNumber)));
  return browser;
});

const identity = (browser: Browser) => Effect.map(browser.get("/get-session"), (answer) => at(granted(answer), "user"));

const admin = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/** Makes all that waits to be confirmed too old. */
const outdated = Effect.gen(function* () {
  const sql = yield* admin;
  yield* sql`update iam_verifications set expires_at = now() - interval '1 second'`;
});

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("AUTH-1: a link to sign in works once, for five minutes, and as it was sent", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      const link = yield* linked("dan@example.com", { callbackURL: "/there" });
      const tampered = link.replace(/token=(.)/, (_, first) => `token=${first === "a" ? "b" : "a"}`);
      const refused = "http://localhost:3000/error?error=INVALID_TOKEN";
      const location = (at: string) => Effect.map(browser.follow(at), ({ headers }) => headers.get("location"));
      assert.strictEqual(yield* location(tampered), refused);
      assertRefused(
        yield* browser.follow(link.replace(/callbackURL=[^&]+/, "callbackURL=https%3A%2F%2Fevil.example")),
        403,
        "INVALID_CALLBACK_URL",
      );
      assert.isNull(granted(yield* browser.get("/get-session")));
      assert.strictEqual(yield* location(link), "http://localhost:3000/there");
      assert.strictEqual(yield* location(link), refused);
      const late = yield* linked("dan@example.com");
      yield* outdated;
      assert.strictEqual(yield* location(late), refused);
      // What is kept of a link is no link.
      const next = new URL(yield* linked("dan@example.com")).searchParams.get("token") ?? "";
      const sql = yield* admin;
      const hashed = createHash("sha256").update(next).digest("base64url");
      for (const presented of [next, hashed]) {
        assert.lengthOf(yield* sql`select 1 from iam_verifications v where v::text like ${`%${presented}%`}`, 0);
      }
      assert.lengthOf(
        yield* sql`select 1 from iam_verifications where identifier = ${identifierOf(`magic-link:${hashed}`)}`,
        1,
      );
    }),
  );

  it.effect("AUTH-1: a code by mail bears three attempts, works once, and is kept under a key", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      const sign = (body: unknown) => browser.post("/sign-in/email-otp", body);
      const body = yield* coded("eve@example.com");
      const sql = yield* admin;
      const [kept] = yield* sql`select value from iam_verifications 
        where identifier = ${identifierOf(`sign-in-otp-${body.email}`)}`;
      assert.isTrue(Envelope.is(String(kept?.value)));
      const plain = createHash("sha256").update(body.otp).digest("base64url");
      for (const clear of [body.otp, plain]) assert.notInclude(String(kept?.value), clear);

      for (let attempt = 0; attempt < 3; attempt++) {
        assertRefused(yield* sign({ ...body, otp: wrong(body.otp) }), 400, "INVALID_OTP");
      }
      assertRefused(yield* sign(body), 403, "TOO_MANY_ATTEMPTS");
      assertRefused(yield* sign(body), 400, "INVALID_OTP");
      const next = yield* coded(body.email);
      // It is for what it was asked for, and for whom.
      assertRefused(yield* browser.post("/email-otp/verify-email", next), 400, "INVALID_OTP");
      assertRefused(yield* sign({ ...next, email: "fay@example.com" }), 400, "INVALID_OTP");
      granted(yield* sign(next));
      assertRefused(yield* sign(next), 400, "INVALID_OTP");
      const late = yield* coded(body.email);
      yield* outdated;
      assertRefused(yield* sign(late), 400, "OTP_EXPIRED");
    }),
  );

  it.effect("AUTH-1: who proves an address takes over what somebody else had begun with it", () =>
    Effect.gen(function* () {
      const mailbox = yield* IamTest.Mailbox;
      const email = "owned@example.com";
      const thief = yield* open;
      granted(yield* thief.post("/sign-up/email", { name: "Thief", email, password }));
      yield* mailbox.next;
      const owner = yield* open;
      yield* owner.follow(yield* linked(email));
      assert.deepInclude(Object(yield* identity(owner)), { email, emailVerified: true });
      assertRefused(yield* signIn(thief, email), 401, "INVALID_EMAIL_OR_PASSWORD");
    }),
  );

  it.effect("AUTH-1: a phone number is confirmed by its code, which bears three attempts", () =>
    Effect.gen(function* () {
      const { bob } = yield* Cast;
      const browser = yield* open;
      const verify = (body: unknown) => browser.post("/phone-number/verify", body);
      for (const phoneNumber of ["4915112345", "+49 151 12345678", "+0151123456", "+49151123456789012", ""]) {
        assertRefused(yield* browser.post("/phone-number/send-otp", { phoneNumber }), 400, "INVALID_PHONE_NUMBER");
      }
      const phoneNumber = "+4915100000001";
      assertRefused(yield* verify({ phoneNumber, code: "123456" }), 400, "OTP_NOT_FOUND");
      const body = yield* textedTo(phoneNumber);
      for (let attempt = 0; attempt < 3; attempt++) {
        assertRefused(yield* verify({ ...body, code: wrong(body.code) }), 400, "INVALID_OTP");
      }
      assertRefused(yield* verify(body), 403, "TOO_MANY_ATTEMPTS");
      const late = yield* textedTo(phoneNumber);
      yield* outdated;
      assertRefused(yield* verify(late), 400, "OTP_EXPIRED");

      const own = yield* signedUpByPhone(phoneNumber);
      const taken = { ...(yield* textedTo(phoneNumber)), updatePhoneNumber: true };
      assertRefused(yield* bob.post("/phone-number/verify", taken), 400, "PHONE_NUMBER_EXIST");
      const nobody = { ...(yield* textedTo("+4915100000002")), updatePhoneNumber: true };
      assertRefused(yield* browser.post("/phone-number/verify", nobody), 401, "USER_NOT_FOUND");
      assertRefused(yield* own.post("/update-user", { phoneNumber }), 400, "PHONE_NUMBER_CANNOT_BE_UPDATED");
      const byPassword = { phoneNumber, password };
      const refused = [401, "INVALID_PHONE_NUMBER_OR_PASSWORD"] as const;
      assertRefused(yield* browser.post("/sign-in/phone-number", byPassword), ...refused);
      granted(yield* browser.post("/phone-number/request-password-reset", { phoneNumber }));
      const otp = yield* texted;
      const reset = { phoneNumber, otp, newPassword: password };
      assertRefused(
        yield* browser.post("/phone-number/reset-password", { ...reset, otp: wrong(otp) }),
        400,
        "INVALID_OTP",
      );
      granted(yield* browser.post("/phone-number/reset-password", reset));
      assert.isNull(granted(yield* own.get("/get-session")));
      granted(yield* browser.post("/sign-in/phone-number", byPassword));
      assertRefused(yield* browser.post("/sign-in/phone-number", { ...byPassword, password: "wrong" }), ...refused);
    }),
  );

  it.effect("AUTH-1: a phone number that was given up is free for who has it next", () =>
    Effect.gen(function* () {
      const [old, next] = ["+4915100000011", "+4915100000012"];
      const first = yield* signedUpByPhone(old);
      granted(yield* first.post("/phone-number/verify", { ...(yield* textedTo(next)), updatePhoneNumber: true }));
      const second = yield* signedUpByPhone(old);
      assert.notStrictEqual(at(yield* identity(second), "id"), at(yield* identity(first), "id"));
    }),
  );

  it.effect("AUTH-7: an address that stands in for none is nobody's, and is never mailed", () =>
    Effect.gen(function* () {
      const mailbox = yield* IamTest.Mailbox;
      const { ann } = yield* Cast;
      const phoned = yield* signedUpByPhone("+4915100000021");
      const email = text(yield* identity(phoned), "email");
      const organization = yield* organizationOf(ann, "placeholders");
      for (const [path, body] of [
        ["/sign-up/email", { name: "X", password }],
        ["/sign-in/magic-link", {}],
        ["/email-otp/send-verification-otp", { type: "sign-in" }],
        ["/organization/invite-member", { role: "member", organizationId: organization.id }],
      ] as const) {
        for (const wrong of [email, email.toUpperCase(), "somebody@invalid"]) {
          const answer = yield* ann.post(path, { ...body, email: wrong });
          assert.deepInclude(["INVALID_EMAIL", "VALIDATION_ERROR"], answer.code, path);
        }
      }
      // Neither by Better Auth's own accord: what it sends to confirm an address goes nowhere.
      const { api } = yield* Auth.Auth;
      granted(yield* phoned.post("/update-user", { username: "phoned" }));
      granted(yield* phoned.post("/phone-number/request-password-reset", { phoneNumber: "+4915100000021" }));
      const reset = { phoneNumber: "+4915100000021", otp: yield* texted, newPassword: password };
      granted(yield* phoned.post("/phone-number/reset-password", reset));
      const byName = yield* (yield* open).post("/sign-in/username", { username: "phoned", password });
      assertRefused(byName, 403, "EMAIL_NOT_VERIFIED");
      yield* api.requestPasswordReset({ body: { email: ann.email } });
      assert.strictEqual((yield* mailbox.next).to, ann.email);
    }),
  );

  it.effect("AUTH-1: a user name is one person's, and tells no more than a password's address does", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const browser = yield* open;
      granted(yield* ann.post("/update-user", { username: "ann" }));
      assertRefused(yield* bob.post("/update-user", { username: "ANN" }), 400, "USERNAME_IS_ALREADY_TAKEN");
      for (const [username, code] of [
        ["an", "USERNAME_TOO_SHORT"],
        ["a".repeat(31), "USERNAME_TOO_LONG"],
        ["ann smith", "INVALID_USERNAME"],
        ["аnn", "INVALID_USERNAME"], // With a Cyrillic a.
      ] as const) {
        assertRefused(yield* bob.post("/update-user", { username }), 400, code);
        assertRefused(yield* browser.post("/is-username-available", { username }), 422, code);
        assertRefused(yield* browser.post("/sign-in/username", { username, password }), 422, code);
      }
      const sign = (username: string, password: string) => browser.post("/sign-in/username", { username, password });
      const answers = [yield* sign("ann", "a wrong password"), yield* sign("nobody.here", password)];
      for (const answer of answers) assertRefused(answer, 401, "INVALID_USERNAME_OR_PASSWORD");
      assert.deepStrictEqual(answers[0]?.body, answers[1]?.body);
      assert.isTrue(at(granted(yield* browser.post("/is-username-available", { username: "bob" })), "available"));
    }),
  );

  it.effect("AUTH-1: an Ethereum account signs for this server, once, in time, by itself", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      const account = privateKeyToAccount(generatePrivateKey());
      const nonce = Effect.map(browser.post("/siwe/nonce"), (answer) => text(granted(answer), "nonce"));
      const verify = Effect.fnUntraced(function* (asked: Partial<Asked>, by = account) {
        return yield* browser.post("/siwe/verify", yield* signedMessage(by, { nonce: yield* nonce, ...asked }));
      });
      const minute = 60_000;
      const now = Date.now();
      for (const [asked, code] of [
        [{ domain: "evil.example" }, "UNAUTHORIZED_SIWE_MESSAGE_MISMATCH"],
        [{ nonce: "neverissued1" }, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE"],
        [{ expirationTime: new Date(now - minute) }, "UNAUTHORIZED_SIWE_MESSAGE_EXPIRED"],
        [{ notBefore: new Date(now + minute) }, "UNAUTHORIZED_SIWE_MESSAGE_NOT_YET_VALID"],
      ] as const) {
        assertRefused(yield* verify(asked), 401, code);
      }
      const right = yield* signedMessage(account, { nonce: yield* nonce });
      granted(yield* browser.post("/siwe/verify", right));
      assertRefused(yield* browser.post("/siwe/verify", right), 401, "UNAUTHORIZED_INVALID_OR_EXPIRED_NONCE");

      const other = privateKeyToAccount(generatePrivateKey());
      const { message } = yield* signedMessage(account, { nonce: yield* nonce });
      const forged = yield* Effect.promise(() => other.signMessage({ message }));
      assert.strictEqual((yield* browser.post("/siwe/verify", { message, signature: forged })).status, 401);
      for (const signature of ["0x", "0x00", "nonsense", `0x${"ff".repeat(65)}`]) {
        const { message } = yield* signedMessage(account, { nonce: yield* nonce });
        assert.strictEqual((yield* browser.post("/siwe/verify", { message, signature })).status, 401, signature);
      }
      for (const wrong of [{}, { message: 5, signature: "0x" }, { message: "hello", signature: "0x" }]) {
        assert.include([400, 401], (yield* browser.post("/siwe/verify", wrong)).status);
      }
      // The same account on another chain is the same user, however large the number is that the chain has.
      const before = at(yield* identity(browser), "id");
      granted(yield* verify({ chainId: 11_297_108_109 }));
      assert.strictEqual(at(yield* identity(browser), "id"), before);
    }),
  );

  it.effect("AUTH-1: a token is taken once, in time, and as it was signed", () =>
    Effect.gen(function* () {
      const { bob } = yield* Cast;
      const browser = yield* open;
      const once = Effect.map(bob.get("/one-time-token/generate"), (answer) => text(granted(answer), "token"));
      const verify = (token: unknown) => browser.post("/one-time-token/verify", { token });
      const token = yield* once;
      granted(yield* verify(token));
      assert.strictEqual((yield* verify(token)).status, 400);
      assert.strictEqual((yield* verify("nonsense")).status, 400);
      assertRefused(yield* verify(5), 400, "VALIDATION_ERROR");
      const late = yield* once;
      yield* outdated;
      assert.strictEqual((yield* verify(late)).status, 400);
      assert.strictEqual((yield* (yield* open).get("/one-time-token/generate")).status, 401);

      const bare = text(granted(yield* signIn(yield* open, bob.email)), "token");
      const bearing = Effect.fnUntraced(function* (bearer: string) {
        const program = yield* open;
        program.bear(bearer);
        return granted(yield* program.get("/get-session"));
      });
      // What the database holds is not enough, nor is a signature of somebody else's.
      for (const wrong of [bare, `${bare}.${"A".repeat(43)}=`, "nonsense", ".", "a.b.c"]) {
        assert.isNull(yield* bearing(wrong), wrong);
      }

      const jwt = text(granted(yield* bob.get("/token")), "token");
      const keys = createLocalJWKSet(granted(yield* bob.get("/jwks")) as JSONWebKeySet);
      const [head = "", payload = "", signature = ""] = jwt.split(".");
      const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      const accepted = yield* Effect.promise(() =>
        jwtVerify(`${head}.${payload}.${flipped}`, keys).catch(() => undefined),
      );
      assert.isUndefined(accepted);
      const sql = yield* admin;
      const [key] = yield* sql`select private_key from iam_signing_keys`;
      assert.isTrue(Envelope.is(String(key?.private_key)));
      assert.notInclude(JSON.stringify(granted(yield* bob.get("/jwks"))), '"d"');
    }),
  );

  it.effect("AUTH-1: of several sessions a browser switches to and ends its own only", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const browser = yield* open;
      granted(yield* signIn(browser, ann.email));
      const token = text(granted(yield* signIn(bob, bob.email)), "token");
      for (const sessionToken of [token, "nonsense", ""]) {
        for (const path of ["/multi-session/set-active", "/multi-session/revoke"]) {
          assertRefused(yield* browser.post(path, { sessionToken }), 401, "INVALID_SESSION_TOKEN");
        }
      }
      granted(yield* signIn(browser, bob.email));
      const listed = granted(yield* browser.get("/multi-session/list-device-sessions"));
      assert.lengthOf(Array.isArray(listed) ? listed : [], 2);
      // Who signs out is signed out, with all of them.
      granted(yield* browser.post("/sign-out"));
      assert.deepStrictEqual(granted(yield* browser.get("/multi-session/list-device-sessions")), []);
    }),
  );

  it.effect("AUTH-1: a device waits, is refused, is too late, and is decided by one person", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const television = yield* open;
      const client_id = "television";
      const asked = Effect.map(television.post("/device/code", { client_id }), (answer) => {
        const body = granted(answer);
        return { device_code: text(body, "device_code"), user_code: text(body, "user_code") };
      });
      const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
      const redeem = (device_code: string, client = client_id) =>
        television.post("/device/token", { grant_type, device_code, client_id: client });
      const assertError = (answer: { readonly status: number; readonly body: unknown }, error: string, status = 400) =>
        assert.deepStrictEqual([answer.status, at(answer.body, "error")], [status, error]);
      const sql = yield* admin;

      assertError(yield* television.post("/device/code", { client_id: "toaster" }), "invalid_client");
      assertError(yield* redeem("nonsense"), "invalid_grant");
      const first = yield* asked;
      assertError(yield* redeem(first.device_code, "toaster"), "invalid_client");
      assertError(yield* redeem(first.device_code), "authorization_pending");
      assertError(yield* redeem(first.device_code), "slow_down");
      // Who has not looked at it does not decide, nor does somebody else afterwards.
      const decide = (by: Browser, what: string, userCode = first.user_code) =>
        by.post(`/device/${what}`, { userCode });
      assertError(yield* decide(television, "approve"), "unauthorized", 401);
      assertError(yield* decide(ann, "approve"), "invalid_request");
      assertError(yield* ann.get("/device", { user_code: "WRONGONE" }), "invalid_request");
      granted(
        yield* ann.get("/device", {
          user_code: `${first.user_code.slice(0, 4)}-${first.user_code.slice(4)}`.toLowerCase(),
        }),
      );
      assert.isUndefined(at(granted(yield* bob.get("/device", { user_code: first.user_code })), "client_id"));
      for (const what of ["approve", "deny"]) assertError(yield* decide(bob, what), "access_denied", 403);
      granted(yield* decide(ann, "deny"));
      assertError(yield* decide(ann, "approve"), "invalid_request");
      yield* sql`update iam_device_codes set last_polled_at = null`;
      assertError(yield* redeem(first.device_code), "access_denied");
      assertError(yield* redeem(first.device_code), "invalid_grant");

      const second = yield* asked;
      granted(yield* ann.get("/device", { user_code: second.user_code }));
      granted(yield* decide(ann, "approve", second.user_code));
      granted(yield* redeem(second.device_code));
      assertError(yield* redeem(second.device_code), "invalid_grant");

      const late = yield* asked;
      yield* sql`update iam_device_codes set expires_at = now() - interval '1 second'`;
      assertError(yield* ann.get("/device", { user_code: late.user_code }), "expired_token");
      assertError(yield* redeem(late.device_code), "expired_token");

      // For code each of these has a code.
      const { api } = yield* Auth.Auth;
      const pending = yield* asked;
      const body = { grant_type, device_code: pending.device_code, client_id } as const;
      assert.strictEqual((yield* Effect.flip(api.deviceToken({ body }))).code, "AUTHORIZATION_PENDING");
      assert.strictEqual((yield* Effect.flip(api.deviceToken({ body }))).code, "POLLING_TOO_FREQUENTLY");
    }),
  );

  it.effect("AUTH-8: of several who use one link, code or token at once, one comes in", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      const link = new URL(yield* linked("race@example.com"));
      link.searchParams.delete("callbackURL");
      const otp = yield* coded("race-too@example.com");
      const phone = yield* textedTo("+4915100000041");
      const once = granted(yield* ann.get("/one-time-token/generate"));
      const account = privateKeyToAccount(generatePrivateKey());
      const nonce = Effect.flatMap(open, (browser) => browser.post("/siwe/nonce")).pipe(
        Effect.map((answer) => text(granted(answer), "nonce")),
      );
      const asked = granted(yield* ann.post("/device/code", { client_id: "television" }));
      granted(yield* ann.get("/device", { user_code: text(asked, "user_code") }));
      granted(yield* ann.post("/device/approve", { userCode: text(asked, "user_code") }));
      const device = {
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: text(asked, "device_code"),
        client_id: "television",
      };
      const signed = yield* signedMessage(account, { nonce: yield* nonce });
      const statuses = Effect.fnUntraced(function* (
        begin: ReadonlyArray<(browser: Browser) => ReturnType<Browser["post"]>>,
      ) {
        const answers = yield* Effect.forEach(
          begin,
          (one) => Effect.flatMap(open, (browser) => Effect.map(one(browser), ({ status }) => status)),
          { concurrency: "unbounded" },
        );
        return answers.toSorted((a, b) => a - b);
      });
      for (const [name, one] of Object.entries({
        link: (browser: Browser) => browser.follow(link.href),
        code: (browser: Browser) => browser.post("/sign-in/email-otp", otp),
        text: (browser: Browser) => browser.post("/phone-number/verify", phone),
        token: (browser: Browser) => browser.post("/one-time-token/verify", once),
        device: (browser: Browser) => browser.post("/device/token", device),
        siwe: (browser: Browser) => browser.post("/siwe/verify", signed),
      })) {
        const [first, ...others] = yield* statuses([one, one, one]);
        assert.strictEqual(first, 200, name);
        for (const other of others) assert.include([302, 400, 401, 403], other, name);
      }
      // An account that signs in for the first time, twice at once, is one user.
      const stranger = privateKeyToAccount(generatePrivateKey());
      const messages = yield* Effect.forEach([1, 2, 3], () =>
        Effect.flatMap(nonce, (nonce) => signedMessage(stranger, { nonce })),
      );
      const entered = yield* statuses(messages.map((body) => (browser: Browser) => browser.post("/siwe/verify", body)));
      assert.strictEqual(entered[0], 200);
      for (const status of entered) assert.include([200, 409], status);
    }),
  );

  it.effect(
    "AUTH-1: a guest's memberships, teams and invitations are the user's afterwards; the guest and its keys are gone",
    () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { ann, bob, cat } = yield* Cast;
        const browser = yield* open;
        const guestId = text(granted(yield* browser.post("/sign-in/anonymous")), "user", "id");
        assertRefused(
          yield* browser.post("/sign-in/anonymous"),
          400,
          "ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY",
        );
        assertRefused(yield* ann.post("/delete-anonymous-user"), 403, "USER_IS_NOT_ANONYMOUS");
        // One that is the guest's own, and one of which the user is a member already.
        const own = yield* organizationOf(browser, "guests-own");
        granted(yield* browser.post("/organization/add-team-member", { teamId: own.teamId, userId: guestId }));
        const shared = yield* organizationOf(browser, "shared");
        yield* joined(shared, browser, cat);
        granted(
          yield* browser.post("/organization/invite-member", {
            email: bob.email,
            role: "member",
            organizationId: own.id,
          }),
        );
        yield* Effect.flatMap(IamTest.Mailbox, ({ next }) => next);
        const key = text(granted(yield* browser.post("/api-key/create", { name: "robot" })), "key");

        granted(yield* signIn(browser, cat.email));
        const sql = yield* admin;
        assert.lengthOf(yield* sql`select 1 from iam_users where is_anonymous`, 0);
        const members = Effect.fnUntraced(function* (organizationId: string) {
          const body = granted(yield* browser.get("/organization/list-members", { organizationId }));
          const rows = at(body, "members");
          return Array.isArray(rows) ? rows.map((row) => [at(row, "userId"), at(row, "role")]) : [];
        });
        assert.deepStrictEqual(yield* members(own.id), [[cat.id, "owner"]]);
        assert.deepStrictEqual(yield* members(shared.id), [[cat.id, "member,owner"]]);
        const team = granted(yield* browser.get("/organization/list-team-members", { teamId: own.teamId }));
        assert.strictEqual(at(team, 0, "userId"), cat.id);
        const invitations = granted(yield* browser.get("/organization/list-invitations", { organizationId: own.id }));
        assert.strictEqual(at(invitations, 0, "inviterId"), cat.id);
        assert.isFalse((yield* api.verifyApiKey({ body: { key } })).valid);
      }),
  );

  it.effect("AUTH-1: whatever proves one factor waits for the second; a passkey is both", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      const phoneNumber = "+4915100000031";
      granted(yield* ann.post("/phone-number/verify", { ...(yield* textedTo(phoneNumber)), updatePhoneNumber: true }));
      granted(yield* ann.post("/update-user", { username: "ann.smith" }));
      const uri = text(granted(yield* ann.post("/two-factor/enable", { password })), "totpURI");
      granted(yield* ann.post("/two-factor/verify-totp", { code: codeNow(uri) }));

      const account = privateKeyToAccount(generatePrivateKey());
      const sql = yield* admin;
      const wallet = yield* open;
      const nonce = Effect.map(wallet.post("/siwe/nonce"), (answer) => text(granted(answer), "nonce"));
      granted(yield* wallet.post("/siwe/verify", yield* signedMessage(account, { nonce: yield* nonce })));
      yield* sql`update iam_wallet_addresses set user_id = u.id from iam_users u where u.email = ${ann.email}`;

      const challenge = { twoFactorRedirect: true, twoFactorMethods: ["totp"] };
      const link = new URL(yield* linked(ann.email));
      link.searchParams.delete("callbackURL");
      for (const begin of [
        (browser: Browser) => browser.post("/sign-in/username", { username: "ann.smith", password }),
        (browser: Browser) => browser.post("/sign-in/phone-number", { phoneNumber, password }),
        (browser: Browser) =>
          Effect.flatMap(textedTo(phoneNumber), (body) => browser.post("/phone-number/verify", body)),
        (browser: Browser) => Effect.flatMap(coded(ann.email), (body) => browser.post("/sign-in/email-otp", body)),
        (browser: Browser) => browser.follow(link.href),
        (browser: Browser) =>
          Effect.flatMap(nonce, (nonce) => signedMessage(account, { nonce })).pipe(
            Effect.flatMap((body) => browser.post("/siwe/verify", body)),
          ),
      ]) {
        const browser = yield* open;
        const answer = yield* begin(browser);
        assert.deepStrictEqual(granted(answer), challenge);
        assert.isNull(granted(yield* browser.get("/get-session")));
        granted(yield* browser.post("/two-factor/verify-totp", { code: codeNow(uri) }));
        assert.strictEqual(at(yield* identity(browser), "id"), ann.id);
      }

      // A browser that followed a link is led to the page, and from there to where the link was to lead.
      const browser = yield* open;
      const led = yield* browser.follow(yield* linked(ann.email, { callbackURL: "/there" }));
      assert.strictEqual(led.status, 302);
      const page = "http://localhost:3000/two-factor?next=http%3A%2F%2Flocalhost%3A3000%2Fthere";
      assert.strictEqual(led.headers.get("location"), page);
      assert.isNull(granted(yield* browser.get("/get-session")));
      granted(yield* browser.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      assert.strictEqual(at(yield* identity(browser), "id"), ann.id);
      // A number is changed by who is signed in, which is no sign-in.
      const changed = { ...(yield* textedTo("+4915100000032")), updatePhoneNumber: true };
      assert.strictEqual(at(granted(yield* browser.post("/phone-number/verify", changed)), "user", "id"), ann.id);
    }),
  );
});
