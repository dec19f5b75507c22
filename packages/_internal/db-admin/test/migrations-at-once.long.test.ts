/** Many processes that migrate the same database at once. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, TestDatabase } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Redacted from "effect/Redacted";
import { Catalogue, Migrations } from "../src/index.ts";
import { expected } from "./catalogue/expected.ts";
import { differencesBetween } from "./support.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

const run = promisify(execFile);

/** Runs a program with this Node, under the condition by which workspace packages are their sources. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    run(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: "--conditions=@beep/source" } }),
  );

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
