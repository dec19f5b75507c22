/** What is answered about users that there are, and about users that there are not. Its times: `pnpm bench enumeration`. */
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { type Answer, at, database, granted, open, signedUp } from "./browser.ts";

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

/** All of an answer, but for what is somebody's own. */
const seen = ({ body, headers, status }: Answer, own: Readonly<Record<string, unknown>> = {}) => ({
  status,
  headers: Object.fromEntries(headers),
  body: JSON.stringify(body, (key, value: unknown) => (key in own ? own[key] : value)),
});

layer(database, { excludeTestServices: true })((it) => {
  it.effect("AUTH-5: what is written about nobody is never there", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const dan = yield* signedUp("dan");
      const browser = yield* open;
      const count = Effect.map(
        sql<{ readonly users: number; readonly accounts: number; readonly live: number }>`select
          (select count(*)::int from iam_users) as users,
          (select count(*)::int from iam_accounts) as accounts,
          (select count(*)::int from iam_verifications where expires_at > now()) as live`,
        ([row]) => row,
      );
      const written = Effect.map(
        sql<{ readonly commits: string }>`select pg_current_wal_insert_lsn()::text as commits`,
        ([row]) => row?.commits,
      );
      const before = { rows: yield* count, log: yield* written };
      granted(yield* browser.post("/sign-up/email", { name: "Dan", email: dan.email, password: IamTest.password }));
      const between = yield* written;
      granted(yield* browser.post("/request-password-reset", { email: "nobody@example.com" }));
      assert.deepStrictEqual(yield* count, before.rows);
      // But it was written.
      assert.notStrictEqual(between, before.log);
      assert.notStrictEqual(yield* written, between);
    }),
  );

  it.effect("AUTH-5: sign-in, reset and sign-up answer the same of who is known and who is not", () =>
    Effect.gen(function* () {
      const ann = yield* signedUp("ann");
      const browser = yield* open;
      const ask = Effect.fnUntraced(function* (email: string) {
        const signIn = yield* browser.post("/sign-in/email", { email, password: "wrong horse battery staple" });
        const reset = yield* browser.post("/request-password-reset", { email, redirectTo: "/" });
        const signUp = yield* browser.post("/sign-up/email", { name: "Ann", email, password: IamTest.password });
        const id = String(at(signUp.body, "user", "id"));
        const own = { id: id.length, email: "", createdAt: "", updatedAt: "" };
        return [seen(signIn), seen(reset), seen(signUp, own)];
      });
      const known = yield* ask(ann.email);
      const unknown = yield* ask("bob@example.com");
      assert.deepStrictEqual(known, unknown);
      assert.deepStrictEqual(
        known.map(({ status }) => status),
        [401, 200, 200],
      );
      // A password that nobody may have is refused alike, and so is an address that is none.
      const refusals = yield* Effect.forEach([ann.email, "eve@example.com"], (email) =>
        Effect.map(browser.post("/sign-up/email", { name: "A", email, password: "passwordpassword" }), (answer) =>
          seen(answer),
        ),
      );
      assert.deepStrictEqual(refusals[0], refusals[1]);
      assert.strictEqual(refusals[0]?.status, 400);
    }),
  );
});
