/** That nothing depends on telemetry's being heard: whatever its collector does, a server answers as ever. */
import { Collector, freePort } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type Answer, Browser } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import * as Process from "./support/process.ts";
import { served } from "./support/served.ts";

/** Longer than usual, because several processes start at once. */
const patience = 90_000;

type Answers = ReadonlyArray<Pick<Answer, "status" | "text">>;

/** What may be asked of a server while its collector misbehaves: the same answers as ever. */
const use = async (browser: Browser): Promise<Answers> => {
  const answers = [
    await browser.get("/health"),
    await browser.get("/ready"),
    await browser.post("/api/auth/sign-in/email", {
      email: "nobody@example.com",
      password: "a password of some length",
    }),
    await browser.get("/api/session"),
    await browser.get("/nowhere"),
  ];
  return answers.map(({ status, text }) => ({ status, text }));
};

/** What a server answers that has no collector. */
class Expected extends Context.Service<Expected, Answers>()("Expected") {}

const expected = Layer.effect(
  Expected,
  Effect.gen(function* () {
    const { server } = yield* served({}, Iam.serve);
    return yield* Effect.promise(() => use(new Browser(server.url)));
  }),
);

// What hangs could keep a process from ending.
const badly: ReadonlyArray<readonly [string, Collector.Behaviour, typeof Iam.serve]> = [
  ["never answers", "hangs", Process.serve],
  ["answers 500", { status: 500 }, Iam.serve],
  ["wants to be asked again in an hour", { status: 429, retryAfter: "3600" }, Iam.serve],
];

// At once, because each of them waits most of its time for what does not come.
layer(expected, { excludeTestServices: true, timeout: 60_000, concurrent: true })(
  "OPS-1: losing telemetry changes nothing",
  (test) => {
    const same = Effect.fnUntraced(function* (server: Iam.Server) {
      assert.deepStrictEqual(yield* Effect.promise(() => use(new Browser(server.url))), yield* Expected);
    });
    const endsWell = Effect.fnUntraced(function* (server: Iam.Server) {
      const ended = yield* Iam.stop(server);
      assert.strictEqual(ended.code, 0, ended.stderr);
    });

    for (const [name, behaviour, serve] of badly) {
      test.effect(
        `a collector that ${name}`,
        () =>
          Effect.gen(function* () {
            const collector = yield* Collector.make;
            yield* collector.behave(behaviour);
            const { server } = yield* served({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, serve);
            yield* same(server);
            // While an export is under way, or was refused.
            yield* collector.came(2);
            yield* same(server);
            yield* endsWell(server);
          }).pipe(Effect.scoped),
        patience,
      );
    }

    test.effect(
      "a collector that is not there",
      () =>
        Effect.gen(function* () {
          const port = yield* freePort;
          const { server } = yield* served({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, Iam.serve);
          yield* same(server);
          yield* endsWell(server);
        }).pipe(Effect.scoped),
      patience,
    );

    test.effect(
      "a collector that dies while it is used",
      () =>
        Effect.gen(function* () {
          const collector = yield* Collector.make;
          const { server } = yield* served({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
          yield* same(server);
          yield* collector.came(1);
          yield* collector.stop;
          yield* same(server);
          yield* endsWell(server);
        }).pipe(Effect.scoped),
      patience,
    );
  },
);
