/** Migrating: what it makes, what it leaves alone, and what it refuses. */
import { execFile } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { Migrations } from "../src/index.ts";
import { onServer } from "./migrating.ts";
import { temporaryFolder } from "./support.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

const run = promisify(execFile);

/** Runs a program with this Node, under the condition by which workspace packages are their sources. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    run(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: "--conditions=@beep/source" } }),
  );

onServer(18);

describe("drizzle-kit generate", () => {
  /** Generates into a copy of the migrations, and gives the SQL of what it added. */
  const generate = Effect.fnUntraced(function* (edit: (snapshot: string) => string) {
    const folder = yield* temporaryFolder;
    const migrations = join(folder, "migrations");
    const config = join(folder, "drizzle.config.ts");
    const before = yield* Effect.promise(async () => {
      await cp(Migrations.own.folder, migrations, { recursive: true });
      await writeFile(
        config,
        `import config from ${JSON.stringify(join(root, "drizzle.config.ts"))};
         export default { ...config, out: ${JSON.stringify(migrations)} };`,
      );
      const names = (await readdir(migrations)).sort();
      const snapshot = join(migrations, names[0] ?? "", "snapshot.json");
      await writeFile(snapshot, edit(await readFile(snapshot, "utf8")));
      return names;
    });
    const { stdout } = yield* node(join(root, "node_modules/drizzle-kit/bin.cjs"), "generate", `--config=${config}`);
    return yield* Effect.promise(async () => {
      const added = (await readdir(migrations)).filter((name) => !before.includes(name));
      const sql = await Promise.all(added.map((name) => readFile(join(migrations, name, "migration.sql"), "utf8")));
      return { stdout, sql };
    });
  });

  it.effect("ALN-5: it finds nothing to do", () =>
    Effect.gen(function* () {
      const { sql, stdout } = yield* generate((snapshot) => snapshot);
      assert.deepStrictEqual(sql, []);
      assert.include(stdout, "No schema changes");
    }),
  );

  it.effect("ALN-5: it would find a column that no migration made", () =>
    Effect.gen(function* () {
      const { sql } = yield* generate((text) => {
        const snapshot: { ddl: Array<{ entityType: string; table?: string; name: string }> } = JSON.parse(text);
        const ddl = snapshot.ddl.filter(
          ({ entityType, name, table }) => !(entityType === "columns" && table === "iam_users" && name === "image"),
        );
        return JSON.stringify({ ...snapshot, ddl });
      });
      assert.deepStrictEqual(
        sql.map((text) => text.trim()),
        ['ALTER TABLE "iam_users" ADD COLUMN "image" text;'],
      );
    }),
  );
});
