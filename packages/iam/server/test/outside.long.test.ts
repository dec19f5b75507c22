/**
 * An application outside this repository, from the packed packages: it adds a table of its own, generates its migration,
 * composes the Layers, guards a route and runs. Needs the npm registry.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const fixture = fileURLToPath(new URL("./fixtures/outside/", import.meta.url));
const packages = ["shared/domain", "shared/tables", "iam/domain", "iam/tables", "_internal/db-admin", "iam/server"];

const run = promisify(execFile);

let folder = "";

const json = async (file: string): Promise<Record<string, Record<string, string>>> =>
  JSON.parse(await readFile(file, "utf8"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "iam-outside-"));
  await cp(fixture, folder, { recursive: true });
  const packed = join(folder, "packed");
  await mkdir(packed);
  const ours: Record<string, string> = {};
  for (const path of packages) {
    const cwd = join(root, "packages", path);
    await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", packed], { cwd });
    const { name } = JSON.parse(await readFile(join(cwd, "package.json"), "utf8"));
    ours[name] = `file:packed/${name.replace("@", "").replace("/", "-")}-0.0.0.tgz`;
  }
  const installed = async (path: string) => (await json(join(root, path, "package.json"))).version;
  const version = async (name: string, under = "packages/iam/cli") =>
    String(await installed(`${under}/node_modules/${name}`));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({
      name: "outside",
      type: "module",
      private: true,
      dependencies: {
        ...ours,
        "@effect/platform-node": await version("@effect/platform-node"),
        "drizzle-orm": await version("drizzle-orm", "."),
        effect: await version("effect"),
      },
      devDependencies: {
        "@types/node": await version("@types/node", "."),
        "drizzle-kit": await version("drizzle-kit", "."),
        pg: await version("pg", "."),
        typescript: await version("typescript", "."),
      },
      // The packed packages for one another too, and what the README says of Better Auth's helpers.
      overrides: {
        ...Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`])),
        "@better-auth/utils": "0.5.1",
        "@better-fetch/fetch": "1.3.3",
        "better-call": "1.4.5",
      },
    }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("an application from the packed packages", () => {
  it("ALN-5: generates its own table and none of ours", async () => {
    await run("node", ["node_modules/.bin/drizzle-kit", "generate"], { cwd: folder });
    const [name = ""] = await readdir(join(folder, "drizzle"));
    const sql = await readFile(join(folder, "drizzle", name, "migration.sql"), "utf8");
    assert.deepStrictEqual(sql.match(/CREATE TABLE "\w+"/g), ['CREATE TABLE "app_notes"']);
  });

  it("compiles, with one core of Better Auth and one effect", async () => {
    await run("node", ["node_modules/.bin/tsc", "-p", "."], { cwd: folder });
    const { stdout } = await run("npm", ["ls", "--all", "--parseable", "@better-auth/core", "effect"], { cwd: folder });
    assert.lengthOf(new Set(stdout.trim().split("\n")), 2);
  });

  it("TEN-1: migrates, keeps its table apart, signs in and guards its route", async () => {
    const { stdout } = await run("node", ["main.ts"], {
      cwd: folder,
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        IAM_BASE_URL: "http://localhost:3000",
        IAM_SECRET: "NkJ3ZzV4Rk5mSDRxT2tYd1pVbFRtRGhSc0FwUXlC",
      },
    });
    assert.deepStrictEqual(JSON.parse(stdout), {
      inside: ["ours"],
      elsewhere: [],
      outside: [],
      refused: 401,
      answered: 200,
      body: "ann@example.com",
    });
  });
});
