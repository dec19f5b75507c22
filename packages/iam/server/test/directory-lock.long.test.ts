import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as DirectoryLock from "../src/db/DirectoryLock.ts";

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-lock-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

const program = `
  import * as Effect from "effect/Effect";
  import * as DirectoryLock from ${JSON.stringify(new URL("../src/db/DirectoryLock.ts", import.meta.url).href)};
  DirectoryLock.take(process.argv[1]).pipe(
    Effect.match({ onSuccess: () => "held", onFailure: ({ code }) => code }),
    Effect.tap((said) => Effect.sync(() => process.stdout.write(said))),
    Effect.andThen(Effect.never),
    Effect.scoped,
    Effect.runPromise,
  );
  setInterval(() => {}, 60_000);
`;

interface Other {
  readonly child: ChildProcess;
  /** `held`, or the code of the error. */
  readonly said: string;
}

const kill = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, "exit");
  if (child.kill("SIGKILL")) await ended;
};

/** Another process that takes the lock, and is gone with the scope. */
const other = (path: string) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<Other> => {
      const args = ["--conditions=@beep/source", "--input-type=module", "--eval", program, path];
      const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
      const [said] = await once(child.stdout, "data");
      return { child, said: String(said) };
    }),
    ({ child }) => Effect.promise(() => kill(child)),
  );

const taking = (path: string) => Effect.scoped(DirectoryLock.take(path));

describe("OPS-1: the lock of a data directory", () => {
  it.effect("is refused while another process holds it, names that process, and is taken over when it is killed", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const { child, said } = yield* other(path);
      assert.strictEqual(said, "held");
      const error = yield* Effect.flip(taking(path));
      assert.strictEqual(error.code, "DATA_DIRECTORY_IN_USE");
      assert.include(error.message, `process ${child.pid}.`);
      assert.include(error.remedy, "IAM_DATA_DIR");

      // In two containers that share a volume, two processes may have one id.
      yield* Effect.promise(() => writeFile(join(path, "pid"), String(process.pid)));
      assert.strictEqual((yield* Effect.flip(taking(path))).code, "DATA_DIRECTORY_IN_USE");
      yield* Effect.promise(() => rm(join(path, "pid")));
      assert.include((yield* Effect.flip(taking(path))).message, "another process");

      yield* Effect.promise(() => kill(child));
      yield* taking(path);
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), ["lock.db"]);
    }),
  );

  it.effect("is had by one of several that come at once", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      const others = yield* Effect.all(
        Array.from({ length: 4 }, () => other(path)),
        { concurrency: "unbounded" },
      );
      assert.deepStrictEqual(others.map(({ said }) => said).toSorted(), [
        ...Array.from({ length: 3 }, () => "DATA_DIRECTORY_IN_USE"),
        "held",
      ]);
    }),
  );

  it.effect("is refused to this very process, which goes on holding it until the scope closes", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "data");
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* DirectoryLock.take(path);
          assert.strictEqual((yield* Effect.promise(() => stat(path))).mode & 0o777, 0o700);
          const error = yield* Effect.flip(taking(`${path}/.`));
          assert.strictEqual(error.code, "DATA_DIRECTORY_IN_USE");
          assert.strictEqual((yield* Effect.scoped(other(path))).said, "DATA_DIRECTORY_IN_USE");
          assert.deepStrictEqual((yield* Effect.promise(() => readdir(path))).toSorted(), ["lock.db", "pid"]);
        }),
      );
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(path)), ["lock.db"]);
      assert.strictEqual((yield* other(path)).said, "held");
    }),
  );

  it.effect("is unusable where nothing can be written", () =>
    Effect.gen(function* () {
      const path = yield* directory;
      yield* Effect.promise(() => writeFile(join(path, "file"), ""));
      const error = yield* Effect.flip(taking(join(path, "file", "data")));
      assert.strictEqual(error.code, "DATA_DIRECTORY_UNUSABLE");
    }),
  );
});
