/** One process at a time in a data directory: two would destroy the embedded database. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Errors } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import { Holder } from "./Holder.ts";

/** SQLite's result code for a lock that somebody else has. */
const SQLITE_BUSY = 5;

/** The locks of this process: what only a suspended fiber knew could be collected, and its lock would be gone. */
const held = new Set<DatabaseSync>();

/** Holds the directory, which is made when it is missing, until the scope closes. */
export const take = (directory: string) => {
  const path = resolve(directory);
  // Tells others who holds the lock; what it says decides nothing.
  const pidFile = join(path, "pid");
  const acquire = Effect.flatMap(Holder, (self) =>
    Effect.try({
      try: () => {
        // The database, its secret and the mail are nobody else's to read.
        mkdirSync(path, { recursive: true, mode: 0o700 });
        const lock = locked(join(path, "lock.db"));
        try {
          writeFileSync(pidFile, [process.pid, self?.command ?? "", self?.address ?? ""].join("\n"));
        } catch (error) {
          lock.close();
          throw error;
        }
        held.add(lock);
        return lock;
      },
      catch: (cause) =>
        Predicate.hasProperty(cause, "errcode") && cause.errcode === SQLITE_BUSY
          ? inUse(directory, pidFile, cause)
          : unwritable(directory, cause),
    }),
  );
  return Effect.acquireRelease(acquire, (lock) =>
    Effect.sync(() => {
      rmSync(pidFile, { force: true });
      lock.close();
      held.delete(lock);
    }),
  ).pipe(Effect.asVoid);
};

/**
 * Locks a file by a transaction of SQLite, because Node.js has no other lock that the system takes back from a process
 * that dies. The file stays: if one process removed it, another could hold what the next one no longer finds.
 */
const locked = (file: string): DatabaseSync => {
  const lock = new DatabaseSync(file);
  try {
    // Nothing is ever written, so that there need not be a journal beside the file.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
};

/** What is wrong with a directory that this user may not write. */
export const unwritable = (directory: string, cause?: unknown): Errors.StartupError =>
  new Errors.StartupError({
    code: "DATA_DIRECTORY_UNUSABLE",
    message: `The data directory ${directory} cannot be written.`,
    remedy: "Let this user write there, or name another directory by IAM_DATA_DIR.",
    cause,
  });

const inUse = (directory: string, pidFile: string, cause: unknown): Errors.StartupError => {
  const { who, address } = holder(pidFile);
  return new Errors.StartupError({
    code: "DATA_DIRECTORY_IN_USE",
    message: `The data directory ${directory} is in use by ${who}.`,
    remedy: [
      "Stop that process,",
      ...(address === undefined ? [] : [`use its API at ${address},`]),
      "or name another directory by IAM_DATA_DIR.",
    ].join(" "),
    cause,
  });
};

const holder = (pidFile: string): { readonly who: string; readonly address?: string | undefined } => {
  try {
    const [pid, command, address] = readFileSync(pidFile, "utf8").split("\n");
    const process = `process ${Number.parseInt(pid ?? "", 10)}`;
    return { who: command ? `\`${command}\` (${process})` : process, address: address || undefined };
  } catch {
    // It has not come to write it yet.
    return { who: "another process" };
  }
};
