/** How the first administrator is made. */
import { Digest, Envelope } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Browser, textAt } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import * as Process from "./support/process.ts";

const password = "a password of some length";

/** A server on a database of its own. */
const served = Effect.fnUntraced(function* (serve: typeof Iam.serve) {
  const database = yield* TestDatabase.make();
  const environment = {
    DATABASE_URL: Redacted.value(database.appUrl),
    IAM_RUN_MIGRATIONS: "false",
    IAM_SECRET: IamTest.secret,
    IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
    IAM_DATA_DIR: yield* Iam.folder,
  };
  return { environment, admin: yield* connect(database.adminUrl), server: yield* serve(environment) };
});

const linkOf = ({ output }: Iam.Server): URL | undefined => {
  const link = /http\S+\/setup\?token=\S+/.exec(output)?.[0];
  return link === undefined ? undefined : new URL(link);
};

const tokenOf = (server: Iam.Server): string => linkOf(server)?.searchParams.get("token") ?? "";

it.live("AUTH-1: the printed link makes the administrator, once", () =>
  Effect.gen(function* () {
    const { admin, environment, server } = yield* served(Process.serve);
    const token = tokenOf(server);
    assert.match(token, /^[\w-]{43}$/);
    const [row] = yield* admin<{ identifier: string; value: string; hours: number }>`
      select identifier, value, round(extract(epoch from expires_at - now()) / 3600)::int as hours from iam_verifications
      where id = '00000000-0000-0000-0000-000000000001'`;
    assert.strictEqual(row?.hours, 24);
    assert.isTrue(Envelope.is(row?.value ?? ""));
    assert.isTrue(Digest.is(row?.identifier ?? ""));

    const browser = new Browser(server.url);
    const ada = { name: "Ada", email: "ada@example.com", password };
    yield* Effect.promise(async () => {
      assert.include((await browser.get("/")).text, "/setup");
      const form = await browser.get(`/setup?token=${token}`);
      assert.strictEqual(form.status, 200);
      assert.include(form.text, token);

      // What is refused uses nothing up.
      const wrong = await browser.submit("/setup", { ...ada, token: `${token.slice(1)}x` });
      assert.strictEqual(wrong.status, 400);
      const short = await browser.submit("/setup", { ...ada, token, password: "fourteen chars" });
      assert.strictEqual(short.status, 400);
      assert.include(short.text, "15 characters");
      assert.notInclude(short.text, "fourteen chars");
      const bad = await browser.submit("/setup", { ...ada, token, email: "nobody" });
      assert.strictEqual(bad.status, 400);
      assert.strictEqual((await browser.submit("/setup", { token })).status, 400);

      const created = await browser.submit("/setup", { ...ada, token });
      assert.strictEqual(created.headers.get("location"), "/account?notice=administrator", created.text);
      assert.strictEqual(textAt(await browser.get("/api/session"), "user", "role"), "admin");
      assert.strictEqual((await browser.get("/api/auth/admin/list-users")).status, 200);

      const replayed = await browser.submit("/setup", { ...ada, email: "eve@example.com", token });
      assert.strictEqual(replayed.status, 409);
      assert.notInclude((await browser.get("/")).text, "/setup");
    });

    // Not even a row that somebody put back makes another one.
    yield* admin`insert into iam_verifications (id, identifier, value, expires_at)
      values ('00000000-0000-0000-0000-000000000001', ${row?.identifier ?? ""}, ${row?.value ?? ""}, now() + interval '1 hour')`;
    const again = yield* Effect.promise(() => browser.submit("/setup", { ...ada, email: "eve@example.com", token }));
    assert.strictEqual(again.status, 409);

    yield* Iam.stop(server);
    assert.isUndefined(linkOf(yield* Iam.serve(environment)));
  }).pipe(Effect.scoped),
);

it.live("AUTH-1: of many who use the link at once one becomes the administrator", () =>
  Effect.gen(function* () {
    const { admin, server } = yield* served(Iam.serve);
    const token = tokenOf(server);
    const answers = yield* Effect.forEach(
      Array.from({ length: 8 }, (_, index) => index),
      (index) =>
        Effect.promise(() =>
          new Browser(server.url).submit("/setup", { token, name: "A", email: `a${index}@example.com`, password }),
        ),
      { concurrency: "unbounded" },
    );
    assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [
      303,
      ...Array.from({ length: 7 }, () => 409),
    ]);
    const [row] = yield* admin<{ administrators: number; users: number }>`
      select count(*) filter (where role = 'admin')::int as administrators, count(*)::int as users from iam_users`;
    assert.deepStrictEqual(row, { administrators: 1, users: 1 });
  }).pipe(Effect.scoped),
);

it.live("AUTH-1: a new link replaces the one before, and an old one expires", () =>
  Effect.gen(function* () {
    const { admin, environment, server } = yield* served(Iam.serve);
    const other = yield* Iam.serve({ ...environment, IAM_DATA_DIR: yield* Iam.folder });
    const submit = (token: string) =>
      Effect.promise(() =>
        new Browser(server.url).submit("/setup", { token, name: "A", email: "a@example.com", password }),
      );
    assert.strictEqual((yield* submit(tokenOf(server))).status, 400);
    yield* admin`update iam_verifications set expires_at = now() - interval '1 second'`;
    assert.strictEqual((yield* submit(tokenOf(other))).status, 400);
    yield* admin`update iam_verifications set expires_at = now() + interval '1 minute'`;
    assert.strictEqual((yield* submit(tokenOf(other))).status, 303);
  }).pipe(Effect.scoped),
);
