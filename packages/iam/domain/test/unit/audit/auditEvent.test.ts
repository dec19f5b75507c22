import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { AuditEvent } from "../../../src/index.ts";

/** What would be the end of an event, were it not within one of its values. */
const misleading = ',"organization":null,"outcome":"success","personal":null,"target":null,"v":1}';

// No half of a surrogate pair: PostgreSQL has none.
const WellFormed = Schema.String.check(Schema.makeFilter((text) => text.isWellFormed()));

const Text = Schema.Union([WellFormed, Schema.Literals([misleading, '"', "\\", '","organization":"'])]);

const Json = Schema.Union([
  Schema.Null,
  Text,
  Schema.Struct({
    organization: Text,
    outcome: Text,
    personal: Schema.Null,
    target: Schema.Null,
    v: Schema.Literal(1),
  }),
]);

const Uuid = Schema.Literals(["0190c2a1-0000-7000-8000-000000000001", "0190c2a1-0000-7000-8000-000000000002"]);

describe("the chain of an event", () => {
  it.effect.prop(
    "AUD-3: stands in its text where the text of no value can stand",
    [Schema.NullOr(Uuid), Text, Json, Json, Json],
    ([organizationId, login, context, before, after]) =>
      Effect.gen(function* () {
        const event = yield* Effect.fromResult(
          AuditEvent.canonical({
            format: 1,
            id: "0190c2a1-0000-7000-8000-000000000003",
            recordedAt: new Date(0),
            organizationId,
            action: "team.created",
            targetType: null,
            targetId: null,
            outcome: "success",
            context,
            login,
            before,
            after,
            personal: null,
          }),
        );
        assert.strictEqual(AuditEvent.chainIn(event), JSON.parse(event).organization);
      }),
  );

  it("AUD-3: is none of what is no event", () => {
    for (const said of ["", "{}", misleading.slice(0, -1), misleading.replace("1}", "2}")]) {
      assert.isUndefined(AuditEvent.chainIn(said));
    }
  });
});
