/** What leaves a process that provides `Telemetry.layer`, and what stays. */
import { Auth, Telemetry } from "@beep/iam-server";
import { Collector, IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, it, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Otlp from "effect/observability/Otlp";
import * as Tracer from "effect/Tracer";
import * as TestClock from "effect/testing/TestClock";

/** Effect's exporter as it is: the control group. */
const bare = ({ url }: Collector.Collector) =>
  Otlp.layerJson({ baseUrl: url, resource: { serviceName: "bare" }, shutdownTimeout: "1 second" }).pipe(
    Layer.provide(FetchHttpClient.layer),
  );

const ours = ({ url }: Collector.Collector) =>
  Telemetry.layer().pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ OTEL_EXPORTER_OTLP_ENDPOINT: url }))),
  );

/** Runs an effect with one of both, until all is exported, and gives what came. */
const exportedBy = (telemetry: typeof bare | typeof ours) =>
  Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
    const collector = yield* Collector.make;
    yield* Effect.provide(effect, telemetry(collector));
    return collector;
  }, Effect.scoped);

const routes = HttpRouter.use((router) =>
  router.add("GET", "/links/:token", Effect.die(new Error("canary of the message"))),
);

/** Opens a link that holds a secret, and fails. */
const request = (headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const telemetry = yield* Effect.context<never>();
    const { handler, dispose } = HttpRouter.toWebHandler(
      Layer.provideMerge(Layer.provide(routes, HttpServer.layerServices), Layer.succeedContext(telemetry)),
      { disableLogger: true },
    );
    const url = "http://localhost/links/canary-of-the-path?token=canary-of-the-query";
    const answer = yield* Effect.promise(() => handler(new Request(url, { headers })));
    assert.strictEqual(answer.status, 500);
    yield* Effect.promise(dispose);
  });

it.live("CRY-5: a span names its route and the type of its error, and no address and no message", () =>
  Effect.gen(function* () {
    const control = (yield* exportedBy(bare)(request())).textOf("/v1/traces");
    for (const canary of ["canary-of-the-path", "canary-of-the-query", "canary of the message"]) {
      assert.include(control, canary);
    }
    const collector = yield* exportedBy(ours)(request());
    assert.notInclude(collector.exports.map(({ body }) => body).join(), "canary");
    const [span] = collector.spans();
    assert.isDefined(span);
    assert.strictEqual(span.name, "GET /links/:token");
    const [exception] = span.events;
    assert.isDefined(exception);
    assert.strictEqual(Collector.attribute(exception, "exception.type"), "Error");
    // Where it happened is there all the same.
    assert.include(Collector.attribute(exception, "exception.stacktrace"), "telemetry.test.ts");
  }),
);

