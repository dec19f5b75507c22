/** Whether the doctor names a fault, that and nothing else, and leaves everything as it was. */
import { Doctor } from "@beep/iam-server";
import { afterAll, assert, it } from "@effect/vitest";
import * as Cache from "effect/Cache";
import * as Clock from "effect/Clock";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Expected from "../../src/doctor/Expected.ts";
import * as faults from "./faults.ts";
import type * as installations from "./installation.ts";

// What a database should be is found out once, for all tests.
const healthy = Effect.runSync(Cache.make({ capacity: 8, lookup: Expected.expected }));

/** What the doctor finds under an environment. */
export const examine = (environment: installations.Environment) =>
  Effect.provide(
    Doctor.examine({ expected: (of) => Cache.get(healthy, of) }),
    ConfigProvider.layer(ConfigProvider.fromUnknown(environment)),
  );

let seeded = 0;
let named = 0;

/** Seeds a fault into a healthy installation, and lets the doctor find it. */
export const finds = (fault: faults.Fault, made: () => ReturnType<typeof installations.onServer>) =>
  it.live(`OPS-3: the doctor names ${fault.title}, and nothing else`, () =>
    Effect.gen(function* () {
      seeded += 1;
      const installation = yield* made();
      assert.deepStrictEqual(yield* examine(installation.environment), [], "healthy");

      const environment = faults.apply(installation.environment, yield* fault.seed(installation));
      const before = yield* installation.state;
      const clock = faults.setAhead(yield* Clock.Clock, fault.ahead ?? 0);
      const findings = yield* Effect.provideService(examine(environment), Clock.Clock, clock);
      assert.deepStrictEqual(
        findings.map(({ code, severity }) => ({ code, severity })),
        [{ code: fault.code, severity: fault.severity }],
        JSON.stringify(findings, null, 2),
      );
      const [{ message = "", remedy = "" } = {}] = findings;
      if (typeof fault.names === "string") assert.include(message, fault.names);
      else assert.match(message, fault.names);
      assert.isNotEmpty(remedy);
      const said = message + remedy;
      for (const secret of ["canary", "sesame", environment.IAM_SECRET]) {
        if (secret !== undefined) assert.notInclude(said, secret);
      }
      assert.deepStrictEqual(yield* installation.state, before, "unchanged");
      named += 1;
    }).pipe(Effect.scoped),
  );

/** Tells, after the tests of a file, how many of the faults were named. */
export const tellScore = () =>
  afterAll(() => {
    console.log(`The doctor named ${named} of ${seeded} faults.`);
  });
