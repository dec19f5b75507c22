/** The embedded database as each test file begins with it: migrating once and loading is faster than migrating each time. */
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Errors } from "@beep/iam-domain";
import { IamDb } from "@beep/iam-server";
import { PGlite } from "@electric-sql/pglite";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(join(tmpdir(), "iam-embedded-"))),
  (path) => Effect.promise(() => fs.rm(path, { recursive: true })),
);

/** Migrates an embedded database, and gives the file with its image, which goes with the scope. */
export const make: Effect.Effect<string, Errors.StartupError, Scope.Scope> = Effect.gen(function* () {
  const home = yield* directory;
  const dataDir = join(home, "data");
  yield* Effect.scoped(Layer.build(IamDb.layerEmbedded({ dataDir })));
  const file = join(home, "image.tar");
  yield* Effect.promise(async () => {
    const database = await PGlite.create(join(dataDir, "postgres"));
    const image = await database.dumpDataDir("none");
    await database.close();
    await fs.writeFile(file, image.stream());
  });
  return file;
});
