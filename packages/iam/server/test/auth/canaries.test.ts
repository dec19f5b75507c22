/** Where the secrets of all flows are: in the one answer that shows each, and nowhere else. */
import { Telemetry } from "@beep/iam-server";
import { Collector, connect, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type Swept, shown, swept } from "./canaries.ts";
import { everything } from "./everything.ts";
import { listening } from "./listening.ts";

layer(listening, { excludeTestServices: true })("the secrets of every flow", (it) => {
  it.effect("CRY-5: are in the one answer that shows each, and in no other, no dump, log, span or error", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make;
      const telemetry = Telemetry.layer().pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }))),
      );
      const found: Swept = yield* Effect.provide(swept, telemetry);
      assert.isAbove(found.planted.size, 15);
      assert.isAbove(found.told.size, 25);
      assert.deepStrictEqual(shown(found), []);

      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const dump = yield* everything(admin);
      assert.include(dump, "canary@example.com");
      const exported = collector.exports.map(({ body }) => body).join("\n");
      for (const [place, written] of Object.entries({ dump, exported })) {
        assert.deepStrictEqual(
          [...found.planted, ...found.told].filter(([secret]) => written.includes(secret)).map(([, name]) => name),
          [],
          place,
        );
      }

      // And a search that finds nothing would not have passed.
      const [[secret = "", name = ""] = []] = found.planted;
      const [[again = "", what = ""] = []] = found.told;
      const answered = JSON.stringify({ secret, again });
      const leaking = { ...found, exchanges: [...found.exchanges, { asked: "GET /leak", presented: "", answered }] };
      assert.deepStrictEqual(shown(leaking), [`GET /leak shows ${name}`, `GET /leak shows ${what} again`]);
    }).pipe(Effect.scoped),
  );
});
