/**
 * Applications outside this repository, from the packed packages: one as `docs/getting-started.md` has it, and one that
 * adds a table of its own; what a plain set-up of Better Auth takes to compile stands beside. Needs the npm registry.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { freePort, IamTest } from "@beep/testing";
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { publint } from "publint";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const fixtures = fileURLToPath(new URL("./fixtures/", import.meta.url));
const packages = [
  "shared/domain",
  "shared/tables",
  "iam/domain",
  "iam/tables",
  "_internal/db-admin",
  "iam/server",
  "iam/cli",
];

const run = promisify(execFile);

let folder = "";
/** The packed packages by name. */
const tarballs: Record<string, string> = {};

interface Manifest {
  readonly version?: string;
  readonly name?: string;
  readonly overrides?: Readonly<Record<string, string>>;
}

const manifestIn = async (path: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(path, "package.json"), "utf8"));

/** The version of a dependency that is installed here. */
const version = async (name: string, under = ""): Promise<string> =>
  (await manifestIn(join(root, under, "node_modules", name))).version ?? "";

/** So that the packed packages are those of one another, too. */
const packed = () => Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`]));

const tsc = (cwd: string) => run("node", ["node_modules/.bin/tsc", "-p", "."], { cwd });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "iam-outside-"));
  await mkdir(join(folder, "packed"));
  for (const path of packages) {
    const cwd = join(root, "packages", path);
    await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", join(folder, "packed")], { cwd });
    const { name = "" } = await manifestIn(cwd);
    tarballs[name] = `file:${join(folder, "packed", `${name.replace("@", "").replace("/", "-")}-0.0.0.tgz`)}`;
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the packed packages", () => {
  it("have what they say they have, for every way of importing them but CommonJS's", async () => {
    for (const [name, address] of Object.entries(tarballs)) {
      const tarball = new Uint8Array(await readFile(address.slice("file:".length)));
      const { messages } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
      assert.deepStrictEqual(messages, [], name);
      const analysis = await checkPackage(createPackageFromTarballData(tarball));
      assert.isOk(analysis.types, name);
      const problems = "problems" in analysis ? analysis.problems : [];
      const isOfModules = (problem: object) =>
        !("resolutionKind" in problem && /^node(10|16-cjs)$/.test(String(problem.resolutionKind)));
      assert.deepStrictEqual(problems.filter(isOfModules), [], name);
    }
  });
});

describe("the page for an empty directory", () => {
  let cwd = "";
  let server: ChildProcess | undefined;

  afterAll(() => server?.kill("SIGINT"));

  it("leads to a session and a guarded route", async () => {
    cwd = join(folder, "started");
    await mkdir(cwd);
    const port = await Effect.runPromise(freePort);
    const page = (await readFile(join(root, "docs/getting-started.md"), "utf8")).replaceAll(":3000", `:${port}`);
    const blocks = [...page.matchAll(/```(\w+)(?: (\S+))?\n(.*?)```/gs)].map(([, language, name, text = ""]) => ({
      language,
      name,
      text: text.replace("port: 3000", `port: ${port}`),
    }));
    const commands = blocks.filter(({ language }) => language === "sh").map(({ text }) => text);
    const files = blocks.filter(({ language }) => language === "ts");
    const [install = "", start = "", use = ""] = commands;

    const shell = (script: string, env: NodeJS.ProcessEnv = process.env) => run("sh", ["-ec", script], { cwd, env });
    const names = Object.keys(tarballs).filter((name) => name !== "@beep/iam-cli");
    const [init = "", set = "", ...rest] = install.trim().split("\n");
    await shell(`${init}\n${set}`);
    const manifest = await manifestIn(cwd);
    const overrides = { ...manifest.overrides, ...packed() };
    const dependencies = Object.fromEntries(names.map((name) => [name, tarballs[name]]));
    // What the registry will do: give the packages their own.
    await writeFile(join(cwd, "package.json"), JSON.stringify({ ...manifest, dependencies, overrides }));
    await shell(rest.join("\n").replace("@beep/iam-server", ""));
    for (const { name = "", text } of files) await writeFile(join(cwd, name), text);

    await shell(start.replace(/^node .*/m, ""));
    const env = { ...process.env, NODE_OPTIONS: "" };
    server = spawn(process.execPath, ["--env-file=.env", "main.ts"], { cwd, env, stdio: "inherit" });
    await answering(`http://localhost:${port}/health`);
    assert.strictEqual((await fetch(`http://localhost:${port}/hello`)).status, 401);
    const { stdout } = await shell(use);
    assert.match(stdout, /"Hello, Ann"$/);

    const lines = (texts: ReadonlyArray<string>) =>
      texts
        .join("\n")
        .split("\n")
        .filter((line) => line.trim() !== "").length;
    console.log(`From an empty directory: ${lines(commands)} commands, ${lines(files.map(({ text }) => text))} lines.`);
  });

  it("compiles in no more time than a plain set-up of Better Auth with the same plugins", async () => {
    const plain = join(folder, "plain");
    await cp(join(fixtures, "plain"), plain, { recursive: true });
    await cp(join(fixtures, "outside/tsconfig.json"), join(plain, "tsconfig.json"));
    await cp(join(fixtures, "outside/tsconfig.json"), join(cwd, "tsconfig.json"));
    const server = "packages/iam/server";
    const devDependencies = { "@types/node": await version("@types/node"), typescript: await version("typescript") };
    const { overrides } = await manifestIn(cwd);
    await writeFile(
      join(plain, "package.json"),
      JSON.stringify({
        type: "module",
        private: true,
        dependencies: {
          "@better-auth/api-key": await version("@better-auth/api-key", server),
          "@better-auth/drizzle-adapter": await version("@better-auth/drizzle-adapter", server),
          "@better-auth/oauth-provider": await version("@better-auth/oauth-provider", server),
          "@better-auth/passkey": await version("@better-auth/passkey", server),
          "@better-auth/scim": await version("@better-auth/scim", server),
          "@better-auth/sso": await version("@better-auth/sso", server),
          "better-auth": await version("better-auth", server),
          "drizzle-orm": await version("drizzle-orm"),
          pg: await version("pg"),
        },
        devDependencies: { ...devDependencies, "@types/pg": await version("@types/pg", "tooling/bench") },
        overrides: Object.fromEntries(Object.entries(overrides ?? {}).filter(([name]) => !name.startsWith("@beep/"))),
      }),
    );
    await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: plain });
    const add = Object.entries(devDependencies).map(([name, at]) => `${name}@${at}`);
    await run("npm", ["install", "--no-audit", "--no-fund", "--save-dev", ...add], { cwd });

    // Processor time, in turns, because what else the machine does makes the clock useless.
    const times = { plain: [] as Array<number>, ours: [] as Array<number> };
    for (let round = 0; round < 7; round++) {
      times.plain.push(await processorTime(plain));
      times.ours.push(await processorTime(cwd));
    }
    const [ours, theirs] = [median(times.ours), median(times.plain)];
    console.log(
      `tsc: ${ours.toFixed(2)} s, plain Better Auth ${theirs.toFixed(2)} s, ratio ${(ours / theirs).toFixed(2)}.`,
    );
  });
});

