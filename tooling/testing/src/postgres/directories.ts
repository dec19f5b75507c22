/** Where a server keeps its files, and that they do not stay. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { attempt } from "./attempt.ts";
import type { Account } from "./command.ts";
import type { PostgresUnavailable } from "./PostgresUnavailable.ts";
import * as Watchdog from "./watchdog.ts";

/** The directories of one server. */
export interface Directories {
  /** For what a server needs around its data. */
  readonly home: string;
  /** The data directory, empty. */
  readonly data: string;
}

/** Linux's file system in memory, where a database is copied in a fifth of the time. */
const memory = "/dev/shm";

/** What a run of all tests takes there at most, several times over. A container's usual 64 MB are far from it. */
const enough = 2 * 1024 ** 3;

const hasMemory: Effect.Effect<boolean> = Effect.match(
  Effect.tryPromise(() => fs.statfs(memory)),
  { onFailure: () => false, onSuccess: ({ bavail, bsize }) => bavail * bsize >= enough },
);

const create = (parent: string, owner: Account | undefined) =>
  attempt("A temporary directory cannot be made", async () => {
    const directory = await fs.mkdtemp(path.join(parent, "beep-postgres-"));
    if (owner !== undefined) await fs.chown(directory, owner.uid, owner.gid);
    return directory;
  });

/**
 * Makes the directories, which are removed with the scope, and also when this process is killed.
 *
 * @param owner to whom they belong, if not to this process's user
 * @param volatile whether the data may be in memory
 */
export const make = (
  owner: Account | undefined,
  volatile: boolean,
): Effect.Effect<Directories, PostgresUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const home = yield* create(os.tmpdir(), owner);
      const data = yield* create(volatile && (yield* hasMemory) ? memory : home, owner);
      return { home, data, dismiss: yield* Watchdog.start({ home, data }, { account: owner, cwd: os.tmpdir() }) };
    }),
    ({ data, dismiss, home }) =>
      Effect.promise(() =>
        Promise.all([data, home].map((directory) => fs.rm(directory, { recursive: true, force: true }))),
      ).pipe(Effect.andThen(dismiss)),
  );
