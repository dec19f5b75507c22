/** Whether the doctor names what is wrong, that and nothing else, and leaves everything as it was. */
import { Doctor } from "@beep/iam-server";
import { TestDatabase } from "@beep/testing";
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest";
import * as Clock from "effect/Clock";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import * as faults from "./doctor/faults.ts";
import * as installations from "./doctor/installation.ts";

// What a database should be is found out once, for all tests.
const doctor = Effect.runSync(Doctor.make());

const examine = (environment: installations.Environment) =>
  Effect.provide(doctor.examine, ConfigProvider.layer(ConfigProvider.fromUnknown(environment)));

let seeded = 0;
let named = 0;

const finds = (fault: faults.Fault, made: () => ReturnType<typeof installations.onServer>) =>
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

afterAll(() => {
  console.log(`The doctor named ${named} of ${seeded} faults.`);
  if (faults.ofPooler.length === 0)
    console.log("PgBouncer is not installed: its fault is left out (apt install pgbouncer).");
});

describe("the configuration and the server", () => {
  for (const fault of [...faults.ofConfiguration, ...faults.ofPooler]) finds(fault, () => installations.onServer(18));
  for (const fault of faults.ofServer) finds(fault, () => installations.onOwnServer);
});

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  for (const fault of faults.ofLogins) finds(fault, () => installations.withOwnLogin(major));
  for (const fault of faults.ofTables) finds(fault, () => installations.onServer(major));
});

it.live("OPS-3: the doctor finds nothing wrong with tables in another schema", () =>
  Effect.gen(function* () {
    const { environment } = yield* installations.inSchema("identity");
    assert.deepStrictEqual(yield* examine(environment), []);
  }).pipe(Effect.scoped),
);

describe("the embedded database", () => {
  const scope = Scope.makeUnsafe();
  let template = "";
  beforeAll(async () => {
    template = await Effect.runPromise(Scope.provide(installations.dataDirectory, scope));
  }, 60_000);
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)));
  for (const fault of faults.ofEmbedded) finds(fault, () => installations.embedded(template));
});
