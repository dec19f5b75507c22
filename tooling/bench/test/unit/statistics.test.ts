import { assert, describe, it } from "@effect/vitest";
import { median, percentile, ratio } from "../../src/statistics.ts";

describe("median", () => {
  it("is the value in the middle, whatever the order", () => {
    assert.strictEqual(median([100, 9, 10]), 10);
    assert.strictEqual(median([7]), 7);
  });

  it("is the mean of the two in the middle", () => {
    assert.strictEqual(median([1, 100, 2, 4]), 3);
  });

  it("leaves the values as they were", () => {
    const values = [3, 1, 2];
    median(values);
    assert.deepStrictEqual(values, [3, 1, 2]);
  });

  it("is NaN of nothing", () => {
    assert.isNaN(median([]));
  });
});

describe("percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is a value that was measured", () => {
    assert.strictEqual(percentile(hundred, 50), 50);
    assert.strictEqual(percentile(hundred, 99), 99);
    assert.strictEqual(percentile([10, 20], 50), 10);
    assert.strictEqual(percentile([10, 20], 51), 20);
  });

  it("is the smallest and the largest at the ends", () => {
    assert.strictEqual(percentile(hundred, 0), 1);
    assert.strictEqual(percentile(hundred, 100), 100);
  });

  it("is the largest where there are fewer than a hundred", () => {
    assert.strictEqual(percentile([5, 1, 3], 99), 5);
  });

  it("is NaN of nothing", () => {
    assert.isNaN(percentile([], 99));
  });
});

describe("ratio", () => {
  it("compares round by round", () => {
    // In the second round the machine was half as fast for both.
    assert.deepStrictEqual(ratio([20, 10, 30], [10, 5, 10]), { median: 2, min: 2, max: 3 });
  });

  it("is 1 of the baseline itself", () => {
    assert.deepStrictEqual(ratio([3, 5, 4], [3, 5, 4]), { median: 1, min: 1, max: 1 });
  });

  it("is not the ratio of the medians", () => {
    assert.strictEqual(ratio([10, 100, 40], [10, 50, 10]).median, 2);
    assert.strictEqual(median([10, 100, 40]) / median([10, 50, 10]), 4);
  });
});
