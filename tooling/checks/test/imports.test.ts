import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { check, type Tree } from "../imports.ts";

const domain = "packages/shared/domain";
const sharedTables = "packages/shared/tables";
const iamDomain = "packages/iam/domain";
const tables = "packages/iam/tables";
const admin = "packages/_internal/db-admin";
const server = "packages/iam/server";
const cli = "packages/iam/cli";
const testing = "tooling/testing";

const manifest = (name: string, dependencies: ReadonlyArray<string>, more: object = {}) =>
  JSON.stringify(
    {
      name,
      exports: {
        ".": { "@beep/source": "./src/index.ts" },
        "./db/Db": { "@beep/source": "./src/db/Db.ts" },
        "./entities/*": { "@beep/source": "./src/entities/*.ts" },
      },
      dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, "workspace:*"])),
      ...more,
    },
    null,
    2,
  );

/** A house in order; each test disturbs one thing. */
const house: Record<string, string> = {
  "package.json": JSON.stringify({ name: "@beep/iam", devDependencies: { "@beep/testing": "workspace:*" } }),
  "drizzle.config.ts": `import { table } from "./${tables}/src/index.ts";\n`,
  [`${domain}/package.json`]: manifest("@beep/shared-domain", ["effect"]),
  [`${domain}/src/index.ts`]: `import { Schema } from "effect";\nexport * from "./entities/User.ts";\n`,
  [`${domain}/src/entities/User.ts`]: "export const id = 1;\n",
  [`${sharedTables}/package.json`]: manifest("@beep/shared-tables", ["@beep/shared-domain", "drizzle-orm"]),
  [`${sharedTables}/src/index.ts`]: `import "drizzle-orm";\nimport { id } from "@beep/shared-domain";\n`,
  [`${iamDomain}/package.json`]: manifest("@beep/iam-domain", ["@beep/shared-domain"]),
  [`${iamDomain}/src/index.ts`]: `import { id } from "@beep/shared-domain/entities/User";\n`,
  [`${tables}/package.json`]: manifest("@beep/iam-tables", ["@beep/shared-tables", "@beep/iam-domain"]),
  [`${tables}/src/index.ts`]: `import "@beep/shared-tables";\nimport type { id } from "@beep/iam-domain";\n`,
  [`${admin}/package.json`]: manifest("@beep/db-admin", ["@beep/iam-tables"]),
  [`${admin}/src/index.ts`]: `import { readFileSync } from "node:fs";\nexport * from "@beep/iam-tables";\n`,
  [`${server}/package.json`]: manifest("@beep/iam-server", ["@beep/db-admin", "@beep/shared-domain"]),
  [`${server}/src/index.ts`]: `export * from "./Iam.ts";\n`,
  [`${server}/src/Iam.ts`]: `import "./db/Db.ts";\nimport "./api/index.ts";\n`,
  [`${server}/src/db/Db.ts`]: `import "@beep/shared-domain";\nimport "@beep/db-admin";\n`,
  [`${server}/src/audit/Audit.ts`]: `import "../db/Db.ts";\n`,
  [`${server}/src/api/index.ts`]: `import "../audit/Audit.ts";\nimport "../db/Db.ts";\n`,
  [`${server}/test/audit.test.ts`]: `import "@beep/testing";\nimport "../src/Iam.ts";\nimport "@beep/iam-server/db/Db";\n`,
  [`${cli}/package.json`]: manifest("@beep/iam-cli", ["@beep/iam-server"]),
  [`${cli}/src/index.ts`]: `export const run = () => import("@beep/iam-server");\n`,
  [`${testing}/package.json`]: manifest("@beep/testing", ["@beep/iam-server"]),
  [`${testing}/src/index.ts`]: `import "@beep/iam-server";\nimport "../../../${domain}/src/index.ts";\n`,
};

const tree = (changes: Record<string, string> = {}): Tree => new Map(Object.entries({ ...house, ...changes }));

const violations = (changes: Record<string, string>) =>
  check(tree(changes)).violations.map(({ file, line, message }) => `${file}:${line}: ${message}`);

