import { assert, describe, it } from "@effect/vitest";
import { areAlike } from "../../src/compare.ts";
import type { Measurement } from "../../src/measure.ts";
import { render, renderComparison } from "../../src/report.ts";

const measurement = (concurrency: number, name: string): Measurement => ({
  concurrency,
  name,
  operationsPerSecond: 123_456.7,
  latency: { p50: 1_234.5678, p99: 2_345.6789 },
  ratio: { median: 12.3456, min: 10.12, max: 45.678 },
  rounds: [123_456.7],
});

const lines = render({
  benchmark: "example",
  startedAt: "2026-11-21T12:00:00.000Z",
  machine: { node: "24.21.0", platform: "linux x64", processor: "AMD EPYC", cores: 2, load: 0.5 },
  subjects: ["one", "other"].map((name) => ({
    name,
    plan: { concurrencies: [1, 64], rounds: 7, milliseconds: 500 },
    measurements: [1, 64].flatMap((concurrency) => [
      measurement(concurrency, "baseline"),
      measurement(concurrency, "a name that nobody would have thought of as long as this one"),
    ]),
  })),
  notes: ["a note"],
}).split("\n");

describe("render", () => {
  it("fits into 100 columns", () => {
    assert.isAtMost(Math.max(...lines.map((line) => line.length)), 100);
  });

  it("names the baseline and the concurrency once in a group", () => {
    const rows = lines.filter((line) => line.includes("123,457"));
    assert.strictEqual(rows.length, 8);
    assert.match(rows[0] ?? "", /^ {6}1 {2}baseline .* baseline$/);
    assert.match(rows[1] ?? "", /^ {9}a name .*… +123,457 +1234\.57 +2345\.68 +12\.35 +10\.12–45\.68$/);
    assert.match(rows[2] ?? "", /^ {5}64 {2}baseline /);
  });
});

describe("render of several subjects", () => {
  it("names each above its table, and ends with the notes", () => {
    assert.deepStrictEqual(
      lines.filter((line) => /^(one|other|a note)\b/.test(line)),
      ["one, 7 rounds of 500 ms", "other, 7 rounds of 500 ms", "a note"],
    );
  });
});

describe("a comparison", () => {
  const compared = (one: number, other: number) => ({
    name: "a call of a rather long name, as it is",
    calls: 1_000,
    one,
    other,
  });

  it("is of what is as fast within 10 % or 2 ms", () => {
    assert.isTrue(areAlike(compared(1, 3)));
    assert.isFalse(areAlike(compared(1, 3.1)));
    assert.isTrue(areAlike(compared(110, 100)));
    assert.isFalse(areAlike(compared(111, 100)));
  });

  it("says so of each call, in 100 columns", () => {
    const machine = { node: "24.21.0", platform: "linux x64", processor: "AMD EPYC", cores: 2, load: 0.5 };
    const report = { benchmark: "example", startedAt: "2026-11-21T12:00:00.000Z", machine };
    const text = renderComparison({ ...report, compared: [compared(1, 3), compared(130, 100)] });
    assert.isAtMost(Math.max(...text.split("\n").map((line) => line.length)), 100);
    assert.match(text, /1\.00 +3\.00 +-2\.00 +0\.333 +within\n.* OUTSIDE$/);
  });
});
