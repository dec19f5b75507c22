/** Attempts are counted in the database: for all processes together, for each address and for each account. */
import { Auth, Iam, IamDb, KeyManagement, Mailer, TextMessages } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Queue from "effect/Queue";
import * as Redacted from "effect/Redacted";
import { at } from "./browser.ts";

/** What two processes have apart: each its own services, on one database. */
const services = Effect.fnUntraced(function* (
  rateLimit: boolean,
  mailer: Mailer.Mailer["Service"] = { send: () => Effect.void },
) {
  const { appUrl } = yield* TestDatabase;
  const context = yield* Layer.build(
    Layer.fresh(Auth.layer).pipe(
      Layer.provide(Layer.fresh(Iam.sending)),
      Layer.provide([Layer.fresh(IamDb.layer), KeyManagement.layerLocal]),
      Layer.provide(Layer.succeed(Mailer.Mailer, mailer)),
      Layer.provide(Layer.succeed(TextMessages.TextMessages, { send: () => Effect.void })),
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            DATABASE_URL: Redacted.value(appUrl),
            IAM_RUN_MIGRATIONS: "false",
            IAM_BASE_URL: "http://localhost:3000",
            IAM_SECRET: IamTest.secret,
            IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
            IAM_RATE_LIMIT: String(rateLimit),
          }),
        ),
      ),
      Layer.provide(Logger.layer([])),
    ),
  );
  return yield* Effect.provideContext(Auth.Auth, context);
});

const aProcess = (rateLimit: boolean) =>
  Effect.gen(function* () {
    const { handler } = yield* services(rateLimit);
    /** The status of an attempt, to sign in with a password by default; `claimed` is what the client says of its address. */
    return (
      address: string,
      claimed = "198.51.100.1",
      path = "/sign-in/email",
      body: unknown = { email: "nobody@example.com", password: "a password of some length" },
    ) =>
      handler(
        new Request(`http://localhost:3000/api/auth${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-iam-client-address": claimed },
          body: JSON.stringify(body),
        }),
        address,
      ).pipe(Effect.map((response) => response.status));
  });

layer(TestDatabase.layer(), { excludeTestServices: true })("attempts to sign in", (it) => {
  it.effect("AUTH-1: are limited for an address, whichever process it asks and whatever it says of itself", () =>
    Effect.gen(function* () {
      const one = yield* aProcess(true);
      const other = yield* aProcess(true);
      const statuses = [
        yield* one("192.0.2.1", "198.51.100.1"),
        yield* other("192.0.2.1", "198.51.100.2"),
        yield* one("192.0.2.1", "198.51.100.3"),
        yield* other("192.0.2.1", "198.51.100.4"),
        yield* one("192.0.2.1", "198.51.100.5"),
      ];
      assert.deepStrictEqual(statuses, [401, 401, 401, 429, 429]);
      assert.strictEqual(yield* other("192.0.2.2"), 401);
      // A network of IPv6 is one address, whoever is asked about.
      const asked = (name: string) =>
        ["/sign-in/email", { email: `${name}@example.com`, password: "a password of some length" }] as const;
      const inNetwork = [yield* one("2001:db8::1", "", ...asked("a")), yield* other("2001:db8::2", "", ...asked("b"))];
      inNetwork.push(yield* one("2001:db8::ffff:1", "", ...asked("c")), yield* one("2001:db8::3", "", ...asked("d")));
      assert.deepStrictEqual(inNetwork, [401, 401, 401, 429]);
      assert.strictEqual(yield* one("2001:db8:0:1::1", "", ...asked("e")), 401);
    }),
  );

  it.effect("AUTH-1: are limited whichever way is tried", () =>
    Effect.gen(function* () {
      const one = yield* aProcess(true);
      for (const [path, body, allowed] of [
        ["/sign-in/magic-link", { email: "nobody@example.com" }, 5],
        ["/sign-in/email-otp", { email: "nobody@example.com", otp: "123456" }, 3],
        ["/email-otp/send-verification-otp", { email: "nobody@example.com", type: "sign-in" }, 3],
        ["/passkey/verify-authentication", { response: {} }, 10],
        ["/device/code", { client_id: "nobody" }, 10],
      ] as const) {
        const statuses: Array<number> = [];
        for (let attempt = 0; attempt <= allowed; attempt++) {
          statuses.push(yield* one("192.0.2.4", "198.51.100.1", path, body));
        }
        assert.deepStrictEqual(
          statuses.map((status) => status === 429),
          [...Array.from({ length: allowed }, () => false), true],
          path,
        );
      }
    }),
  );

  it.effect("AUTH-1: are not where that is off", () =>
    Effect.gen(function* () {
      const one = yield* aProcess(false);
      // Neither for the address nor for the account.
      for (let attempt = 0; attempt < 8; attempt++) assert.strictEqual(yield* one("192.0.2.3"), 401);
    }),
  );
});

/** The counts of accounts say when they are forgotten, those of addresses when they were last raised. */
const OF_ACCOUNTS = "last_request > extract(epoch from now()) * 1000 + 3600000";

/** Failures are counted for each account, too. */
class Rig extends Context.Service<
  Rig,
  {
    readonly ask: (
      path: string,
      body: Readonly<Record<string, string>>,
      cookie?: string,
    ) => Effect.Effect<{
      readonly status: number;
      readonly code: unknown;
      readonly wait: number;
      readonly cookie: string;
    }>;
    readonly mailbox: Queue.Queue<Mailer.Message>;
    readonly sql: PgClient;
  }
>()("test/auth/Rig") {
  static readonly layer = Layer.effect(
    Rig,
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const mailbox = yield* Queue.unbounded<Mailer.Message>();
      const mailer = { send: (message: Mailer.Message) => Effect.asVoid(Queue.offer(mailbox, message)) };
      const processes = [yield* services(true, mailer), yield* services(true, mailer)];
      const [first] = processes;
      yield* Effect.forEach(["ann", "bob", "cat", "dot"], (name) =>
        first === undefined
          ? Effect.void
          : first.api.createUser({
              body: { name, email: `${name}@example.com`, password: IamTest.password, data: { emailVerified: true } },
            }),
      );
      let count = 0;
      return Rig.of({
        mailbox,
        sql: yield* connect(adminUrl),
        // Each from an address of its own, and the processes by turns.
        ask: (path, body, cookie = "") =>
          Effect.gen(function* () {
            const turn = count++;
            const { handler } = processes[turn % processes.length] ?? assert.fail("There is no process.");
            const response = yield* handler(
              new Request(`http://localhost:3000/api/auth${path}`, {
                method: "POST",
                headers: { "content-type": "application/json", origin: "http://localhost:3000", cookie },
                body: JSON.stringify(body),
              }),
              `10.${turn >> 16}.${(turn >> 8) & 255}.${turn & 255}`,
            );
            const answer: unknown = yield* Effect.promise(() => response.json());
            return {
              status: response.status,
              code: at(answer, "code"),
              wait: Number(response.headers.get("retry-after")),
              cookie: response.headers
                .getSetCookie()
                .map((set) => set.split(";", 1)[0] ?? "")
                .join("; "),
            };
          }),
      });
    }),
  );
}

