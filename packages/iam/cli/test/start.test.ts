/** Starting, what keeps from starting, and ending. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { connect as openSocket } from "node:net";
import { join } from "node:path";
import { connect, freePort, IamTest, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Browser } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { linkIn, mailTo } from "./support/mail.ts";
import * as Process from "./support/process.ts";

/** Longer than usual, because several processes start in one test. */
const patience = 90_000;

const secret = { IAM_SECRET: IamTest.secret, IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys };

/** Starts, and expects one line and nothing else. */
const refused = (environment: Iam.Environment, line: RegExp) =>
  Effect.gen(function* () {
    const dataDir = yield* Iam.folder;
    const port = yield* freePort;
    const ended = yield* Iam.run(["serve"], { IAM_DATA_DIR: join(dataDir, "iam"), PORT: String(port), ...environment });
    assert.match(ended.stderr, line);
    assert.match(ended.stderr, /^iam: [^\n]+ \[[A-Z_]+\]\n$/);
    assert.strictEqual(ended.code, 1);
    assert.deepStrictEqual(yield* Effect.promise(() => readdir(dataDir)), []);
  }).pipe(Effect.scoped);

describe("OPS-1: what keeps from starting is one line, and nothing is changed", () => {
  const cases: ReadonlyArray<readonly [string, Iam.Environment, RegExp]> = [
    [
      "no secret",
      { DATABASE_URL: "postgres://a:b@localhost/c" },
      /IAM_SECRET.*openssl rand -base64 32.*\[SECRET_MISSING\]/,
    ],
    [
      "no key-encryption key",
      { DATABASE_URL: "postgres://a:b@localhost/c", IAM_SECRET: IamTest.secret },
      /IAM_KEY_ENCRYPTION_KEYS.*iam keys generate.*\[SECRET_MISSING\]/,
    ],
    [
      "a key-encryption key that is none",
      { IAM_KEY_ENCRYPTION_KEYS: "1:canary" },
      /IAM_KEY_ENCRYPTION_KEYS(?!.*canary).*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "no secret, but a key that is nearly its name",
      { DATABASE_URL: "postgres://a:b@localhost/c", IAM_SECERT: "-".repeat(32) },
      /^iam: IAM_SECERT is no key of the configuration\. Did you mean IAM_SECRET\? .*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "misspelt keys, one of them the command's own",
      { IAM_BASE_ULR: "https://iam.example", IAM_LOGLEVEL: "warn" },
      /^iam: IAM_BASE_ULR, IAM_LOGLEVEL are no keys .* Did you mean IAM_BASE_URL, IAM_LOG_LEVEL\? .*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "a misspelt key that does not begin like ours",
      { DATABSE_URL: "postgres://a:b@localhost/c" },
      /^iam: DATABSE_URL is no key of the configuration\. Did you mean DATABASE_URL\? .*\[CONFIGURATION_INVALID\]/,
    ],
    ["a short secret", { IAM_SECRET: "too-short-to-be-one" }, /IAM_SECRET.*\[CONFIGURATION_INVALID\]/],
    ["a base address that is none", { IAM_BASE_URL: "here" }, /IAM_BASE_URL.*\[CONFIGURATION_INVALID\]/],
    ["a base address without a scheme", { IAM_BASE_URL: "localhost:4000" }, /IAM_BASE_URL.*\[CONFIGURATION_INVALID\]/],
    [
      "a base address of another scheme",
      { IAM_BASE_URL: "ftp://iam.example" },
      /IAM_BASE_URL.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "a base address with a path",
      { IAM_BASE_URL: "https://iam.example/a" },
      /IAM_BASE_URL.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "a trusted origin that is none",
      { IAM_TRUSTED_ORIGINS: "https://a.example, https://b.example/" },
      /^iam: IAM_TRUSTED_ORIGINS is .*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "a page of an origin that is not trusted",
      { IAM_SIGN_IN_PAGE: "https://evil.example/sign-in", IAM_TRUSTED_ORIGINS: "https://a.example" },
      /^iam: IAM_SIGN_IN_PAGE is .*\[CONFIGURATION_INVALID\]/,
    ],
    ["a page of another server", { IAM_ERROR_PAGE: "//evil.example" }, /IAM_ERROR_PAGE.*\[CONFIGURATION_INVALID\]/],
    [
      "a page for an invitation that is not told which",
      { IAM_INVITATION_PAGE: "/join" },
      /IAM_INVITATION_PAGE.*\[CONFIGURATION_INVALID\]/,
    ],
    ["a color that is none", { IAM_ACCENT_COLOR: "red;}" }, /IAM_ACCENT_COLOR.*\[CONFIGURATION_INVALID\]/],
    ["a port that is none", { PORT: "99999" }, /PORT.*\[CONFIGURATION_INVALID\]/],
    ["a log level that is none", { IAM_LOG_LEVEL: "loud" }, /IAM_LOG_LEVEL.*\[CONFIGURATION_INVALID\]/],
    ["a database address that is none", { ...secret, DATABASE_URL: "here" }, /DATABASE_URL.*\[CONFIGURATION_INVALID\]/],
    [
      "a login that is not encoded",
      { ...secret, DATABASE_URL: "postgres://a%zz:p@localhost/c" },
      /DATABASE_URL.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "a password that is not encoded",
      { ...secret, DATABASE_URL: "postgres://a:50%@localhost/c" },
      /DATABASE_URL.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "no connections to a database",
      { ...secret, DATABASE_URL: "postgres://a:b@localhost/c", IAM_DATABASE_CONNECTIONS: "0" },
      /IAM_DATABASE_CONNECTIONS.*\[CONFIGURATION_INVALID\]/,
    ],
    ["another database", { ...secret, DATABASE_URL: "mysql://a@b/c" }, /DATABASE_URL.*\[CONFIGURATION_INVALID\]/],
    ["a log format that is none", { IAM_LOG_FORMAT: "xml" }, /IAM_LOG_FORMAT.*\[CONFIGURATION_INVALID\]/],
    [
      "a collector that is none",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" },
      /OTEL_EXPORTER_OTLP_ENDPOINT.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "headers for the collector that are not encoded",
      { OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=canary%zz" },
      /^(?!.*canary).*OTEL_EXPORTER_OTLP_HEADERS.*\[CONFIGURATION_INVALID\]/,
    ],
    [
      "one port for two purposes",
      { PORT: "39999", IAM_METRICS_PORT: "39999" },
      /39999 is in use.*another IAM_METRICS_PORT.*\[PORT_UNAVAILABLE\]/,
    ],
    [
      "a host for the metrics that is elsewhere",
      { IAM_METRICS_HOST: "203.0.113.1", IAM_METRICS_PORT: "39999" },
      /203\.0\.113\.1.* IAM_METRICS_HOST and IAM_METRICS_PORT.*\[PORT_UNAVAILABLE\]/,
    ],
    ["a host that is elsewhere", { HOST: "203.0.113.1" }, /203\.0\.113\.1.*\[PORT_UNAVAILABLE\]/],
  ];
  for (const [name, environment, line] of cases) {
    it.live(name, () => refused(environment, line));
  }

  it.live("a port in use", () =>
    Effect.gen(function* () {
      const server = createServer().listen(0, "127.0.0.1");
      yield* Effect.addFinalizer(() => Effect.sync(() => server.close()));
      yield* Effect.promise(() => once(server, "listening"));
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      yield* refused({ PORT: String(port) }, /in use.*\[PORT_UNAVAILABLE\]/);
    }).pipe(Effect.scoped),
  );

  it.live(
    "a server that does not take the connection",
    () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* TestDatabase.make();
        const changed = (change: (url: URL) => void) => {
          const url = new URL(Redacted.value(ownerUrl));
          change(url);
          return { ...secret, DATABASE_URL: url.href };
        };
        const free = yield* freePort;
        yield* Effect.all(
          [
            refused(
              changed((url) => Object.assign(url, { password: "wrong" })),
              /\[DATABASE_REFUSED\]/,
            ),
            refused(
              changed((url) => Object.assign(url, { pathname: "/none" })),
              /"none".*\[DATABASE_MISSING\]/,
            ),
            refused(
              changed((url) => Object.assign(url, { port: String(free) })),
              /\[DATABASE_UNREACHABLE\]/,
            ),
          ],
          { concurrency: 2 },
        );

        const admin = yield* connect(adminUrl);
        yield* admin`insert into drizzle.iam_migrations (hash, created_at, name)
        values ('', 9999999999999, '29991231000000_later')`;
        yield* refused(
          changed(() => {}),
          /29991231000000_later.*\[DATABASE_NEWER\]/,
        );
      }).pipe(Effect.scoped),
    patience,
  );
});

