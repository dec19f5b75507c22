/** Migrating: what it makes, what it leaves alone, and what it refuses. */
import { execFile } from "node:child_process";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Redacted from "effect/Redacted";
import { Catalogue, Migrations } from "../src/index.ts";
import { expected } from "./catalogue/expected.ts";
import { onServer } from "./migrating.ts";
import { differencesBetween, temporaryFolder } from "./support.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

const run = promisify(execFile);

/** Runs a program with this Node, under the condition by which workspace packages are their sources. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    run(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: "--conditions=@beep/source" } }),
  );

onServer(18);

it.effect(
  "ALN-5: eight processes that start at once migrate once",
  () =>
    Effect.gen(function* () {
      const { adminUrl, name, ownerUrl } = yield* TestDatabase.make({ template: "empty" });
      const [admin, gate] = yield* Effect.all([connect(adminUrl), connect(adminUrl)]);
      // A schema of the same name that is about to be made stops whoever comes first inside its migration.
      yield* gate`begin`;
      yield* gate`create schema drizzle`;
      const processes = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 8 }),
          () => node(fileURLToPath(new URL("fixtures/migrate.ts", import.meta.url)), Redacted.value(ownerUrl)),
          { concurrency: "unbounded" },
        ),
      );
      yield* Effect.repeat(
        admin<{ event: string; sessions: number }>`
        select wait_event as event, count(*)::int as sessions from pg_stat_activity, pg_sleep(0.02)
        where datname = ${name} and wait_event_type = 'Lock' group by wait_event order by wait_event`,
        {
          until: ([waiting, migrating, ...others]) =>
            waiting?.event === "advisory" && waiting.sessions === 7 && migrating?.sessions === 1 && others.length === 0,
        },
      );
      yield* gate`rollback`;
      yield* Fiber.join(processes);

      const { ownerUrl: scratch } = yield* TestDatabase.make({ template: "empty" });
      const should = yield* expected(yield* connect(scratch), IamDbSchema, "iam_app");
      assert.deepStrictEqual(differencesBetween(should, yield* Catalogue.read(admin)), []);
      const migrations = yield* Effect.promise(() => readdir(Migrations.own.folder));
      assert.deepStrictEqual(
        (yield* admin`select name from drizzle.iam_migrations order by name`).map((row) => row.name),
        migrations.sort(),
      );
    }),
  // Eight processes, each of which loads everything, on two cores.
  60_000,
);

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
