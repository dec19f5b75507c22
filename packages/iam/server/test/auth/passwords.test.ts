/** Which passwords are accepted, on every way to set one, and how their hashes keep up. */
import type { Errors } from "@beep/iam-domain";
import { Auth, Iam, IamDb, Mailer } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Race, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { hash as argon2 } from "@node-rs/argon2";
import { hashPassword as scrypt } from "better-auth/crypto";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { rangeService } from "../rangeService.ts";
import {
  administrator,
  assertRefused,
  at,
  Cast,
  database,
  granted,
  open,
  type Person,
  signedUp,
  signIn,
  text,
} from "./browser.ts";
import { betterAuth } from "./control.ts";
import { codeNow } from "./totp.ts";

/** An operation that has no route. */
type Server = (input: {
  readonly headers: Headers;
  readonly body: { readonly newPassword: string };
}) => Effect.Effect<unknown, Errors.AuthError>;

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

const hashOf = Effect.fnUntraced(function* (person: Person) {
  const sql = yield* superuser;
  const rows = yield* sql<{ readonly password: string }>`select password from iam_accounts
    where user_id = ${SharedEntityIds.UserId.toUuid(person.id)} and provider_id = 'credential'`;
  return rows[0]?.password ?? "";
});

const setHash = Effect.fnUntraced(function* (person: Person, password: string | null) {
  const sql = yield* superuser;
  yield* sql`update iam_accounts set password = ${password}
    where user_id = ${SharedEntityIds.UserId.toUuid(person.id)} and provider_id = 'credential'`;
});

/** The token of a mailed link to set a password. */
const resetToken = Effect.fnUntraced(function* (person: Person) {
  const mailbox = yield* IamTest.Mailbox;
  granted(yield* person.post("/request-password-reset", { email: person.email, redirectTo: "/" }));
  return new URL(IamTest.linkIn(yield* mailbox.next)).pathname.split("/").at(-1);
});

const enabled = Effect.fnUntraced(function* (person: Person, password = IamTest.password) {
  const uri = text(granted(yield* person.post("/two-factor/enable", { password })), "totpURI");
  granted(yield* person.post("/two-factor/verify-totp", { code: codeNow(uri) }));
  return uri;
});

