// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are sources that are read, not templates
import { describe, expect, it } from "vitest";
import { codeOf, importsOf, linesOf, tokenize } from "../source.ts";

const specifiers = (source: string) => importsOf(source).map(({ specifier }) => specifier);

describe("imports", () => {
  it.each([
    ['import a from "x"', ["x"]],
    ["import a, { b as c, type D } from 'x'", ["x"]],
    ['import type A from "x"', ["x"]],
    ['import { from } from "x"', ["x"]],
    ['import from from "x"', ["x"]],
    ['import data from "x" with { type: "json" }', ["x"]],
    ['import "x"; import "y"', ["x", "y"]],
    ['export * as ns from "x"', ["x"]],
    ['export type { A } from "x"', ["x"]],
    ['export type * from "x"', ["x"]],
    ['export { a }\nimport b from "x"', ["x"]],
    ['export type A = 1\nimport b from "x"', ["x"]],
    ['const a = require("x")', ["x"]],
    ["await import(`x`)", ["x"]],
    ['let a: typeof import("x")', ["x"]],
    // What is substituted in a template is code again.
    ['`a ${await import("x")} import("y")`', ["x"]],
  ])("are found in %s", (source, expected) => {
    expect(specifiers(source)).toEqual(expected);
  });

  it.each([
    '// import "x"',
    '/* import "x" */',
    `const a = 'import "x"'`,
    '`import "x"`',
    'const a = /import "x"/',
    'a.import("x")',
    "import.meta.url",
    "({ import: 1, from: 2 })",
    "import(name)",
    "export const from = 'x'",
    "export { a }; 'x'",
  ])("are not found in %s", (source) => {
    expect(specifiers(source)).toEqual([]);
  });

  it("know their line", () => {
    expect(importsOf('#!/usr/bin/env node\n\nimport {\n  a,\n} from "x";\n`\n`;\nimport "y";')).toEqual([
      { specifier: "x", line: 5 },
      { specifier: "y", line: 8 },
    ]);
  });
});

describe("tokens", () => {
  it("tell division from regular expressions", () => {
    expect(tokenize("a / b / c").some(({ kind }) => kind === "regex")).toBe(false);
    expect(tokenize("f(x) / 2 / y").some(({ kind }) => kind === "regex")).toBe(false);
    expect(tokenize("return /[/'\"]/g").at(-1)).toMatchObject({ kind: "regex", text: "/[/'\"]/g" });
    expect(tokenize("x = /a\\/b/").at(-1)).toMatchObject({ kind: "regex", text: "/a\\/b/" });
  });

  it("end an unclosed string at its line", () => {
    expect(specifiers('const a = "b\nimport "x"')).toEqual(["x"]);
  });

  it("end where the source ends", () => {
    for (const source of ["`a", "/* a", '"a', '"a\\', "`${", "/", "'", "#!"]) {
      expect(tokenize(source).at(-1)?.end).toBeLessThanOrEqual(source.length);
    }
  });
});

describe("code", () => {
  it("keeps offsets and lines and has no comments and no strings", () => {
    const source = 'a("b") // c\n/* d\n e */ f(`g\n${h} i`)';
    expect(codeOf(source, tokenize(source))).toBe("a(   )     \n    \n      f(  \n  h    )");
  });
});

describe("lines", () => {
  it("are counted from 1", () => {
    const line = linesOf("a\nb\n\nc");
    expect([0, 1, 2, 3, 4, 5].map(line)).toEqual([1, 1, 2, 2, 3, 4]);
  });
});
