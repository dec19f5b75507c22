import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findings } from "../text.ts";

/** So that this file does not contain what it is about. */
const written = (...parts: ReadonlyArray<string>) => parts.join("");

const messages = (path: string, text: string) => findings(path, text).map(({ message }) => message);

describe("in every file", () => {
  it.each([
    written("see /wo", "rk/main/a.ts"),
    written("file:///ro", "ot/a"),
    written("https:/", "/registry.npm", "js.org/a"),
    written("https:/", "/registry.example.com/a"),
    written("TO", "DO: later"),
    written("# FIX", "ME"),
    written("XX", "X"),
    written("a HA", "CK"),
  ])("%s is found", (text) => {
    expect(findings("README.md", `a\n${text}\n`)).toMatchObject([{ line: 2 }]);
  });

  it.each([
    written("https://example.com/wo", "rk/a"),
    written("packages/wo", "rk/a"),
    "todo, Hackney, XXXL, mktemp XXXXXX",
    "as any other, see .only( and .skip(",
  ])("%s is not found", (text) => {
    expect(findings("README.md", text)).toEqual([]);
  });

  it("of others' words only paths and registries are found", () => {
    expect(findings("a.ts", written("// TO", "DO\nit.only(1);\n/wo", "rk/"), true)).toMatchObject([{ line: 3 }]);
  });
});

describe("in code", () => {
  it.each([
    "it.only('a', f)",
    "it.effect.skip('a', f)",
    "describe\n  .only(f)",
    "test.skip.each([1])('a', f)",
    "const a = b as any;",
    "(b as any).c",
    written("// @ts-", "ignore\na"),
    written("/* @ts-", "nocheck */"),
  ])("%s is found", (text) => {
    expect(messages("a.ts", text)).toHaveLength(1);
  });

  it.each([
    "// treat it as any other",
    "const a = 'b as any'",
    "const a = /it.only(b)/",
    "a.skipped(); a.onlyOnce()",
    written("// @ts-", "expect-error as it must not compile"),
  ])("%s is not found", (text) => {
    expect(messages("a.ts", text)).toEqual([]);
  });
});

describe("an escape", () => {
  const cast = "const a = b as unknown as C;";

  it.each([
    cast,
    `// a cast\n${cast}`,
    `// the driver gives this type\n\n\n\n${cast}`,
    `${cast}\n// the driver gives this type`,
    `// biome-ignore lint/style/useConst: <explanation>\n${cast.replace("as unknown as C", "")}`,
    written("// @effect-", "diagnostics-next-line floatingEffect:off\na"),
  ])("without a reason is found: %s", (text) => {
    expect(messages("a.ts", text)).toHaveLength(1);
  });

  it.each([
    `${cast} // the driver gives this type`,
    `// the driver gives this type\n\n\n${cast}`,
    `/**\n * the driver gives this type\n */\n${cast}`,
    "const a = b as // the driver gives this type\n  unknown as C;",
    "// biome-ignore lint/style/useConst: it is assigned below\nlet a;",
    written("// the caller waits for it\n// @effect-", "diagnostics-next-line floatingEffect:off\na"),
    "// the driver says `as unknown as`",
  ])("with a reason is not found: %s", (text) => {
    expect(messages("a.ts", text)).toEqual([]);
  });
});

describe("the command", () => {
  it("looks at what is tracked or will be, and leaves generated files to their makers", () => {
    const root = mkdtempSync(join(tmpdir(), "text-"));
    try {
      const files = {
        ".gitignore": "ignored/\n",
        ".gitattributes": "generated/** linguist-generated\n",
        "ignored/a.md": written("TO", "DO"),
        "generated/a.sql": written("-- TO", "DO\n-- /ro", "ot/\n"),
        "binary.bin": written("\0TO", "DO"),
        "tracked.ts": "\nit.only();\n",
        "new file.md": written("a\nTO", "DO\n"),
      };
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      execFileSync("git", ["init", "-q"], { cwd: root });
      execFileSync("git", ["add", "tracked.ts"], { cwd: root });
      const command = fileURLToPath(new URL("../text.ts", import.meta.url));
      const { status, stdout } = spawnSync(process.execPath, [command, root], { encoding: "utf8" });
      expect(stdout.split("\n").sort()).toEqual([
        "",
        "5 text files, 3 findings",
        written("generated/a.sql:2: an absolute path of one machine: /ro", "ot/"),
        written("new file.md:2: a left-over marker: TO", "DO"),
        "tracked.ts:2: a test that is singled out or skipped: .only(",
      ]);
      expect(status).toBe(1);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
