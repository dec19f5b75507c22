import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const suite = (...statuses: ReadonlyArray<string>) => ({
  status: statuses.includes("failed") || statuses.length === 0 ? "failed" : "passed",
  assertionResults: statuses.map((status) => ({ status })),
});

const run = (status: string, ...reports: ReadonlyArray<ReadonlyArray<ReturnType<typeof suite>>>) => {
  const directory = mkdtempSync(join(tmpdir(), "totals-"));
  try {
    const files = reports.map((testResults, i) => {
      const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
      const count = (wanted: string) => tests.filter((test) => test.status === wanted).length;
      const file = join(directory, `${i}.json`);
      writeFileSync(
        file,
        JSON.stringify({ numPassedTests: count("passed"), numFailedTests: count("failed"), testResults }),
      );
      return file;
    });
    const command = fileURLToPath(new URL("../totals.mjs", import.meta.url));
    const result = spawnSync(process.execPath, [command, status, ...files, join(directory, "missing.json")], {
      encoding: "utf8",
    });
    return [result.stdout, result.status];
  } finally {
    rmSync(directory, { recursive: true });
  }
};

it("sums up all runs", () => {
  expect(run("0", [suite("passed", "passed")], [suite("passed")])).toEqual(["3 passed, 0 failed\n", 0]);
});

it("fails when a test failed", () => {
  expect(run("1", [suite("passed")], [suite("passed", "failed")])).toEqual(["2 passed, 1 failed\n", 1]);
});

it("counts a file that could not be loaded", () => {
  expect(run("1", [suite("passed"), suite()])).toEqual(["1 passed, 1 failed\n", 1]);
});

it("fails when a command failed, whatever the tests say", () => {
  expect(run("1", [suite("passed")])).toEqual(["1 passed, 0 failed\n", 1]);
});

it("fails when no test ran", () => {
  expect(run("0")).toEqual(["0 passed, 0 failed\n", 1]);
});