describe("a house in order", () => {
  it("has no violations", () => {
    expect(check(tree()).violations).toEqual([]);
  });

  it("has a picture with the number of imports, from below to above", () => {
    expect(check(tree()).picture.split("\n")).toEqual([
      "Packages, with the number of imports:",
      "  @beep/shared-tables      -> @beep/shared-domain 1",
      "  @beep/iam-domain         -> @beep/shared-domain 1",
      "  @beep/iam-tables         -> @beep/shared-tables 1, @beep/iam-domain 1",
      "  @beep/db-admin           -> @beep/iam-tables 1",
      "  @beep/iam-server         -> @beep/shared-domain 1, @beep/db-admin 1",
      "  @beep/iam-server (tests) -> @beep/testing 1",
      "  @beep/iam-cli            -> @beep/iam-server 1",
      "  @beep/testing            -> @beep/shared-domain 1, @beep/iam-server 1",
      "  root                     -> @beep/iam-tables 1",
      "",
      "Rooms of @beep/iam-server:",
      "  audit -> db 1",
      "  api   -> db 1, audit 1",
      "  (top) -> db 1, api 1",
    ]);
  });
});

describe("packages", () => {
  it.each([
    ["static", 'import { a } from "@beep/iam-tables";'],
    ["of types only", 'import type { a } from "@beep/iam-tables";'],
    ["of a namespace", 'import * as a from "@beep/iam-tables";'],
    ["re-exporting", 'export { a } from "@beep/iam-tables";'],
    ["re-exporting all", 'export * from "@beep/iam-tables";'],
    ["for its effect", 'import "@beep/iam-tables";'],
    ["dynamic", 'const a = await import("@beep/iam-tables");'],
    ["in a type", 'type A = import("@beep/iam-tables").A;'],
    ["of several lines", 'import {\n  a,\n} from "@beep/iam-tables";'],
  ])("may not import upwards: %s", (_, code) => {
    const line = code.split("\n").length + 1;
    expect(violations({ [`${sharedTables}/src/a.ts`]: `// a comment\n${code}\n` })).toEqual([
      `${sharedTables}/src/a.ts:${line}: @beep/shared-tables may not import @beep/iam-tables: it is not below it`,
    ]);
  });

  it("may not import sideways", () => {
    expect(violations({ [`${iamDomain}/src/index.ts`]: 'import "@beep/shared-tables";\n' })).toEqual([
      `${iamDomain}/src/index.ts:1: @beep/iam-domain may not import @beep/shared-tables: it is not below it`,
    ]);
  });

  it("may not import upwards in tests either", () => {
    expect(violations({ [`${domain}/test/a.test.ts`]: 'import "@beep/iam-domain";\n' })).toEqual([
      `${domain}/test/a.test.ts:1: @beep/shared-domain may not import @beep/iam-domain: it is not below it`,
    ]);
  });

  it("may not reach into each other by path", () => {
    expect(violations({ [`${tables}/src/a.ts`]: 'import "../../domain/src/index.ts";\n' })).toEqual([
      `${tables}/src/a.ts:1: ../../domain/src/index.ts reaches into another package: import @beep/iam-domain by its name`,
    ]);
  });

  it("may not reach upwards by path", () => {
    expect(violations({ [`${iamDomain}/src/a.ts`]: 'import "../../tables/src/index.ts";\n' })).toContain(
      `${iamDomain}/src/a.ts:1: @beep/iam-domain may not import @beep/iam-tables: it is not below it`,
    );
  });

  it("may not import what is outside every package", () => {
    expect(violations({ [`${tables}/src/a.ts`]: 'import "../../../../drizzle.config.ts";\n' })).toContain(
      `${tables}/src/a.ts:1: ../../../../drizzle.config.ts leads out of the package @beep/iam-tables`,
    );
  });

  it("may not import themselves by name", () => {
    expect(violations({ [`${server}/src/oauth/a.ts`]: 'import "@beep/iam-server/db/Db";\n' })).toEqual([
      `${server}/src/oauth/a.ts:1: @beep/iam-server imports itself by its name: use a relative path`,
    ]);
  });

  it("may import entrances only", () => {
    expect(violations({ [`${cli}/src/a.ts`]: 'import "@beep/iam-server/audit/Audit";\n' })).toEqual([
      `${cli}/src/a.ts:1: @beep/iam-server/audit/Audit is no entrance: the exports of @beep/iam-server do not have it`,
    ]);
  });

  it("may not import a package that does not exist", () => {
    expect(violations({ [`${cli}/src/a.ts`]: 'import "@beep/nothing/a";\n' })).toEqual([
      `${cli}/src/a.ts:1: there is no package @beep/nothing`,
    ]);
  });

  it("must be in the list", () => {
    expect(violations({ "packages/iam/extra/package.json": manifest("@beep/iam-extra", []) })).toEqual([
      "packages/iam/extra/package.json:2: @beep/iam-extra is not in the house's list",
    ]);
  });
});

