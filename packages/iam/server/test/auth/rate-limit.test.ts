/** Attempts are counted in the database: for all processes together, and for each address. */
import { Auth, IamDb, Mailer, TextMessages } from "@beep/iam-server";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

/** What two processes have apart: each its own services, on one database. */
const aProcess = (rateLimit: boolean) =>
  Effect.gen(function* () {
    const { appUrl } = yield* TestDatabase;
    const context = yield* Layer.build(
      Auth.layer.pipe(
        Layer.provide(Layer.fresh(IamDb.layer)),
        Layer.provide(Layer.succeed(Mailer.Mailer, { send: () => Effect.void })),
        Layer.provide(Layer.succeed(TextMessages.TextMessages, { send: () => Effect.void })),
        Layer.provide(
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({
              DATABASE_URL: Redacted.value(appUrl),
              IAM_RUN_MIGRATIONS: "false",
              IAM_BASE_URL: "http://localhost:3000",
              IAM_SECRET: IamTest.secret,
              IAM_RATE_LIMIT: String(rateLimit),
            }),
          ),
        ),
      ),
    );
    const { handler } = yield* Effect.provideContext(Auth.Auth, context);
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
      for (let attempt = 0; attempt < 5; attempt++) assert.strictEqual(yield* one("192.0.2.3"), 401);
    }),
  );
});
