/** The doctor on faults of the configuration, the server, the logins, the tables and the data directory. */
import { connect, TestDatabase } from "@beep/testing";
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import * as faults from "./doctor/faults.ts";
import { examine, finds, tellScore } from "./doctor/finds.ts";
import * as installations from "./doctor/installation.ts";

tellScore();

describe("the configuration", () => {
  // One installation for all: what is wrong is around it.
  const scope = Scope.makeUnsafe();
  let installation: installations.Installation;
  beforeAll(async () => {
    installation = await Effect.runPromise(Scope.provide(installations.onServer(18), scope));
  });
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)));
  for (const fault of faults.ofConfiguration) finds(fault, () => Effect.succeed(installation));
});

for (const fault of faults.ofServer) finds(fault, () => installations.onOwnServer);

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  for (const fault of faults.ofLogins) finds(fault, () => installations.withOwnLogin(major));
  for (const fault of faults.ofTables) finds(fault, () => installations.onServer(major));
});

it.live("OPS-3: the doctor says so where a table is locked, and does not wait for ever", () =>
  Effect.gen(function* () {
    const { adminUrl, environment } = yield* installations.onServer(18);
    const admin = yield* connect(adminUrl);
    yield* admin`begin`;
    yield* admin`lock table iam_users in access exclusive mode`;
    const [finding] = yield* examine(environment);
    assert.propertyVal(finding, "code", "NOT_EXAMINED");
    assert.include(finding?.message, "somebody may have a table locked");
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

it.live("OPS-3: the doctor finds nothing wrong with tables in another schema", () =>
  Effect.gen(function* () {
    const { environment } = yield* installations.inSchema("identity");
    assert.deepStrictEqual(yield* examine(environment), []);
  }).pipe(Effect.scoped),
);