describe("package.json", () => {
  it("may not depend on what is above", () => {
    const changed = manifest("@beep/shared-tables", ["@beep/shared-domain", "drizzle-orm", "@beep/db-admin"]);
    expect(violations({ [`${sharedTables}/package.json`]: changed })).toEqual([
      `${sharedTables}/package.json:17: @beep/shared-tables may not depend on @beep/db-admin (dependencies): it is not below it`,
    ]);
  });

  it("may depend on tooling for its tests only", () => {
    const development = { devDependencies: { "@beep/testing": "workspace:*" } };
    expect(
      violations({ [`${iamDomain}/package.json`]: manifest("@beep/iam-domain", ["@beep/shared-domain"], development) }),
    ).toEqual([]);
    expect(
      violations({
        [`${iamDomain}/package.json`]: manifest("@beep/iam-domain", ["@beep/shared-domain", "@beep/testing"]),
      }),
    ).toEqual([
      `${iamDomain}/package.json:16: @beep/iam-domain may not depend on @beep/testing (dependencies): it is not below it`,
    ]);
  });

  it("lists what is imported", () => {
    expect(violations({ [`${cli}/src/a.ts`]: '\nimport "@beep/iam-domain";\n' })).toEqual([
      `${cli}/src/a.ts:2: ${cli}/package.json does not list @beep/iam-domain among its dependencies`,
    ]);
  });

  it("of a package for browsers lists neither drizzle nor a driver", () => {
    expect(violations({ [`${domain}/package.json`]: manifest("@beep/shared-domain", ["drizzle-orm"]) })).toEqual([
      `${domain}/package.json:15: @beep/shared-domain is for browsers too and may not depend on drizzle-orm`,
    ]);
  });
});

describe("the packages for browsers", () => {
  it.each(["node:crypto", "crypto", "fs/promises", "drizzle-orm", "drizzle-orm/pg-core", "@effect/platform-node"])(
    "may not import %s",
    (specifier) => {
      for (const [directory, name] of [
        [domain, "@beep/shared-domain"],
        [iamDomain, "@beep/iam-domain"],
      ]) {
        expect(violations({ [`${directory}/src/a.ts`]: `import "${specifier}";\n` })).toEqual([
          `${directory}/src/a.ts:1: ${name} is for browsers too and may not import ${specifier}`,
        ]);
      }
    },
  );

  it("may import anything in their tests", () => {
    expect(violations({ [`${domain}/test/a.test.ts`]: 'import "node:crypto";\n' })).toEqual([]);
  });
});

describe("tooling", () => {
  it("is imported by tests only", () => {
    expect(violations({ [`${server}/src/db/a.ts`]: 'import "@beep/testing";\n' })).toEqual([
      `${server}/src/db/a.ts:1: only tests import tooling: @beep/iam-server may not import @beep/testing`,
    ]);
  });

  it("may import anything", () => {
    expect(violations({ [`${testing}/src/a.ts`]: 'import "@beep/iam-cli";\nimport "@beep/db-admin";\n' })).toEqual([]);
  });
});

