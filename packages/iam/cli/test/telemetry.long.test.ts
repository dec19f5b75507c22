/** What `iam serve` tells of itself. That nothing depends on its being heard is in `telemetry-loss.long.test.ts`. */
import { Collector, connect, freePort } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { type Answer, Browser, textAt } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { linkIn, mailTo } from "./support/mail.ts";
import { served } from "./support/served.ts";

/** Longer than usual, because several processes start in one test. */
const patience = 90_000;

const Line = Schema.fromJsonString(
  Schema.Struct({ level: Schema.String, message: Schema.Unknown, traceId: Schema.optional(Schema.String) }),
);

const linesOf = (stderr: string) =>
  stderr
    .split("\n")
    // What is told on a signal is no entry of the log.
    .filter((line) => line !== "" && !line.startsWith("Stopping;"))
    .map((line) => Schema.decodeSync(Line)(line));

it.live(
  "OPS-1: a collector gets the trace from the route down to the statements, the metrics, and the log of that trace",
  () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make;
      const { server } = yield* served({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%20key,x-other=b",
        OTEL_SERVICE_NAME: "identity",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      });
      const [traceId, parentId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
      const answer = yield* Effect.promise(() =>
        new Browser(server.url).post(
          "/api/auth/sign-in/email",
          { email: "nobody@example.com", password: "a password of some length" },
          { traceparent: `00-${traceId}-${parentId}-01` },
        ),
      );
      assert.strictEqual(answer.status, 401);
      const { code, stderr } = yield* Iam.stop(server);
      assert.strictEqual(code, 0);

      const spans = collector.spans().filter((span) => span.traceId === traceId);
      const [request] = spans.filter(({ kind }) => kind === 2);
      assert.deepInclude(request, { name: "POST /api/auth/sign-in/email", parentSpanId: parentId });
      assert.isDefined(request);
      assert.strictEqual(Collector.attribute(request, "http.response.status_code"), "401");
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      const ancestors = (span: Collector.Span): ReadonlyArray<string> => {
        const parent = byId.get(span.parentSpanId ?? "");
        return parent === undefined ? [] : [parent.name, ...ancestors(parent)];
      };
      const statements = spans.filter((span) => Collector.attribute(span, "db.query.text") !== undefined);
      assert.isNotEmpty(statements);
      for (const statement of statements) {
        assert.includeMembers([...ancestors(statement)], ["Auth.handler", "POST /api/auth/sign-in/email"]);
      }
      assert.isTrue(
        statements.some((each) => /from "iam_users"/.test(Collector.attribute(each, "db.query.text") ?? "")),
      );

      for (const path of ["/v1/traces", "/v1/metrics", "/v1/logs"]) {
        const [first] = collector.exports.filter((each) => each.path === path);
        assert.deepInclude(first?.headers, { "x-api-key": "a key", "x-other": "b" });
        assert.include(first?.body, '"identity"');
        assert.include(first?.body, '"deployment.environment.name"');
      }
      const metrics = collector.textOf("/v1/metrics");
      for (const metric of [
        "http.server.request.duration",
        "db.client.operation.duration",
        "/api/auth/sign-in/email",
      ]) {
        assert.include(metrics, `"${metric}"`);
      }
      assert.include(collector.textOf("/v1/logs"), traceId);
      const lines = linesOf(stderr);
      assert.isTrue(lines.some((line) => line.traceId === traceId));
    }).pipe(Effect.scoped),
  patience,
);