/** The operator's. */
const commands = [
  ...["create", "list", "show", "ban", "unban", "sessions", "end-sessions", "set-role", "set-password"].map(
    (name) => `user ${name}`,
  ),
  ...["create", "list", "members", "invite", "remove-member"].map((name) => `org ${name}`),
  ...["create", "list", "rotate", "revoke"].map((name) => `key ${name}`),
  ...["user", "org", "key", "seed", "doctor"],
];

describe("the command", () => {
  const calls: ReadonlyArray<readonly [string, ReadonlyArray<string>, Iam.Environment, number]> = [
    ["help", ["--help"], {}, 0],
    ["its version", ["--version"], {}, 0],
    ["a result", ["migrate", "--print-setup"], {}, 0],
    ["a command that is none", ["sevre"], {}, 1],
    ["what keeps from starting", ["serve"], { DATABASE_URL: "postgres://a:b@localhost/c" }, 1],
  ];
  for (const [name, args, environment, code] of calls) {
    it.live(`is in a process of its own what it is here: ${name}`, () =>
      Effect.gen(function* () {
        const ended = yield* Process.run(args, environment);
        assert.strictEqual(ended.code, code);
        assert.deepStrictEqual(yield* Iam.run(args, environment), ended);
      }),
    );
  }

  it.live("OPS-1: of a key that nobody reads the log says so, and of what Kubernetes states nothing", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* Iam.run(["migrate", "--print-setup"], {
        IAM_LOG_FORMAT: "json",
        IAM_FOO: "bar",
        IAM_SERVICE_HOST: "10.0.0.1",
        IAM_PORT_3000_TCP: "tcp://10.0.0.1:3000",
      });
      assert.strictEqual(code, 0, stderr);
      assert.match(stderr, /^\{[^\n]*"IAM_FOO is no key of the configuration: nobody reads it\."[^\n]*\}\n$/);
    }),
  );

  it.live(
    "explains itself",
    () =>
      Effect.gen(function* () {
        const help = yield* Iam.run(["--help"], {});
        assert.strictEqual(help.code, 0);
        for (const word of ["serve", "migrate", "EXAMPLES"]) assert.include(help.stdout, word);
        const serve = yield* Iam.run(["serve", "--help"], {});
        for (const key of ["DATABASE_URL", "IAM_SECRET", "PORT", "EXAMPLES"]) assert.include(serve.stdout, key);
        const migrate = yield* Iam.run(["migrate", "--help"], {});
        assert.include(migrate.stdout, "iam migrate --print-setup");
        assert.match(migrate.stdout, /without\s+DATABASE_URL it migrates the\s+database in IAM_DATA_DIR/);
        assert.include(help.stdout, "Make demo data\n\nEXAMPLES\n");
        const every = yield* Effect.forEach(commands, (each) => Iam.run([...each.split(" "), "--help"], {}));
        const required = every.flatMap(({ stdout }) => stdout.match(/--\w+(?=.*\(required\)$)/gm) ?? []);
        assert.deepStrictEqual(required, ["--email", "--name", "--owner"]);
        const lines = [help, serve, migrate, ...every].flatMap(({ stdout }) => stdout.split("\n"));
        assert.deepStrictEqual(
          lines.filter((line) => line.length > 80),
          [],
        );
        // A mistake in the configuration keeps nobody from reading what there is.
        assert.strictEqual((yield* Iam.run(["serve", "--help"], { IAM_BASE_ULR: "x" })).code, 0);
        const misspelt = yield* Iam.run(["migrate"], { IAM_DATADIR: "x" });
        assert.match(misspelt.stderr, /^iam: IAM_DATADIR .* IAM_DATA_DIR\? .* \[CONFIGURATION_INVALID\]\n$/);
        assert.match((yield* Iam.run(["--version"], {})).stdout, /\d+\.\d+\.\d+/);
        const unknown = yield* Iam.run(["sevre"], {});
        assert.strictEqual(unknown.code, 1);
        assert.include(unknown.stderr, "sevre");
      }),
    patience,
  );

  it.live(
    "ALN-5: migrates, and says what it did",
    () =>
      Effect.gen(function* () {
        const { appUrl, ownerUrl } = yield* TestDatabase.make({ template: "empty" });
        const environment = {
          DATABASE_URL: Redacted.value(appUrl),
          IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
          IAM_RUN_MIGRATIONS: "false",
          ...secret,
        };
        const pending = yield* Iam.run(["serve"], {
          ...environment,
          PORT: String(yield* freePort),
        });
        assert.match(pending.stderr, /^iam: .*iam migrate.* \[MIGRATION_PENDING\]\n$/);
        const first = yield* Iam.run(["migrate"], environment);
        assert.deepInclude(first, { code: 0, stderr: "" });
        assert.match(first.stdout, /Applied:\n {2}\d{14}_\w+/);
        const second = yield* Iam.run(["migrate"], environment);
        assert.deepInclude(second, { code: 0, stderr: "" });
        assert.include(second.stdout, "Nothing to do");
        const lost = yield* Iam.run(["migrate"], { ...environment, IAM_MIGRATIONS_URL: Redacted.value(appUrl) });
        assert.match(lost.stderr, /^iam: [^\n]+ \[ROLES_MISSING\]\n$/);
      }).pipe(Effect.scoped),
    patience,
  );

  it.live("OPS-1: is ready as long as the database is there, and ends at once when asked twice", () =>
    Effect.gen(function* () {
      const { adminUrl, appUrl, name } = yield* TestDatabase.make();
      const server = yield* Process.serve({
        DATABASE_URL: Redacted.value(appUrl),
        IAM_RUN_MIGRATIONS: "false",
        IAM_RATE_LIMIT: "false",
        IAM_DATA_DIR: yield* Iam.folder,
        ...secret,
      });
      assert.strictEqual((yield* Effect.promise(() => fetch(`${server.url}/ready`))).status, 200);
      const admin = yield* connect(adminUrl);
      yield* admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid()`;
      yield* admin.unsafe(`alter database "${name}" connection limit 0`);
      const lost = yield* Effect.promise(() => fetch(`${server.url}/ready`));
      assert.strictEqual(lost.status, 503);
      assert.strictEqual(lost.headers.get("content-type"), "application/problem+json");
      assert.deepInclude(yield* Effect.promise(() => lost.json()), { code: "DATABASE_UNAVAILABLE" });
      assert.strictEqual((yield* Effect.promise(() => fetch(`${server.url}/health`))).status, 200);
      const failed = yield* Effect.promise(() =>
        new Browser(server.url).post("/api/auth/sign-in/email", {
          email: "canary@example.com",
          password: "canary-canary",
        }),
      );
      assert.strictEqual(failed.status, 500);
      assert.deepStrictEqual(failed.json, {
        type: "about:blank",
        title: "Internal Server Error",
        status: 500,
        code: "INTERNAL_SERVER_ERROR",
      });
      yield* admin.unsafe(`alter database "${name}" connection limit -1`);
      assert.strictEqual((yield* Effect.promise(() => fetch(`${server.url}/ready`))).status, 200);

      // Somebody who has begun a request, and lets the server wait for the rest.
      const socket = openSocket(Number(new URL(server.url).port), "127.0.0.1");
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()));
      socket.on("error", () => {});
      const head =
        "POST /api/auth/sign-out HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n";
      socket.write(`${head}expect: 100-continue\r\n\r\n`);
      yield* Effect.promise(() => once(socket, "data"));
      server.process.kill("SIGINT");
      yield* Effect.promise(() => server.told("Stopping"));
      const impatient = setInterval(() => server.process.kill("SIGINT"), 50);
      const ended = yield* Effect.promise(() => server.ended);
      clearInterval(impatient);
      assert.strictEqual(ended.code, 130);
      assert.match(ended.stderr, /traceId/);
      assert.notInclude(ended.stderr, "canary");
    }).pipe(Effect.scoped),
  );

  it.live(
    "AUTH-1: logs no token, however much it logs; and trusts origins that are listed with spaces",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* Iam.folder;
        const { appUrl } = yield* TestDatabase.make();
        const server = yield* Process.serve({
          DATABASE_URL: Redacted.value(appUrl),
          IAM_RUN_MIGRATIONS: "false",
          ...secret,
          IAM_DATA_DIR: dataDir,
          IAM_LOG_LEVEL: "all",
          IAM_TRUSTED_ORIGINS: "https://a.example, https://b.example",
          IAM_PLUGINS: "phone-number",
        });
        const browser = new Browser(server.url);
        const email = "ann@example.com";
        const token = yield* Effect.promise(async () => {
          const origin = { origin: "https://b.example" };
          const ann = { name: "Ann", email, password: "a password of some length" };
          const signedUp = await browser.post("/api/auth/sign-up/email", ann, origin);
          assert.strictEqual(signedUp.headers.get("access-control-allow-origin"), origin.origin);
          const redirectTo = "https://b.example/reset";
          const asked = await browser.post("/api/auth/request-password-reset", { email, redirectTo }, origin);
          assert.strictEqual(asked.status, 200, asked.text);
          const link = new URL(linkIn(await mailTo(dataDir, email, "Reset your password for iam")));
          const followed = await browser.get(link.href);
          assert.strictEqual(followed.status, 302, followed.text);
          return link.pathname.split("/").at(-1) ?? "";
        });
        assert.match(token, /^\w{16,}$/);
        const { stdout, stderr } = yield* Iam.stop(server);
        assert.notInclude(stdout + stderr, token);
        // And where text messages go, because there are some.
        assert.include(stdout, `Text messages        land in ${join(dataDir, "mail")}\n`);
      }).pipe(Effect.scoped),
    patience,
  );
});