it.live("OPS-1: the caller's trace is continued, and exported only where the caller records it", () =>
  Effect.gen(function* () {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}`;
    const unrecorded = yield* exportedBy(ours)(request({ traceparent: `${traceparent}-00` }));
    assert.deepStrictEqual(unrecorded.spans(), []);
    const recorded = yield* exportedBy(ours)(request({ traceparent: `${traceparent}-01` }));
    assert.deepInclude(recorded.spans()[0], { traceId: "a".repeat(32), parentSpanId: "b".repeat(16) });
  }),
);

it.live("OPS-1: without a collector there is neither another tracer nor another measure", () =>
  Effect.gen(function* () {
    const tracer = yield* Effect.provide(Tracer.Tracer, Telemetry.layer());
    assert.strictEqual(tracer, Tracer.nativeTracer);
    const measuring = yield* Effect.provide(Tracer.Tracer, Telemetry.layer({ measuring: true }));
    assert.notStrictEqual(measuring, Tracer.nativeTracer);
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({})))),
);

/** Many batches for a collector that never answers: how many were under way at most, and what was logged. */
const flood = (telemetry: typeof bare | typeof ours) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make;
    yield* collector.behave("hangs");
    const logged: Array<string> = [];
    const log = Logger.map(Logger.formatSimple, (line) => void logged.push(line));
    const batch = Effect.forEach(Array.from({ length: 1000 }), () => Effect.withSpan(Effect.void, "span"));
    // The exporter sends between the batches.
    const batches = Effect.forEach(Array.from({ length: 30 }), () => Effect.andThen(batch, Effect.yieldNow));
    yield* Effect.andThen(batches, collector.came(8)).pipe(
      Effect.provide(Layer.provideMerge(telemetry(collector), Logger.layer([log]))),
    );
    return { mostUnderWay: collector.mostUnderWay, logged: logged.join("\n") };
  }).pipe(Effect.scoped);

it.live("OPS-1: what a collector does not take is not kept: batches under way are bounded, and it is said", () =>
  Effect.gen(function* () {
    const { mostUnderWay, logged } = yield* flood(ours);
    assert.strictEqual(mostUnderWay, 8);
    assert.match(logged, /The collector does not take telemetry: it does not keep up\./);
    assert.isAbove((yield* flood(bare)).mostUnderWay, 8);
  }),
);

it.effect("OPS-1: a collector that hangs is given up after ten seconds, and asked again after a minute", () =>
  Effect.gen(function* () {
    const collector = yield* Collector.make;
    yield* collector.behave("hangs");
    const told = yield* Deferred.make<string>();
    const log = Logger.make(({ message }) => Deferred.doneUnsafe(told, Effect.succeed(String(message))));
    const span = (name: string) => Effect.withSpan(Effect.void, name);
    yield* Effect.gen(function* () {
      yield* span("not taken");
      yield* TestClock.adjust("5 seconds");
      yield* collector.came(1, "/v1/traces");
      yield* TestClock.adjust("10 seconds");
      assert.match(yield* Deferred.await(told), /takes more than 10 seconds/);
      yield* collector.behave("takes");
      yield* span("dropped");
      yield* TestClock.adjust("1 minute");
      yield* span("taken");
      yield* TestClock.adjust("5 seconds");
      yield* collector.came(2, "/v1/traces");
    }).pipe(Effect.provide(Layer.provideMerge(ours(collector), Logger.layer([log]))));
    assert.deepStrictEqual(
      collector.spans().map(({ name }) => name),
      ["not taken", "taken"],
    );
  }).pipe(Effect.scoped),
);

for (const { name, layer: services } of IamTest.serverAndEmbedded) {
  layer(services, { excludeTestServices: true })(`on ${name}`, (test) => {
    test.effect("OPS-1: every statement is part of the operation that runs it, Better Auth's too", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const collector = yield* exportedBy(ours)(
          Effect.gen(function* () {
            const ann = yield* IamTest.signedUp("ann");
            yield* api.createOrganization({ headers: ann.headers, body: { name: "Acme", slug: "acme" } });
          }),
        );
        const spans = new Map(collector.spans().map((span) => [span.spanId, span]));
        const operation = (span: Collector.Span): string => {
          const parent = spans.get(span.parentSpanId ?? "");
          return span.name.startsWith("Auth.") ? span.name : parent === undefined ? "none" : operation(parent);
        };
        const operations = [...spans.values()]
          .filter((span) => Collector.attribute(span, "db.query.text") !== undefined)
          .map(operation);
        assert.sameMembers(
          [...new Set(operations)],
          ["Auth.signUpEmail", "Auth.handler", "Auth.authenticate", "Auth.createOrganization"],
        );
      }),
    );

    test.effect("CRY-5: a statement that fails tells its code, and no value", () =>
      Effect.gen(function* () {
        const client = yield* PgClient;
        const statement = Effect.exit(client`select ${"canary"}::uuid`);
        assert.include((yield* exportedBy(bare)(statement)).textOf("/v1/traces"), "canary");
        const traces = (yield* exportedBy(ours)(statement)).textOf("/v1/traces");
        assert.notInclude(traces, "canary");
        assert.include(traces, "22P02");
      }),
    );
  });
}