describe("an application with a table of its own", () => {
  let cwd = "";

  beforeAll(async () => {
    cwd = join(folder, "outside");
    await cp(join(fixtures, "outside"), cwd, { recursive: true });
    const { overrides } = await manifestIn(join(folder, "started"));
    await writeFile(
      join(cwd, "package.json"),
      JSON.stringify({
        type: "module",
        private: true,
        dependencies: tarballs,
        devDependencies: {
          "@types/node": await version("@types/node"),
          "drizzle-kit": await version("drizzle-kit"),
          pg: await version("pg"),
          typescript: await version("typescript"),
        },
        overrides: { ...overrides, ...packed() },
      }),
    );
    await run("npm", ["install", "--no-audit", "--no-fund"], { cwd });
  });

  it("ALN-5: generates its own table and none of ours", async () => {
    await run("node", ["node_modules/.bin/drizzle-kit", "generate"], { cwd });
    const [name = ""] = await readdir(join(cwd, "drizzle"));
    const sql = await readFile(join(cwd, "drizzle", name, "migration.sql"), "utf8");
    assert.deepStrictEqual(sql.match(/CREATE TABLE "\w+"/g), ['CREATE TABLE "app_notes"']);
  });

  it("compiles, with one copy of what there must be one copy of", async () => {
    await tsc(cwd);
    const single = ["@better-auth/core", "drizzle-orm", "effect"];
    const { stdout } = await run("npm", ["ls", "--all", "--parseable", ...single], { cwd });
    assert.lengthOf(new Set(stdout.trim().split("\n")), single.length);
  });

  it("TEN-1: migrates, keeps its table apart, signs in and guards its route", async () => {
    const { stdout } = await run("node", ["main.ts"], {
      cwd,
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        IAM_BASE_URL: "http://localhost:3000",
        IAM_SECRET: IamTest.secret,
        IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
      },
    });
    assert.deepStrictEqual(JSON.parse(stdout), {
      inside: ["ours"],
      elsewhere: { read: [], changed: [], deleted: [], inserted: "42501", moved: "IA002", referred: "23503" },
      outside: [],
      refused: 401,
      answered: 200,
      body: "ann@example.com",
    });
  });
});

const answering = async (url: string): Promise<void> => {
  for (let tries = 0; tries < 600; tries++) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing answers at ${url}.`);
};

/** What compiling costs a processor, in seconds. */
const processorTime = async (cwd: string): Promise<number> => {
  const { stderr } = await run("bash", ["-c", "TIMEFORMAT='%U %S'; time node_modules/.bin/tsc -p ."], { cwd });
  const [user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return user + system;
};

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
