import { globSync, readFileSync } from "node:fs";
import { AuthErrorCode, betterAuthCodes, ErrorCatalogue, Errors } from "@beep/iam-domain";
import { errorFamilies } from "@beep/iam-server";
import { assert, describe, it } from "vitest";
import { pages } from "../../src/pages.ts";
import { table } from "../../src/table.ts";

const root = new URL("../../../../", import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const sources = globSync("packages/*/*/src/**/*.ts", { cwd: root }).map(read);

/** What a pattern's groups find in the sources of the packages. */
const inSources = (pattern: RegExp): ReadonlyArray<string> => [
  ...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? ""))),
];

/** What the first column of a page's tables has. */
const entriesOf = (path: string): ReadonlyArray<string> =>
  [...(pages[path] ?? "").matchAll(/^\| `([A-Za-z_]+)` \|/gm)].map(([, entry = ""]) => entry);

describe("CFG-2: the pages", () => {
  it.each(Object.keys(pages))("%s is what `pnpm pages` writes", (path) => {
    assert.strictEqual(read(path), pages[path]);
  });

  it("have every key of the configuration once", () => {
    const keys = [
      ...inSources(/Setting\.\w+\(\s*"([A-Z_]+)"/g),
      // However it is read.
      ...inSources(/"(IAM_[A-Z_]+)"/g),
    ];
    assert.include(keys, "IAM_BASE_URL");
    const entries = entriesOf("docs/configuration.md");
    assert.sameMembers([...new Set(keys)], [...entries]);
  });

  it("have every code of an error", () => {
    const codes = [
      ...Errors.StartupCode.literals,
      ...AuthErrorCode.literals,
      // Where it is stated, and where it is handed to something that makes an error of it.
      ...inSources(/\bcode:\s*(?:Schema\.tag\(\s*)?"([A-Z_]+)"|\w\(\[?\s*"([A-Z]+(?:_[A-Z]+)+)"/g),
    ];
    for (const code of ["STALE_VERSION", "DATABASE_UNAVAILABLE", "INVALID_ID"]) assert.include(codes, code);
    const entries = new Set(Object.keys(pages).flatMap(entriesOf));
    assert.deepStrictEqual(
      codes.filter((code) => !entries.has(code)),
      [],
    );
  });

  it("have a status for each code of an `AuthError` that the sources state", () => {
    const stated = new Set(inSources(/\bcode:\s*"([A-Z_]+)"/g));
    assert.include([...stated], "SESSION_EXPIRED");
    const answers = Object.entries(ErrorCatalogue.authentication).filter(([code]) => stated.has(code));
    assert.deepStrictEqual(
      answers.filter(([, { statuses }]) => statuses.length === 0),
      [],
    );
  });

  it("explain each code of an `AuthError` once, and each in a line", () => {
    const codes = ErrorCatalogue.families.flatMap((family) => Object.keys(family.codes));
    assert.deepStrictEqual(
      codes.filter((code, index) => codes.indexOf(code) !== index),
      [],
    );
    assert.containsAllKeys(ErrorCatalogue.authentication, [...betterAuthCodes]);
    for (const { codes } of errorFamilies) {
      for (const [code, { cause, remedy, statuses }] of Object.entries(codes)) {
        for (const text of [cause, remedy]) assert.match(text, /^[A-Z`].{5,118}\.$/, code);
        for (const status of statuses) assert.isAtLeast(status, 400, code);
      }
    }
  });

  it("keep a bar in a text from ending its cell", () => {
    assert.deepStrictEqual(table(["a"], [["b | c"]]), ["| a |", "|---|", "| b \\| c |"]);
  });
});
