import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const guard = fileURLToPath(new URL("../node.mjs", import.meta.url));

const run = (version: string) =>
  spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`, guard],
    { encoding: "utf8" },
  );

it("lets the right Node pass", () => {
  expect(run("24.0.0")).toMatchObject({ status: 0, stderr: "", stdout: "" });
});

it("stops older ones with one line that names the remedy", () => {
  const { status, stderr } = run("20.20.2");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Node 24 .* 20\.20\.2.*`npx -y pnpm@\S+ install`[^\n]*\n$/);
});
