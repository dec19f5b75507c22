/** What this user may do with files. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";

/** Whether a folder can be written to, or made. */
export const isWritable = (folder: string): Effect.Effect<boolean> => Effect.promise(() => writable(resolve(folder)));

const writable = async (folder: string): Promise<boolean> => {
  try {
    if (!(await stat(folder)).isDirectory()) return false;
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const parent = dirname(folder);
    return Predicate.hasProperty(error, "code") && error.code === "ENOENT" && parent !== folder && writable(parent);
  }
};

/** Whether other users may read a file or a folder; not where there is none, nor where modes say nothing. */
export const isOpenToOthers = (path: string): Effect.Effect<boolean> =>
  Effect.promise(() =>
    stat(path).then(
      ({ mode }) => process.platform !== "win32" && (mode & 0o077) !== 0,
      () => false,
    ),
  );
