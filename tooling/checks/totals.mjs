/**
 * Sums up runs of vitest from what its JSON reporter wrote, as the last line of `.ci/run`. A file that is missing counts
 * nothing: whether that run failed is known from its exit code. Runs on the host's Node, whichever that is.
 *
 *     node tooling/checks/totals.mjs <0 or 1: whether a command failed> <json>...
 */
import { existsSync, readFileSync } from "node:fs";

const [status, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;

for (const file of files) {
  if (!existsSync(file)) continue;
  const run = JSON.parse(readFileSync(file, "utf8"));
  passed += run.numPassedTests;
  failed += run.numFailedTests;
  // A file that could not be loaded has no tests that failed, and yet it did.
  for (const suite of run.testResults) {
    if (suite.status === "failed" && !suite.assertionResults.some((test) => test.status === "failed")) failed += 1;
  }
}

process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = status === "0" && failed === 0 && passed > 0 ? 0 : 1;
