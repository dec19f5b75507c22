/** One process at a time in a data directory: two would destroy the embedded database. */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Errors } from "@beep/iam-domain";
import * as Effect from "effect/Effect";

/** What this process holds: to the file it is one holder, to which two of its own would look alike. */
const held = new Set<string>();

/** Holds the directory, which is made when it is missing, until the scope closes. */
export const take = (directory: string) => {
  const path = resolve(directory);
  const file = join(path, "lock");
  return Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        // The database, its secret and the mail are nobody else's to read.
        await mkdir(directory, { recursive: true, mode: 0o700 });
        return claim(file);
      },
      catch: (cause) =>
        new Errors.StartupError({
          code: "DATA_DIRECTORY_UNUSABLE",
          message: `The data directory ${directory} cannot be written.`,
          remedy: "Let this user write there, or name another directory by IAM_DATA_DIR.",
          cause,
        }),
    }).pipe(
      Effect.flatMap((holder) => {
        if (holder === process.pid && !held.has(path)) return Effect.sync(() => held.add(path));
        return Effect.fail(
          new Errors.StartupError({
            code: "DATA_DIRECTORY_IN_USE",
            message: `The data directory ${directory} is in use by process ${holder}.`,
            remedy: `Stop that process, or name another directory by IAM_DATA_DIR; if it is another program, delete ${file}.`,
          }),
        );
      }),
    ),
    () =>
      Effect.promise(async () => {
        await rm(file, { force: true });
        held.delete(path);
      }),
  );
};

/** Writes this process into the lock file unless a running one stands there; gives the process that holds it. */
const claim = async (file: string): Promise<number> => {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return process.pid;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const holder = await read(file);
  if (isRunning(holder)) return holder;
  // A killed process left it behind. Of several that find it, one gets to move it away.
  const left = `${file}.${process.pid}`;
  try {
    await rename(file, left);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return claim(file);
  }
  const moved = await read(left);
  if (isRunning(moved)) {
    // Somebody was faster, and what was moved away is theirs.
    await rename(left, file);
    return moved;
  }
  await rm(left, { force: true });
  return claim(file);
};

const read = async (file: string): Promise<number> => {
  try {
    return Number(await readFile(file, "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
};

const isRunning = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as somebody else's.
    return hasCode(error, "EPERM");
  }
};

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
