/** The doctor on faults of the configuration and the pooler, and on installations without any. */
import { IamTest, PgBouncer } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as faults from "./doctor/faults.ts";
import { examine, finds, tellScore } from "./doctor/finds.ts";
import * as installations from "./doctor/installation.ts";

tellScore();

for (const fault of [...faults.ofConfiguration, ...faults.ofPooler]) finds(fault, () => installations.onServer(18));

it.live("OPS-3: the doctor finds nothing wrong with tables in another schema", () =>
  Effect.gen(function* () {
    const { environment } = yield* installations.inSchema("identity");
    assert.deepStrictEqual(yield* examine(environment), []);
  }).pipe(Effect.scoped),
);

it.live(
  "OPS-3: nor with a pooler that the configuration states",
  () =>
    Effect.gen(function* () {
      const { environment } = yield* installations.onServer(18);
      const url = yield* PgBouncer.make(Redacted.make(environment.DATABASE_URL ?? ""));
      const stated = { DATABASE_URL: Redacted.value(url), IAM_DATABASE_POOLER: "transaction" };
      assert.deepStrictEqual(yield* examine({ ...environment, ...stated }), []);
    }).pipe(Effect.scoped),
  { skip: IamTest.poolers.length === 0 },
);