const change = (person: Person, newPassword: string, currentPassword = IamTest.password) =>
  person.post("/change-password", { currentPassword, newPassword });

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("AUTH-4: every way to set a password wants 15 characters, and none of the list", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      const root = yield* administrator("root");
      const stranger = yield* open;
      const token = yield* resetToken(ann);
      const ways = {
        "sign-up": (password: string) =>
          stranger.post("/sign-up/email", { name: "Ann", email: "ann.smith@example.com", password }),
        change: (password: string) => change(ann, password),
        reset: (newPassword: string) => stranger.post("/reset-password", { token, newPassword }),
        "administrator's creation": (password: string) =>
          root.post("/admin/create-user", { name: "Ann", email: "ann.smith@example.com", password }),
        "administrator's change": (newPassword: string) =>
          root.post("/admin/set-user-password", { userId: ann.id, newPassword }),
      };
      for (const [way, set] of Object.entries(ways)) {
        const refused = Effect.fnUntraced(function* (password: string, code: string) {
          const answer = yield* set(password);
          assert.deepStrictEqual([way, answer.status, answer.code], [way, 400, code]);
        });
        yield* refused("x7-Kq", "PASSWORD_TOO_SHORT");
        yield* refused("zvGk7-Qm2rT-84", "PASSWORD_TOO_SHORT");
        yield* refused("passwordpassword", "PASSWORD_COMPROMISED");
        yield* refused("12345678901234567890", "PASSWORD_COMPROMISED");
        // The names of the service and of the user.
        yield* refused("ann@example.com-localhost", "PASSWORD_COMPROMISED");
      }
      assert.isTrue((yield* hashOf(ann)).startsWith("$argon2id$"));
      granted(yield* signIn(stranger, ann.email));
    }),
  );

  it.effect("AUTH-4: a character is a code point, of 64 each counts, and any may be there", () =>
    Effect.gen(function* () {
      const dan = yield* signedUp("dan");
      // 14 characters, of two UTF-16 units each.
      assertRefused(yield* change(dan, "🐎🔋📎🌳🎻🚀🧊🥐🦉🍋🪁🧵🎲🗝"), 400, "PASSWORD_TOO_SHORT");
      const fifteen = "🐎🔋📎🌳🎻🚀🧊🥐🦉🍋🪁🧵🎲🗝🪴";
      granted(yield* change(dan, fifteen));
      const long = `${"Grüße aus dem tiefen Schwarzwald, wo die Tannen rauschen. ".repeat(2)}Ende`.slice(0, 100);
      granted(yield* change(dan, long, fifteen));
      const browser = yield* open;
      assertRefused(yield* signIn(browser, dan.email, `${long.slice(0, -1)}!`), 401, "INVALID_EMAIL_OR_PASSWORD");
      granted(yield* signIn(browser, dan.email, long));
      assertRefused(yield* change(dan, "x".repeat(257), long), 400, "PASSWORD_TOO_LONG");
    }),
  );

  it.effect("AUTH-4: 8 characters do beside a second factor, which then cannot go before they are more", () =>
    Effect.gen(function* () {
      const { bob, cat } = yield* Cast;
      const root = yield* administrator("eve");
      const [short, shorter] = ["xk2!pq9d", "xk2!pq9"];
      assertRefused(yield* change(bob, short), 400, "PASSWORD_TOO_SHORT");
      yield* enabled(bob);

      assertRefused(yield* change(bob, shorter), 400, "PASSWORD_TOO_SHORT");
      granted(yield* change(bob, short));
      const token = yield* resetToken(bob);
      const stranger = yield* open;
      assertRefused(
        yield* stranger.post("/reset-password", { token, newPassword: shorter }),
        400,
        "PASSWORD_TOO_SHORT",
      );
      granted(yield* root.post("/admin/set-user-password", { userId: bob.id, newPassword: "Q7#vLm2z" }));
      // The administrator's own second factor is nobody else's.
      assertRefused(
        yield* root.post("/admin/set-user-password", { userId: cat.id, newPassword: short }),
        400,
        "PASSWORD_TOO_SHORT",
      );
      // A password of who had none, which only the server sets.
      const { api } = yield* Auth.Auth;
      const setPassword: Server = Reflect.get(api, "setPassword");
      yield* setHash(bob, null);
      const refused = yield* Effect.flip(setPassword({ headers: bob.headers(), body: { newPassword: shorter } }));
      assert.strictEqual(refused.code, "PASSWORD_TOO_SHORT");
      yield* setPassword({ headers: bob.headers(), body: { newPassword: "Q7#vLm2z" } });

      assertRefused(yield* bob.post("/two-factor/disable", { password: "Q7#vLm2y" }), 400, "INVALID_PASSWORD");
      assertRefused(yield* bob.post("/two-factor/disable", { password: "Q7#vLm2z" }), 400, "PASSWORD_TOO_SHORT");
      assert.isTrue(at(granted(yield* bob.get("/get-session")), "user", "twoFactorEnabled"));
      granted(yield* change(bob, "zvGk7-Qm2rT-84hsN", "Q7#vLm2z"));
      granted(yield* bob.post("/two-factor/disable", { password: "zvGk7-Qm2rT-84hsN" }));
      assertRefused(yield* change(bob, short, "zvGk7-Qm2rT-84hsN"), 400, "PASSWORD_TOO_SHORT");
    }),
  );

  it.effect("AUTH-4: what is hashed where nobody is known is examined as a new user's", () =>
    Effect.gen(function* () {
      const auth = yield* betterAuth();
      // The context has more than its interface here says.
      const context = (yield* Effect.promise(() => auth.$context)) as unknown as {
        readonly password: { readonly hash: (password: string) => Promise<string> };
      };
      const refusal = (password: string) =>
        Effect.map(Effect.flip(Effect.tryPromise(() => context.password.hash(password))), ({ cause }) =>
          at(cause, "body", "code"),
        );
      assert.strictEqual(yield* refusal("xk2!pq9d"), "PASSWORD_TOO_SHORT");
      assert.strictEqual(yield* refusal("passwordpassword"), "PASSWORD_COMPROMISED");
      assert.match(yield* Effect.promise(() => context.password.hash(IamTest.password)), /^\$argon2id\$/);
    }),
  );

  it.effect("AUTH-4: a hash that is weaker than a new one is made anew at the sign-in", () =>
    Effect.gen(function* () {
      const { cat } = yield* Cast;
      const browser = yield* open;
      const weak = {
        "Better Auth's own": yield* Effect.promise(() => scrypt(IamTest.password)),
        "less memory": yield* Effect.promise(() => argon2(IamTest.password, { memoryCost: 8_192, timeCost: 2 })),
        "fewer passes": yield* Effect.promise(() => argon2(IamTest.password, { memoryCost: 19_456, timeCost: 1 })),
      };
      for (const [name, hash] of Object.entries(weak)) {
        yield* setHash(cat, hash);
        assertRefused(yield* signIn(browser, cat.email, `${IamTest.password}r`), 401, "INVALID_EMAIL_OR_PASSWORD");
        assert.strictEqual(yield* hashOf(cat), hash, name);
        granted(yield* signIn(browser, cat.email));
        assert.match(yield* hashOf(cat), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, name);
        granted(yield* signIn(browser, cat.email));
      }
      const strong = yield* Effect.promise(() => argon2(IamTest.password, { memoryCost: 20_480, timeCost: 3 }));
      yield* setHash(cat, strong);
      granted(yield* signIn(browser, cat.email));
      assert.strictEqual(yield* hashOf(cat), strong);
    }),
  );

  it.effect("AUTH-4: a hash is made anew where a second factor is still awaited", () =>
    Effect.gen(function* () {
      const fay = yield* signedUp("fay");
      yield* enabled(fay);
      yield* setHash(fay, yield* Effect.promise(() => scrypt(IamTest.password)));
      const browser = yield* open;
      assert.isTrue(at(granted(yield* signIn(browser, fay.email)), "twoFactorRedirect"));
      assert.match(yield* hashOf(fay), /^\$argon2id\$/);
    }),
  );

  it.effect("AUTH-4: the configured cost and service count, and no transaction waits for either", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { appUrl } = yield* TestDatabase;
      const waiting: Array<number> = [];
      const look = sql<{ readonly count: number }>`select count(*)::int as count from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`;
      const run = Effect.runPromiseWith(yield* Effect.context<never>());
      const { url } = yield* rangeService({ "seven green boats for sale": 3 }, async () => {
        for (const { count } of await run(look)) waiting.push(count);
      });
      const config = ConfigProvider.fromUnknown({
        DATABASE_URL: Redacted.value(appUrl),
        IAM_RUN_MIGRATIONS: "false",
        IAM_BASE_URL: "http://localhost:3000",
        IAM_SECRET: IamTest.secret,
        IAM_PASSWORD_HASH_MEMORY: "20",
        IAM_PASSWORD_HASH_ITERATIONS: "3",
        IAM_PWNED_PASSWORDS_URL: url.href,
      });
      const context = yield* Layer.build(
        Layer.fresh(Auth.layer).pipe(
          Layer.provide(Layer.fresh(Iam.sending)),
          Layer.provide([Layer.fresh(IamDb.layer), Layer.succeed(Mailer.Mailer, { send: () => Effect.void })]),
          Layer.provide(ConfigProvider.layer(config)),
        ),
      );
      const { api } = Context.get(context, Auth.Auth);
      const signUp = (password: string) =>
        api.signUpEmail({ body: { name: "Gus", email: "gus@example.com", password } });
      assert.strictEqual((yield* Effect.flip(signUp("seven green boats for sale"))).code, "PASSWORD_COMPROMISED");
      const { user } = yield* signUp("eight green boats for sale");
      const [row] = yield* sql<{ readonly password: string }>`select password from iam_accounts
        where user_id = ${SharedEntityIds.UserId.toUuid(user.id)}`;
      assert.match(row?.password ?? "", /^\$argon2id\$v=19\$m=20480,t=3,p=1\$/);
      assert.deepStrictEqual(waiting, [0, 0]);
    }),
  );

  it.effect("AUTH-4: a cost below OWASP's least, and an address that is none, are refused", () =>
    Effect.gen(function* () {
      const wrong = {
        IAM_PASSWORD_HASH_MEMORY: "18",
        IAM_PASSWORD_HASH_ITERATIONS: "1",
        IAM_PWNED_PASSWORDS_URL: "https://api.example/range",
      };
      for (const [key, value] of Object.entries(wrong)) {
        const base = { IAM_BASE_URL: "http://localhost:3000", IAM_SECRET: IamTest.secret };
        const provider = ConfigProvider.layer(ConfigProvider.fromUnknown({ ...base, [key]: value }));
        assert.include((yield* Effect.flip(Effect.provide(Auth.settings, provider))).message, key);
      }
    }),
  );

  it.effect("AUTH-4: a hash that is made anew does not undo a change of the password meanwhile", () =>
    Effect.gen(function* () {
      const { cat } = yield* Cast;
      yield* setHash(cat, yield* Effect.promise(() => scrypt(IamTest.password)));
      const changed = yield* Effect.promise(() => argon2("a horse that nobody knows"));
      const sql = yield* superuser;
      const observer = yield* superuser;
      const browser = yield* open;
      // The sign-in has read the old hash, and waits for the row to write the new one.
      const signingIn = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`update iam_accounts set password = ${changed}
            where user_id = ${SharedEntityIds.UserId.toUuid(cat.id)} and provider_id = 'credential'`;
          const fiber = yield* Effect.forkChild(signIn(browser, cat.email));
          yield* Race.untilAnyBlocked(observer);
          return fiber;
        }),
      );
      granted(yield* Fiber.join(signingIn));
      assert.strictEqual(yield* hashOf(cat), changed);
    }),
  );
});