it.live(
  "CRY-5: no password, token, link, cookie or key is in a span, a metric or a log",
  () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make;
      const metricsPort = yield* freePort;
      const { server, dataDir, database } = yield* served({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20canary-of-the-collector",
        IAM_METRICS_PORT: String(metricsPort),
      });
      const admin = yield* connect(database.adminUrl);
      const canaries = new Map<string, string>([["the collector's key", "canary-of-the-collector"]]);
      const ok = (answer: Answer) => assert.oneOf(answer.status, [200, 302, 303], answer.text);
      const last = (link: string) =>
        new URL(link).searchParams.get("token") ?? new URL(link).pathname.split("/").at(-1);

      const browser = new Browser(server.url);
      const email = "ann@example.com";
      const [password, changed] = ["canary password one", "canary password two"];
      yield* Effect.promise(async () => {
        canaries.set("the password", password).set("the new password", changed).set("its hash", "scrypt");

        const setup = /http\S+\/setup\?token=\S+/.exec(server.output)?.[0] ?? "";
        canaries.set("the first administrator's link", last(setup) ?? "");
        ok(await browser.get(setup));
        ok(
          await browser.submit("/setup", { token: last(setup) ?? "", name: "Ada", email: "ada@example.com", password }),
        );

        ok(await browser.post("/api/auth/sign-up/email", { name: "Ann", email, password }));
        const verification = linkIn(await mailTo(dataDir, email, "Confirm your address for iam"));
        canaries.set("the verification's token", last(verification) ?? "");
        ok(await browser.get(verification));

        ok(await browser.post("/api/auth/request-password-reset", { email, redirectTo: `${server.url}/reset` }));
        const reset = linkIn(await mailTo(dataDir, email, "Reset your password for iam"));
        const token = last(reset) ?? "";
        canaries.set("the reset's token", token);
        ok(await browser.get(reset));
        ok(await browser.post(`/api/auth/reset-password?token=${token}`, { newPassword: changed }));

        const signedIn = await browser.post("/api/auth/sign-in/email", { email, password: changed });
        ok(signedIn);
        canaries.set("the session's token", textAt(signedIn, "token"));
        for (const [name, value] of browser.cookies) canaries.set(`the cookie ${name}`, value);
        const key = await browser.post("/api/auth/api-key/create", { name: "build" });
        ok(key);
        canaries.set("the API key", textAt(key, "key"));
        ok(await browser.get("/api/session"));
      });
      // What fails unexpectedly tells most: its statement, its trace, its causes.
      yield* admin`alter table iam_users rename column email to other`;
      const failed = yield* Effect.promise(() =>
        browser.post("/api/auth/sign-in/email?token=canary-query", { email, password: changed }),
      );
      canaries.set("the query", "canary-query");
      assert.strictEqual(failed.status, 500);

      const metrics = yield* Effect.promise(async () =>
        (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
      );
      const { stdout, stderr } = yield* Iam.stop(server);
      const exported = collector.exports.map(({ body }) => body).join("\n");
      // All of it went by: the routes are there, the failure too.
      const names = new Set(collector.spans().map((span) => span.name));
      for (const name of [
        "GET /setup",
        "POST /setup",
        "GET /api/auth/verify-email",
        "GET /api/auth/reset-password/:token",
        "POST /api/auth/reset-password",
        "POST /api/auth/api-key/create",
      ]) {
        assert.isTrue(names.has(name), name);
      }
      assert.include(exported, "exception.type");
      assert.include(stderr, "A request failed unexpectedly.");
      assert.include(metrics, 'http_route="/api/auth/reset-password/:token"');
      for (const [what, canary] of canaries) {
        assert.isAbove(canary.length, 5, what);
        for (const text of [exported, metrics, stderr]) assert.notInclude(text, canary, what);
        if (what !== "the first administrator's link") assert.notInclude(stdout, canary, what);
      }
    }).pipe(Effect.scoped),
  patience,
);

it.live(
  "OPS-1: Prometheus has its own address, and routes there are patterns",
  () =>
    Effect.gen(function* () {
      const port = yield* freePort;
      const { server } = yield* served({ IAM_METRICS_PORT: String(port), IAM_METRICS_HOST: "127.0.0.2" });
      const text = yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        assert.strictEqual((await browser.get("/metrics")).status, 404);
        await browser.get("/api/auth/reset-password/one");
        await browser.get("/api/auth/reset-password/two", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` });
        await browser.get("/nowhere/one");
        await browser.get("/nowhere/two");
        const elsewhere = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
        assert.isUndefined(elsewhere);
        // Once before, because what a request measures is there for the next one.
        await fetch(`http://127.0.0.2:${port}/metrics`);
        const scraped = await fetch(`http://127.0.0.2:${port}/metrics`);
        assert.strictEqual(scraped.status, 200);
        assert.match(scraped.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
        return scraped.text();
      });
      const count = (labels: string) =>
        new RegExp(`^http_server_request_duration_seconds_count\\{${labels}\\} (\\d+)$`, "m").exec(text)?.[1];
      const labelled = (route: string, status: number) =>
        `http_request_method="GET",http_route="${route}",http_response_status_code="${status}"`;
      // The second caller does not want its trace recorded, and is counted all the same.
      assert.strictEqual(count(labelled("/api/auth/reset-password/:token", 400)), "2", text);
      assert.strictEqual(count(labelled("", 404)), "3");
      assert.match(text, /^db_client_operation_duration_seconds_count\{outcome="success"\} [1-9]/m);
      assert.match(text, /^db_client_connection_wait_time_seconds_count [1-9]/m);
      assert.match(text, /^child_fibers_started [1-9]/m);
      assert.notMatch(text, /one|two|\/metrics/);
      assert.strictEqual((yield* Iam.stop(server)).code, 0);
    }).pipe(Effect.scoped),
  patience,
);
