/** What an attempt shows, and how it is told. */
import { assert, describe, it } from "@effect/vitest";
import * as Isolation from "../../src/Isolation.ts";
import { type Expected, granted, nothing, refused, tries } from "../../src/isolation/Attack.ts";
import { type Outcome, shownBy } from "../../src/isolation/Finding.ts";

const touched = (rows: number): Outcome => ({ _tag: "Touched", rows });
const failed = (state: string | undefined): Outcome => ({ _tag: "Failed", state, said: "it says why" });

const attack = tries("notes", { _tag: "Tenant", organization: "", who: "tenant 1" });

const said = (expected: Expected, outcome: Outcome) => shownBy(attack("tries", "select", expected), outcome)?.says;

describe("an attempt", () => {
  const cases: ReadonlyArray<readonly [string, Expected, Outcome, string | undefined]> = [
    ["to find nothing is to be refused", nothing("42501"), touched(0), undefined],
    ["to touch a row is not", nothing("42501"), touched(1), "not refused: tenant 1 tries: it touched 1 row"],
    ["one of the states is", nothing("42501"), failed("42501"), undefined],
    [
      "another state shows nothing",
      nothing("42501"),
      failed("42601"),
      "not refused as it must be: tenant 1 tries: 42601, it says why",
    ],
    [
      "nor does a lost connection",
      nothing(),
      failed(undefined),
      "not refused as it must be: tenant 1 tries: no state, it says why",
    ],
    [
      "where it must be refused, to find nothing is not enough",
      refused("42501"),
      touched(0),
      "not refused: tenant 1 tries: it touched 0 rows",
    ],
    ["where it must be refused, a state is", refused("42501", "IA002"), failed("IA002"), undefined],
    ["a right is granted", granted(), touched(1), undefined],
    ["and not by finding nothing", granted(), touched(0), "not granted: tenant 1 tries: it touched 0 rows"],
    ["nor by being refused", granted(0), failed("42501"), "not granted: tenant 1 tries: 42501, it says why"],
  ];
  for (const [title, expected, outcome, says] of cases) {
    it(`TEN-1: ${title}`, () => assert.strictEqual(said(expected, outcome), says));
  }
});

describe("a report", () => {
  it("TEN-3: names the score, and 100 % only where nothing was left unseen", () => {
    const mutant = (control: string, seen: Isolation.Finding | undefined): Isolation.Mutated => ({
      kind: "a policy dropped",
      table: "notes",
      control,
      statement: "drop policy",
      seen,
    });
    const finding = { table: "notes", says: "not refused", remedy: "" };
    const mutants = [
      ...Array.from({ length: 1999 }, (_, index) => mutant(String(index), finding)),
      mutant("last", undefined),
    ];
    const text = Isolation.report([], {
      mutants,
      survivors: [],
      counted: new Map([["a policy dropped", 2000]]),
      findings: [],
    });
    assert.match(text, /All +2000 +1999 +99\.9 %/);
    assert.match(text, /Counted by countingQuery +2000/);
    assert.isAtMost(Math.max(...text.split("\n").map((line) => line.length)), 80);
  });
});
