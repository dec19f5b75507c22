import { assert, describe, it } from "@effect/vitest";
import type { Measurement } from "../../src/measure.ts";
import { render } from "../../src/report.ts";

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
  plan: { concurrencies: [1, 64], rounds: 7, milliseconds: 500 },
  measurements: [1, 64].flatMap((concurrency) => [
    measurement(concurrency, "baseline"),
    measurement(concurrency, "a name that nobody would have thought of as long as this one"),
  ]),
}).split("\n");

describe("render", () => {
  it("fits into 100 columns", () => {
    assert.isAtMost(Math.max(...lines.map((line) => line.length)), 100);
  });

  it("names the baseline and the concurrency once in a group", () => {
    const rows = lines.filter((line) => line.includes("123,457"));
    assert.strictEqual(rows.length, 4);
    assert.match(rows[0] ?? "", /^ {6}1 {2}baseline .* baseline$/);
    assert.match(rows[1] ?? "", /^ {9}a name .*… +123,457 +1234\.57 +2345\.68 +12\.35 +10\.12–45\.68$/);
    assert.match(rows[2] ?? "", /^ {5}64 {2}baseline /);
  });
});
