/**
 * Checks what every text file of the repository may not contain: paths of the machine that wrote it, package registries,
 * left-over markers, and escapes from the checks without a reason.
 *
 * What `.gitattributes` calls generated or vendored are others' words: in these only paths and registries are looked for.
 *
 *     node tooling/checks/text.ts [root]
 */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { codeOf, linesOf, type Token, tokenize } from "./source.ts";

export interface Finding {
  readonly line: number;
  readonly message: string;
}

const code = /\.[cm]?[jt]sx?$/;

/** Where they stand does not matter. */
const anywhere: ReadonlyArray<readonly [RegExp, string]> = [
  [/(?<![\w.-])\/(?:work|root)\//g, "an absolute path of one machine"],
  [
    /\bnpmjs\.(?:org|com)\b|\/\/registry\.[\w-]|\bregistry\.(?:yarnpkg|npmmirror)\.com\b|\bnpm\.pkg\.github\.com\b/g,
    "a package registry",
  ],
];

const markers: ReadonlyArray<readonly [RegExp, string]> = [
  [/\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g, "a left-over marker"],
];

/** In code, outside comments and strings. */
const inCode: ReadonlyArray<readonly [RegExp, string]> = [
  [/\.(?:only|skip)\s*\(/g, "a test that is singled out or skipped"],
  [/\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:only|skip)\b(?!\s*\()/g, "a test that is singled out or skipped"],
  [/\bas any\b/g, "a cast to any"],
];

const inComments = /@ts-(?:ignore|nocheck)\b/g;

/** A comment that turns a check off; the reason may be behind its colon. */
const directive = /biome-ignore[\w-]*(?:\s+[\w/]+)*\s*:?|@effect-diagnostics[\w-]*(?:\s+[\w*]+:\w+)*/;

/** Whether a text, without what is only for machines, is long enough to be a reason. */
const isReason = (comment: string): boolean => {
  const words = comment
    .replace(directive, " ")
    .replace(/@ts-expect-error/, " ")
    .match(/[\p{L}\p{N}'`-]*\p{L}[\p{L}\p{N}'`-]*/gu);
  return words !== null && words.length >= 3;
};

/** Finds what a file may not contain. */
export const findings = (path: string, text: string, othersWords = false): ReadonlyArray<Finding> => {
  const found: Array<Finding> = [];
  const line = linesOf(text);
  const search = (within: string, patterns: typeof anywhere, offset = 0) => {
    for (const [pattern, what] of patterns) {
      for (const match of within.matchAll(pattern)) {
        found.push({ line: line(offset + match.index), message: `${what}: ${match[0].trim()}` });
      }
    }
  };

  search(text, anywhere);
  if (!othersWords) search(text, markers);
  if (!othersWords && code.test(path)) {
    const tokens = tokenize(text);
    const comments = tokens.filter((token) => token.kind === "comment");
    const withoutRest = codeOf(text, tokens);
    search(withoutRest, inCode);

    /** A comment that gives a reason: on that line or on one of the three above it. */
    const explained = (at: number) =>
      comments.some((comment) => line(comment.start) <= at && line(comment.end) >= at - 3 && isReason(comment.text));
    const demand = (offset: number, what: string) => {
      if (!explained(line(offset)))
        found.push({ line: line(offset), message: `${what} without a comment that says why` });
    };

    for (const match of withoutRest.matchAll(/\bas\s+unknown\s+as\b/g)) demand(match.index, "`as unknown as`");
    for (const comment of comments) {
      search(comment.text, [[inComments, "an escape from the compiler"]], comment.start);
      if (directive.test(comment.text)) demand(comment.start, `\`${directiveName(comment)}\``);
    }
  }
  return found.sort((a, b) => a.line - b.line);
};

const directiveName = (comment: Token): string =>
  /(?:biome-ignore|@effect-diagnostics)[\w-]*/.exec(comment.text)?.[0] ?? "";

const git = (root: string, args: ReadonlyArray<string>, input = ""): ReadonlyArray<string> =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", input, maxBuffer: 1 << 28 })
    .split("\0")
    .slice(0, -1);

/** The files that are tracked or are about to be, each with whether it is generated or vendored. */
const files = (root: string): ReadonlyMap<string, boolean> => {
  const paths = git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const found = new Map([...new Set(paths)].map((path) => [path, false]));
  const attributes = git(
    root,
    ["check-attr", "--stdin", "-z", "linguist-generated", "linguist-vendored"],
    paths.map((path) => `${path}\0`).join(""),
  );
  for (let i = 0; i + 2 < attributes.length; i += 3) {
    if (attributes[i + 2] === "set" || attributes[i + 2] === "true") found.set(attributes[i] ?? "", true);
  }
  return found;
};

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? ".");
  let count = 0;
  let checked = 0;
  for (const [path, othersWords] of files(root)) {
    if (statSync(resolve(root, path), { throwIfNoEntry: false })?.isFile() !== true) continue;
    const bytes = readFileSync(resolve(root, path));
    if (bytes.subarray(0, 8192).includes(0)) continue;
    checked += 1;
    for (const { line, message } of findings(path, bytes.toString("utf8"), othersWords)) {
      process.stdout.write(`${path}:${line}: ${message}\n`);
      count += 1;
    }
  }
  process.stdout.write(`${checked} text files, ${count} findings\n`);
  if (count > 0) process.exitCode = 1;
}
