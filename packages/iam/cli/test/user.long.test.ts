/** What an operator does with users. */
import { Auth } from "@beep/iam-server";
import { freePort, IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Browser } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { linkIn, mailTo } from "./support/mail.ts";
import { json, operator } from "./support/operator.ts";
import * as Process from "./support/process.ts";

/** Longer than usual, because many processes start in one test. */
const patience = 180_000;

const admin = ["user", "create", "--admin", "--password-stdin", "--email", "ada@example.com", "--name", "Ada"];

/** How many sessions were printed. */
const count = (printed: string) => printed.match(/"id": "session_/g)?.length ?? 0;

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AUTH-9: an operator bans users, ends their sessions and sets their passwords",
    () =>
      Effect.gen(function* () {
        const { api, session } = yield* Auth.Auth;
        const { does, environment, refused } = yield* operator;
        const isIn = (headers: Headers) => Effect.map(session(headers), Option.isSome);
        const ann = yield* IamTest.signedUp("ann");
        yield* refused(admin, /\[PASSWORD_TOO_SHORT\]/, "fourteen chars");
        yield* refused(admin, /\[PASSWORD_MISSING\]/, "");
        // By a pipe, as only a process has one.
        const piped = yield* Process.run(admin, environment, `${IamTest.password}\n`);
        assert.strictEqual(piped.code, 0, piped.stderr);
        assert.isTrue(yield* isIn(yield* IamTest.signedIn("ada@example.com")));

        // The session in which the operator looks is nobody's to see.
        assert.strictEqual(count(yield* does(["user", "sessions", "ada@example.com", "--json"])), 1);
        const seen = yield* does(["user", "sessions", ann.email, "--json"]);
        assert.strictEqual(count(seen), 1);
        const token = Option.getOrThrow(yield* session(ann.headers)).session.token;
        assert.notInclude(seen, token);

        yield* does(["user", "end-sessions", "ANN@example.com"]);
        assert.isFalse(yield* isIn(ann.headers));

        const before = yield* IamTest.signedIn(ann.email);
        assert.isTrue(yield* isIn(before));
        const { key } = yield* api.createApiKey({ headers: before, body: {} });
        const banned = yield* does(["user", "ban", ann.id, "--reason", "spam", "--for", "7 days"]);
        assert.strictEqual(banned, "");
        assert.isFalse(yield* isIn(before));
        assert.isFalse(yield* isIn(yield* IamTest.signedIn(ann.email)));
        assert.isFalse((yield* api.verifyApiKey({ body: { key } })).valid);
        const shown = json(yield* does(["user", "show", ann.email, "--json"]));
        assert.deepInclude(shown, { id: ann.id, banned: true, banReason: "spam" });
        const days = (Date.parse(String(shown.banExpires)) - Date.now()) / 86_400_000;
        assert.approximately(days, 7, 0.1);
        yield* does(["user", "unban", ann.email]);

        const again = yield* IamTest.signedIn(ann.email);
        assert.isTrue(yield* isIn(again));
        yield* does(["user", "set-password", ann.email], "another password of some length\n");
        assert.isFalse(yield* isIn(again));
        assert.isFalse(yield* isIn(yield* IamTest.signedIn(ann.email)));
        const body = { email: ann.email, password: "another password of some length" };
        assert.isDefined(yield* api.signInEmail({ body }));

        yield* does(["user", "set-role", ann.email, "admin"]);
        yield* does(["user", "ban", "ada@example.com", "--as", ann.email]);
        const list = ["user", "list", "--search", "example"];
        const listed = yield* does(list);
        assert.match(listed, /^E-MAIL +NAME +ROLE +STATE +SINCE\n.*\n/);
        assert.match(listed, /ada@example\.com +Ada +admin +banned +\d{4}-\d\d-\d\d/);
        assert.match(listed, /ann@example\.com +ann +admin +\d{4}-\d\d-\d\d/);
        assert.deepStrictEqual(yield* Process.run(list, environment), { code: 0, stdout: listed, stderr: "" });
        yield* refused(["user", "ban", ann.email], /--as.*\[YOU_CANNOT_BAN_YOURSELF\]/);
      }).pipe(Effect.scoped),
    patience,
  );

  it.effect(
    "AUTH-9: who is created without a password sets one by the mailed link",
    () =>
      Effect.gen(function* () {
        const { does, environment, dataDir } = yield* operator;
        const server = yield* Iam.serve({ ...environment, IAM_RUN_MIGRATIONS: "false" });
        const email = "eve@example.com";
        const unreachable = `smtp://127.0.0.1:${yield* freePort}`;
        const unsent = yield* Iam.run(["user", "create", "--email", "fay@example.com", "--name", "Fay"], {
          ...environment,
          IAM_SMTP_URL: unreachable,
        });
        assert.strictEqual(unsent.code, 1);
        assert.match(unsent.stdout, /^fay@example\.com is created: user_\w{26}\n$/);
        assert.match(
          unsent.stderr,
          /\niam: The user was created, but the mail was not sent\. .*IAM_SMTP_URL.* `iam user set-password fay@example\.com`\. \[MAIL_FAILED\]\n$/,
        );
        assert.notInclude(unsent.stderr, "A mail with a link");
        assert.include(yield* does(["user", "show", "fay@example.com"]), "Fay");

        const created = yield* Iam.run(["user", "create", "--email", email, "--name", "Eve\u001b[2J", "--json"], {
          ...environment,
          IAM_BASE_URL: server.url,
        });
        assert.strictEqual(created.code, 0, created.stderr);
        assert.deepInclude(json(created.stdout), { email, role: "user", emailVerified: true });
        yield* Effect.promise(async () => {
          const browser = new Browser(server.url);
          const followed = await browser.get(linkIn(await mailTo(dataDir, email, "Reset your password for iam")));
          assert.strictEqual(followed.status, 302, followed.text);
          const form = await browser.get(followed.headers.get("location") ?? "");
          assert.strictEqual(form.status, 200);
          const token = /name="token" value="(\w+)"/.exec(form.text)?.[1] ?? "";
          assert.strictEqual((await browser.submit("/password", { token, password: "too short" })).status, 400);
          const password = "a password of some length";
          assert.strictEqual((await browser.submit("/password", { token, password })).status, 303);
          const replayed = await browser.submit("/password", { token, password: "another password of some length" });
          assert.strictEqual(replayed.status, 400);
          assert.include(replayed.text, "no longer works");
          assert.strictEqual((await browser.get("/password")).status, 400);
          const signedIn = await browser.post("/api/auth/sign-in/email", { email, password });
          assert.strictEqual(signedIn.status, 200, signedIn.text);
        });
        // A name does nothing to the operator's terminal.
        assert.notInclude(yield* does(["user", "show", email]), "\u001b");
      }).pipe(Effect.scoped),
    patience,
  );
});
