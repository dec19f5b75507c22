import { Errors } from "@beep/iam-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Schema from "effect/Schema";

const canary = new Error("Failed query: select … params: canary");

describe("errors", () => {
  it("CRY-5: keep their cause for the log and out of every encoded form", () => {
    const errors = [
      { schema: Errors.StaleVersion, error: new Errors.StaleVersion({ cause: canary }) },
      { schema: Errors.CommitUnknown, error: new Errors.CommitUnknown({ cause: canary }) },
      {
        schema: Errors.StartupError,
        error: new Errors.StartupError({ code: "MIGRATION_FAILED", message: "m", remedy: "r", cause: canary }),
      },
    ];
    for (const { error, schema } of errors) {
      assert.strictEqual(error.cause, canary);
      const encoded = JSON.stringify(Schema.encodeUnknownSync(schema)(error));
      assert.notInclude(encoded, "canary");
      assert.include(encoded, error.code);
    }
  });

  it("have a code each", () => {
    const classes = Object.values(Errors).filter((exported) => "fields" in exported);
    assert.isAbove(classes.length, 4);
    for (const error of classes) assert.property(error.fields, "code", error.identifier);
  });
});
