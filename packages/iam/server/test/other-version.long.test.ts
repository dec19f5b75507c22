/** A data directory that another major version of PostgreSQL made. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IamDb } from "@beep/iam-server";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as embedded from "../src/db/embedded.ts";

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-version-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

/** Every file with its content, and when it was written. */
const treeOf = (path: string) =>
  Effect.promise(async () => {
    const names = (await readdir(path, { recursive: true })).sort();
    return Promise.all(
      names.map(async (name) => {
        const { mode, mtimeMs, size } = await stat(join(path, name));
        return { name, mode, mtimeMs, size };
      }),
    );
  });

const open = (dataDir: string) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(Layer.fresh(IamDb.layerEmbedded({ dataDir }))), (services) =>
      Effect.provide(
        Effect.flatMap(PgClient, (client) => client`show server_version_num`),
        services,
      ),
    ),
  );

it.effect(
  "ALN-5: a data directory of another major version is refused with the remedy, and unchanged",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* directory;
      const [{ server_version_num: version } = { server_version_num: "" }] = yield* open(dataDir);
      const file = join(embedded.filesIn(dataDir), "PG_VERSION");
      assert.strictEqual((yield* Effect.promise(() => readFile(file, "utf8"))).trim(), embedded.MAJOR);
      assert.strictEqual(String(version).slice(0, 2), embedded.MAJOR);

      yield* Effect.promise(() => writeFile(file, "17\n"));
      const before = yield* treeOf(dataDir);
      const error = yield* Effect.flip(open(dataDir));
      assert.deepInclude(error, {
        code: "DATA_DIRECTORY_OTHER_VERSION",
        message: `The database in ${dataDir} was made by PostgreSQL 17, and this version reads those of ${embedded.MAJOR}.`,
      });
      assert.include(error.message + ("remedy" in error ? error.remedy : ""), "IAM_DATA_DIR");
      assert.deepStrictEqual(yield* treeOf(dataDir), before);

      yield* Effect.promise(() => writeFile(file, `${embedded.MAJOR}\n`));
      assert.lengthOf(yield* open(dataDir), 1);
    }),
  60_000,
);
