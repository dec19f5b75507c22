/** The doctor on faults of the pooler, and on installations without any. */
import { IamTest, PgBouncer } from "@beep/testing";
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
import * as faults from "./doctor/faults.ts";
import { examine, finds, tellScore } from "./doctor/finds.ts";
import * as installations from "./doctor/installation.ts";

tellScore();

describe("the pooler", () => {
  // One installation for all: what is wrong is around it.
  const scope = Scope.makeUnsafe();
  let installation: installations.Installation;
  beforeAll(async () => {
    installation = await Effect.runPromise(Scope.provide(installations.onServer(18), scope));
  });
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)));
  for (const fault of [...faults.ofPooler]) finds(fault, () => Effect.succeed(installation));
});

it.live(
  "OPS-3: the doctor finds nothing wrong with a pooler that the configuration states",
  () =>
    Effect.gen(function* () {
      const { environment } = yield* installations.onServer(18);
      const url = yield* PgBouncer.make(Redacted.make(environment.DATABASE_URL ?? ""));
      const stated = { DATABASE_URL: Redacted.value(url), IAM_DATABASE_POOLER: "transaction" };
      assert.deepStrictEqual(yield* examine({ ...environment, ...stated }), []);
    }).pipe(Effect.scoped),
  { skip: IamTest.poolers.length === 0 },
);