describe("tests", () => {
  it("are imported by tests only", () => {
    expect(
      violations({ [`${domain}/src/a.ts`]: 'import "../test/b.ts";\n', [`${domain}/test/b.ts`]: "export {};\n" }),
    ).toEqual([`${domain}/src/a.ts:1: ../test/b.ts is a test: only tests import tests`]);
  });
});

describe("rooms", () => {
  it("may not import later ones", () => {
    expect(violations({ [`${server}/src/crypto/a.ts`]: '/* a\n b */ import "../audit/Audit.ts";\n' })).toEqual([
      `${server}/src/crypto/a.ts:2: the room crypto may not import the room audit: it comes later`,
    ]);
  });

  it("may not import what is outside the rooms", () => {
    expect(violations({ [`${server}/src/sessions/a.ts`]: 'import "../index.ts";\n' })).toEqual([
      `${server}/src/sessions/a.ts:1: the room sessions may not import ../index.ts: what is outside the rooms is above them`,
    ]);
  });

  it("must be in the list", () => {
    expect(violations({ [`${server}/src/attic/a.ts`]: "export {};\n", [`${server}/src/attic/b.ts`]: "" })).toEqual([
      `${server}/src/attic/a.ts:1: attic is no room of @beep/iam-server`,
    ]);
  });
});

describe("circles", () => {
  it("are found among files, types included", () => {
    expect(
      violations({
        [`${domain}/src/a.ts`]: 'import "./entities/User.ts";\nimport type { B } from "./b.ts";\n',
        [`${domain}/src/b.ts`]: 'export * from "./c.ts";\n',
        [`${domain}/src/c.ts`]: 'import "./a.ts";\n',
      }),
    ).toEqual([
      `${domain}/src/a.ts:2: imports in a circle: ${domain}/src/a.ts -> ${domain}/src/b.ts -> ${domain}/src/c.ts -> ${domain}/src/a.ts`,
    ]);
  });

  it("of one file are found", () => {
    expect(violations({ [`${domain}/src/a.ts`]: 'import "./a.ts";\n' })).toEqual([
      `${domain}/src/a.ts:1: imports in a circle: ${domain}/src/a.ts -> ${domain}/src/a.ts`,
    ]);
  });

  it("through the entrance of a package are found", () => {
    expect(
      violations({
        [`${testing}/src/index.ts`]: 'import "@beep/bench";\n',
        "tooling/bench/package.json": manifest("@beep/bench", ["@beep/testing"]),
        "tooling/bench/src/index.ts": 'import "@beep/testing";\n',
      }),
    ).toEqual([
      "tooling/bench/src/index.ts:1: imports in a circle: tooling/bench/src/index.ts -> tooling/testing/src/index.ts -> tooling/bench/src/index.ts",
    ]);
  });
});

describe("the command", () => {
  const run = (changes: Record<string, string>) => {
    const root = mkdtempSync(join(tmpdir(), "imports-"));
    try {
      for (const [path, text] of tree(changes)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      return spawnSync(process.execPath, [fileURLToPath(new URL("../imports.ts", import.meta.url)), root], {
        encoding: "utf8",
      });
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  it("prints the picture and succeeds", () => {
    const { status, stdout } = run({ [`${domain}/node_modules/a/index.ts`]: 'import "@beep/iam-server";\n' });
    expect(stdout.trimEnd()).toBe(check(tree()).picture);
    expect(status).toBe(0);
  });

  it("names file and line of each violation and fails", () => {
    const { status, stdout } = run({ [`${domain}/src/a.ts`]: '\nimport "node:fs";\nimport "@beep/iam-cli";\n' });
    expect(stdout).toContain(
      `${domain}/src/a.ts:2: @beep/shared-domain is for browsers too and may not import node:fs\n`,
    );
    expect(stdout).toContain(
      `${domain}/src/a.ts:3: @beep/shared-domain may not import @beep/iam-cli: it is not below it\n`,
    );
    expect(stdout).toContain("2 violations");
    expect(status).toBe(1);
  });
});
