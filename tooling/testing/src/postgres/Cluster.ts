/** A data directory, as `initdb` makes it. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { account } from "./account.ts";
import { attempt } from "./attempt.ts";
import type { Binaries } from "./binaries.ts";
import { run, type Surroundings } from "./command.ts";
import * as Directories from "./directories.ts";
import type { PostgresUnavailable } from "./PostgresUnavailable.ts";

/** A data directory and what runs a server on it. */
export interface Cluster {
  readonly data: string;
  readonly postgres: string;
  /** The password of the superuser `postgres`. */
  readonly password: Redacted.Redacted;
  readonly surroundings: Surroundings;
}

/**
 * The programs, where the account can run them. A checkout below `/root` is closed to every other account, so there
 * they are copied.
 */
const reachable = Effect.fnUntraced(function* (binaries: Binaries, surroundings: Surroundings, home: string) {
  const isReachable = yield* Effect.match(run(binaries.postgres, ["--version"], surroundings), {
    onFailure: () => false,
    onSuccess: () => true,
  });
  if (isReachable || surroundings.account === undefined) return binaries;
  const { uid, gid } = surroundings.account;
  const original = path.dirname(path.dirname(binaries.postgres));
  const copy = path.join(home, "postgresql");
  yield* attempt("PostgreSQL's programs cannot be copied", () =>
    fs.cp(original, copy, { recursive: true, verbatimSymlinks: true }),
  );
  yield* run("chown", ["-R", "-h", `${uid}:${gid}`, copy]);
  return {
    initdb: path.join(copy, path.relative(original, binaries.initdb)),
    postgres: path.join(copy, path.relative(original, binaries.postgres)),
  };
});

/**
 * Makes a data directory that is removed with the scope, UTF8 and locale C, which every login enters by its password.
 *
 * @param volatile whether it may be in memory
 */
export const make = Effect.fnUntraced(function* (
  found: Binaries,
  volatile: boolean,
): Effect.fn.Return<Cluster, PostgresUnavailable, Scope.Scope> {
  const owner = yield* account;
  const { data, home } = yield* Directories.make(owner, volatile);
  const surroundings = { account: owner, cwd: home };
  const binaries = yield* reachable(found, surroundings, home);
  const password = randomBytes(16).toString("hex");
  const passwordFile = path.join(home, "password");
  yield* attempt("The password file cannot be written", async () => {
    await fs.writeFile(passwordFile, password, { mode: 0o600 });
    if (owner !== undefined) await fs.chown(passwordFile, owner.uid, owner.gid);
  });
  yield* run(
    binaries.initdb,
    [
      `--pgdata=${data}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ],
    surroundings,
  );
  yield* attempt("The password file cannot be removed", () => fs.rm(passwordFile));
  return { data, postgres: binaries.postgres, password: Redacted.make(password), surroundings };
});
