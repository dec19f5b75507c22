/** All of Better Auth's adapter suites, and how much of them our adapter and tables pass. */
import * as suites from "@better-auth/test-utils/adapter";
import { expect, it, type RunnerTask } from "vitest";
import { prepare } from "./adapter-suites/suites.ts";

const malformed =
  "looks for an id that is none, which is refused with 400 INVALID_ID; the same test of the uuid suite, whose id is well formed, passes";
const typed = "wants a uuid for an id; ours are TypeIDs, which say of what they are, over the uuid in the column";

const unknownIds = {
  "findOne - should not throw on record not found": malformed,
  "findOne - should return null for failed base model lookup that has joins": malformed,
  "findMany - should return an empty array when no models are found": malformed,
  "findMany - should return empty array when base records don't exist with joins": malformed,
  "delete - should not throw on record not found": malformed,
};

/** The tests that are not run, each with its reason, which other tests show to be so. */
const disabled: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  normal: unknownIds,
  uuid: { "create - should return a uuid": typed, "findOne - should find a model using a uuid": typed },
  joins: unknownIds,
};

/** How many pass, by suite. */
const recorded = { normal: 102, transactions: 1, "auth-flow": 7, uuid: 106, joins: 101, "case-insensitive": 12 };

const without = (suite: string) => ({
  disableTests: Object.fromEntries(Object.keys(disabled[suite] ?? {}).map((name) => [name, true])),
});

const { register } = await prepare();

const titled = (suite: string) => `ALN-8: Better Auth's adapter suite ${suite}`;

register({
  [titled("normal")]: suites.normalTestSuite(without("normal")),
  [titled("transactions")]: suites.transactionsTestSuite(),
  [titled("auth-flow")]: suites.authFlowTestSuite(),
  [titled("uuid")]: suites.uuidTestSuite(without("uuid")),
  [titled("joins")]: suites.joinsTestSuite(without("joins")),
  [titled("case-insensitive")]: suites.caseInsensitiveTestSuite(),
});

/** The tests below, but for the headline that each suite has for one of its own. */
const testsIn = (tasks: ReadonlyArray<RunnerTask>): ReadonlyArray<RunnerTask> =>
  tasks.flatMap((task) => (task.type === "suite" ? testsIn(task.tasks) : task.name.startsWith("\n") ? [] : [task]));

it("ALN-8: no fewer pass than are recorded, and what does not run has its reason", ({ task: { file } }) => {
  const counts = Object.keys(recorded).map((name) => {
    const tests = testsIn(file.tasks.filter((task) => task.name === titled(name)));
    return {
      name,
      of: tests.length,
      passed: tests.filter(({ result }) => result?.state === "pass").length,
      skipped: tests.filter(({ mode }) => mode === "skip").length,
    };
  });
  const written = (...names: ReadonlyArray<string>): string => {
    const chosen = counts.filter(({ name }) => names.includes(name));
    const sum = (of: "passed" | "of") => chosen.reduce((total, count) => total + count[of], 0);
    return `${sum("passed")} of ${sum("of")} of ${names.join(" + ")}`;
  };
  console.log(
    [
      `${written("normal", "transactions", "auth-flow", "uuid")}; ${written("joins")}; ${written("case-insensitive")}`,
      ...Object.entries(disabled).flatMap(([suite, tests]) =>
        Object.entries(tests).map(([name, reason]) => `not run: ${suite}, "${name}": ${reason}`),
      ),
    ].join("\n"),
  );
  for (const { name, of, passed, skipped } of counts) {
    expect(skipped, name).toBe(Object.keys(disabled[name] ?? {}).length);
    expect(passed, name).toBe(of - skipped);
  }
  for (const [name, least] of Object.entries(recorded)) {
    expect(counts.find((count) => count.name === name)?.passed, name).toBeGreaterThanOrEqual(least);
  }
});
