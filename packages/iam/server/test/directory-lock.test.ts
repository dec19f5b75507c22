import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as DirectoryLock from "../src/db/DirectoryLock.ts";

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-lock-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

/** The id of a process that has just ended. */
const endedPid = Effect.promise(async () => {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
});

describe("the lock of a data directory", () => {
  it.effect("is refused while a running process holds it, and names that process", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      yield* Effect.addFinalizer(() => Effect.sync(() => other.kill("SIGKILL")));
      yield* Effect.promise(() => writeFile(join(path, "lock"), String(other.pid)));
      const error = yield* Effect.flip(Effect.scoped(DirectoryLock.take(path)));
      assert.strictEqual(error.code, "DATA_DIRECTORY_IN_USE");
      assert.include(error.message, String(other.pid));
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), ["lock"]);
    }),
  );

  it.effect("is refused to this very process, which goes on holding it", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* DirectoryLock.take(path);
          const error = yield* Effect.flip(Effect.scoped(DirectoryLock.take(`${path}/.`)));
          assert.strictEqual(error.code, "DATA_DIRECTORY_IN_USE");
          assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), ["lock"]);
        }),
      );
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), []);
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(Effect.scoped(DirectoryLock.take(path)))));
    }),
  );

  it.effect("is taken over from a process that is gone, and released with the scope", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const pid = yield* endedPid;
      yield* Effect.promise(() => writeFile(join(path, "lock"), String(pid)));
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(Effect.scoped(DirectoryLock.take(path)))));
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), []);
    }),
  );

  it.effect("is unusable where nothing can be written", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      yield* Effect.promise(() => writeFile(join(path, "file"), ""));
      const error = yield* Effect.flip(Effect.scoped(DirectoryLock.take(join(path, "file", "data"))));
      assert.strictEqual(error.code, "DATA_DIRECTORY_UNUSABLE");
    }),
  );
});