const wrong = { password: "wrong horse battery staple" };
const right = { password: IamTest.password };

/** So many failures, one after the other. */
const failures = Effect.fnUntraced(function* (email: string, count: number, cookie?: string) {
  const { ask } = yield* Rig;
  const answers = yield* Effect.forEach(Array.from({ length: count }), () =>
    ask("/sign-in/email", { ...wrong, email }, cookie),
  );
  return answers.map(({ status }) => status);
});

/** Lets time pass for whoever has to wait, or has it go back. */
const pass = Effect.fnUntraced(function* (seconds: number) {
  const { sql } = yield* Rig;
  yield* sql`update iam_rate_limits set last_request = last_request - ${seconds * 1_000}::bigint
    where ${sql.literal(OF_ACCOUNTS)} and count >= 5`;
});

/** Five failures, after which the next attempt has to wait: for a minute longer than it would, so that none is too late. */
const slowed = Effect.fnUntraced(function* (email: string, cookie?: string) {
  assert.deepStrictEqual(yield* failures(email, 5, cookie), [401, 401, 401, 401, 401]);
  yield* pass(-60);
  assert.deepStrictEqual(yield* failures(email, 1, cookie), [429]);
});

layer(Rig.layer.pipe(Layer.provideMerge(TestDatabase.layer())), { excludeTestServices: true })(
  "failed sign-ins",
  (it) => {
    it.effect("AUTH-5: slow the account in every process and from every address, known or not, and no other", () =>
      Effect.gen(function* () {
        const { ask } = yield* Rig;
        for (const email of ["ann@example.com", "nobody@example.com"]) {
          yield* slowed(email);
          // However the address is written, and whatever the password is.
          const { code, status, wait } = yield* ask("/sign-in/email", { ...right, email: email.toUpperCase() });
          assert.deepStrictEqual([status, code], [429, "TOO_MANY_FAILURES"]);
          assert.closeTo(wait, 59, 2);
        }
        assert.deepStrictEqual(yield* failures("somebody@example.com", 1), [401]);
      }),
    );

    it.effect("AUTH-5: double the wait, to a quarter of an hour at most, and never lock", () =>
      Effect.gen(function* () {
        const { ask, sql } = yield* Rig;
        const email = "eve@example.com";
        yield* slowed(email);
        for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]) {
          const { status, wait } = yield* ask("/sign-in/email", { ...wrong, email });
          assert.strictEqual(status, 429);
          assert.closeTo(wait, 58 + seconds, 2);
          yield* pass(60 + seconds);
          assert.deepStrictEqual(yield* failures(email, 1), [401]);
          yield* pass(-60);
        }
        // Even after very many.
        yield* sql`update iam_rate_limits set count = 2000000 where ${sql.literal(OF_ACCOUNTS)}`;
        assert.closeTo((yield* ask("/sign-in/email", { ...wrong, email })).wait, 958, 2);
        // After a day they are forgotten.
        yield* pass(61 + 24 * 3_600);
        assert.deepStrictEqual(yield* failures(email, 5), [401, 401, 401, 401, 401]);
        // Better Auth, which removes old counts from the same table, keeps these as long.
        const [row] = yield* sql<{ readonly hours: number }>`select
        max(last_request - extract(epoch from now()) * 1000)::float8 / 3600000 as hours
        from iam_rate_limits where ${sql.literal(OF_ACCOUNTS)}`;
        assert.closeTo(row?.hours ?? 0, 24, 0.1);
      }),
    );

    it.effect("AUTH-5: of many at once only as many are looked at as are free", () =>
      Effect.gen(function* () {
        const { ask } = yield* Rig;
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => ask("/sign-in/email", { ...wrong, email: "fay@example.com" }),
          { concurrency: "unbounded" },
        );
        assert.lengthOf(
          answers.filter(({ status }) => status === 401),
          5,
        );
        assert.lengthOf(
          answers.filter(({ status }) => status === 429),
          15,
        );
      }),
    );

    it.effect("AUTH-5: are forgotten at a success, and keep nobody waiting in a browser that is known", () =>
      Effect.gen(function* () {
        const { ask } = yield* Rig;
        const email = "bob@example.com";
        assert.deepStrictEqual(yield* failures(email, 4), [401, 401, 401, 401]);
        const signedIn = yield* ask("/sign-in/email", { ...right, email });
        assert.strictEqual(signedIn.status, 200);
        yield* slowed(email);

        const known = signedIn.cookie;
        assert.strictEqual((yield* ask("/sign-in/email", { ...right, email })).status, 429);
        assert.strictEqual((yield* ask("/sign-in/email", { ...right, email }, known)).status, 200);
        // Others' failures stay counted, its own are counted as strictly, and it is known to this account alone.
        assert.strictEqual((yield* ask("/sign-in/email", { ...right, email })).status, 429);
        yield* slowed(email, known);
        yield* slowed("gus@example.com", known);
        const forged = known.replace(/(known_device=)[^.]+/, "$1forged");
        assert.notStrictEqual(forged, known);
        assert.strictEqual((yield* ask("/sign-in/email", { ...right, email }, forged)).status, 429);
      }),
    );

    it.effect("AUTH-5: are forgotten when the password is set anew, in a browser that is known from then on", () =>
      Effect.gen(function* () {
        const { ask, mailbox } = yield* Rig;
        const email = "cat@example.com";
        yield* slowed(email);
        yield* ask("/request-password-reset", { email });
        const token = new URL(IamTest.linkIn(yield* Queue.take(mailbox))).pathname.split("/").at(-1) ?? "";
        const newPassword = "a horse that nobody knows";
        const reset = yield* ask("/reset-password", { token, newPassword });
        assert.strictEqual(reset.status, 200);
        // Whoever went on guessing keeps others waiting, and not this browser.
        yield* slowed(email);
        assert.strictEqual((yield* ask("/sign-in/email", { email, password: newPassword })).status, 429);
        assert.strictEqual((yield* ask("/sign-in/email", { email, password: newPassword }, reset.cookie)).status, 200);
      }),
    );

    it.effect("AUTH-5: nor is an account guessed at from within its session, by whichever question", () =>
      Effect.gen(function* () {
        const { ask } = yield* Rig;
        const { cookie } = yield* ask("/sign-in/email", { ...right, email: "dot@example.com" });
        for (let attempt = 0; attempt < 5; attempt++) {
          assert.strictEqual((yield* ask("/two-factor/enable", wrong, cookie)).code, "INVALID_PASSWORD");
        }
        yield* pass(-60);
        const change = { currentPassword: right.password, newPassword: "a horse that nobody knows" };
        assert.strictEqual((yield* ask("/change-password", change, cookie)).code, "TOO_MANY_FAILURES");
      }),
    );

    it.effect("AUTH-5: messages to one address are slowed likewise, whoever has it", () =>
      Effect.gen(function* () {
        const { ask } = yield* Rig;
        for (const email of ["dot@example.com", "none@example.com"]) {
          for (const path of ["/request-password-reset", "/sign-in/magic-link"]) {
            for (let message = 0; message < 5; message++) assert.strictEqual((yield* ask(path, { email })).status, 200);
            yield* pass(-60);
            const { code, status } = yield* ask(path, { email });
            assert.deepStrictEqual([status, code], [429, "TOO_MANY_MESSAGES"], `${path} ${email}`);
          }
        }
      }),
    );
  },
);
