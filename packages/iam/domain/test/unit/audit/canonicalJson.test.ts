/** The examples are those that RFC 8785 publishes. */
import { assert, describe, it } from "@effect/vitest";
import * as Schema from "effect/Schema";
import * as CanonicalJson from "../../../src/audit/CanonicalJson.ts";
import { hex } from "./support.ts";

const parse = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json));

/** A number by its IEEE 754 bits. */
const double = (bits: string): number => Buffer.from(bits, "hex").readDoubleBE();

/** Appendix B, by the bits. */
const numbers = {
  "0000000000000000": "0",
  "8000000000000000": "0",
  "0000000000000001": "5e-324",
  "8000000000000001": "-5e-324",
  "7fefffffffffffff": "1.7976931348623157e+308",
  ffefffffffffffff: "-1.7976931348623157e+308",
  "4340000000000000": "9007199254740992",
  c340000000000000: "-9007199254740992",
  "4430000000000000": "295147905179352830000",
  "44b52d02c7e14af5": "9.999999999999997e+22",
  "44b52d02c7e14af6": "1e+23",
  "44b52d02c7e14af7": "1.0000000000000001e+23",
  "444b1ae4d6e2ef4e": "999999999999999700000",
  "444b1ae4d6e2ef4f": "999999999999999900000",
  "444b1ae4d6e2ef50": "1e+21",
  "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
  "3eb0c6f7a0b5ed8d": "0.000001",
  "41b3de4355555553": "333333333.3333332",
  "41b3de4355555554": "333333333.33333325",
  "41b3de4355555555": "333333333.3333333",
  "41b3de4355555556": "333333333.3333334",
  "41b3de4355555557": "333333333.33333343",
  becbf647612f3696: "-0.0000033333333333333333",
  "43143ff3c1cb0959": "1424953923781206.2",
};

describe("the canonical form", () => {
  it("AUD-3: is that of RFC 8785, sections 3.2.2 and 3.2.4", () => {
    const value = parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
    assert.strictEqual(
      hex(new TextEncoder().encode(CanonicalJson.text(value))),
      `7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
       75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
       5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
       65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
       5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
       30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d`.replaceAll(/\s/g, ""),
    );
  });

  it("AUD-3: sorts as section 3.2.3 says, by UTF-16 code units", () => {
    const value = parse(String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`);
    const names = [...CanonicalJson.text(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name);
    assert.deepStrictEqual(names, [
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  it("AUD-3: writes the numbers of appendix B", () => {
    for (const [bits, text] of Object.entries(numbers)) {
      assert.strictEqual(CanonicalJson.text(double(bits)), text, bits);
    }
    for (const bits of ["7fffffffffffffff", "7ff0000000000000"]) {
      assert.throws(() => CanonicalJson.text(double(bits)), TypeError);
    }
  });

  it.prop("AUD-3: says the same as the value, and comes out of itself", [Schema.Json], ([value]) => {
    // Generated texts may have half a surrogate pair, which is no JSON text's.
    if (!JSON.stringify(value).includes("\\ud")) {
      const text = CanonicalJson.text(value);
      assert.deepStrictEqual(parse(text), parse(JSON.stringify(value)));
      assert.strictEqual(CanonicalJson.text(parse(text)), text);
    }
  });

  it("AUD-3: leaves nothing out in silence: what no text can hold is a defect", () => {
    const cycle: Record<string, unknown> = {};
    cycle.cycle = cycle;
    const refused: ReadonlyArray<unknown> = [
      undefined,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      "\ud800",
      "\ude00 first",
      new Date(0),
      new Map([["a", 1]]),
      Uint8Array.of(1),
      1n,
      Symbol("a"),
      () => 1,
      Object(1),
      { toJSON: () => 1 },
      // A list with a hole.
      Array(1),
    ];
    for (const value of refused) {
      for (const within of [value, [value], { value }, [{ deep: [value] }]]) {
        // What the types do not let through, by a function that takes anything.
        assert.throws(
          () => Reflect.apply(CanonicalJson.text, undefined, [within]),
          undefined,
          undefined,
          String(value),
        );
      }
    }
    assert.throws(() => Reflect.apply(CanonicalJson.text, undefined, [cycle]));
    assert.throws(() => CanonicalJson.text({ "\ud800": 1 }));
    // What occurs twice is no cycle.
    const twice = { a: 1 };
    assert.strictEqual(CanonicalJson.text([twice, twice]), '[{"a":1},{"a":1}]');
  });

  it("AUD-3: does not take by type what it would refuse", () => {
    // @ts-expect-error: a field that may be undefined is no field of JSON
    const maybe = (value: { readonly a: string | undefined }) => CanonicalJson.text(value);
    // @ts-expect-error: nor is a date a value of it
    const date = (value: Date) => CanonicalJson.text(value);
    assert.throws(() => maybe({ a: undefined }));
    assert.throws(() => date(new Date(0)));
  });
});
