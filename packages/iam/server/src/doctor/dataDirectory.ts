/** The directory of the embedded database. Its files are looked at in a copy, because opening them writes to them. */
import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Findings } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as DirectoryLock from "../db/DirectoryLock.ts";
import * as embedded from "../db/embedded.ts";
import { isOpenToOthers, isWritable } from "./files.ts";
import { error, warning } from "./finding.ts";

/** What is wrong with the directory; and a copy of the database's files, where there are some that can be opened. */
export const examineDirectory = Effect.fnUntraced(function* (dataDir: string) {
  const findings: Array<Findings.Finding> = [];
  const nothing = { findings, copy: undefined };
  if (!(yield* isWritable(dataDir))) {
    const { message, remedy } = DirectoryLock.unwritable(dataDir);
    findings.push(error("DATA_DIRECTORY_UNUSABLE", message, remedy));
    return nothing;
  }
  if (yield* isOpenToOthers(dataDir)) {
    findings.push(
      error(
        "DATA_DIRECTORY_READABLE",
        `The data directory ${dataDir} is open to other users of this machine.`,
        `chmod 700 ${dataDir}`,
      ),
    );
  }
  for (const name of ["secret", "key-encryption-keys"]) {
    const secret = join(dataDir, name);
    if (!(yield* isOpenToOthers(secret))) continue;
    findings.push(
      error(
        "SECRET_FILE_READABLE",
        `The secret ${secret} is open to other users of this machine.`,
        `chmod 600 ${secret}`,
      ),
    );
  }
  const version = yield* embedded.versionIn(dataDir);
  if (version === undefined) return nothing;
  if (version !== embedded.MAJOR) {
    const { message, remedy } = embedded.otherVersion(dataDir, version);
    findings.push(error("DATA_DIRECTORY_OTHER_VERSION", message, remedy));
    return nothing;
  }
  const copied = yield* Effect.result(copyOf(dataDir));
  if (Result.isSuccess(copied)) return { findings, copy: copied.success };
  const { code, message } = copied.failure;
  findings.push(
    code === "DATA_DIRECTORY_IN_USE"
      ? warning(code, `${message} Its database is not examined.`, "Stop that process, and examine again.")
      : error("DATA_DIRECTORY_UNUSABLE", message, copied.failure.remedy),
  );
  return nothing;
});

/** A copy that is gone with the scope. */
const copyOf = (dataDir: string) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "iam-doctor-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true })),
    );
    const files = join(folder, "postgres");
    const copying = Effect.promise(() => cp(embedded.filesIn(dataDir), files, { recursive: true }));
    // Who has made files has made the lock beside them; without one, nobody has them open.
    const locked = yield* Effect.promise(() => stat(join(dataDir, "lock.db")).then(Boolean, () => false));
    yield* locked ? Effect.scoped(Effect.andThen(DirectoryLock.take(dataDir), copying)) : copying;
    return files;
  });
