/** A data directory, as `initdb` makes it. */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { type Account, run, type Surroundings } from "./command.ts";
import { PostgresUnavailable } from "./PostgresUnavailable.ts";
import * as Watchdog from "./watchdog.ts";

/** A data directory and what runs a server on it. */
export interface Cluster {
  readonly data: string;
  readonly postgres: string;
  /** The password of the superuser `postgres`. */
  readonly password: Redacted.Redacted;
  readonly surroundings: Surroundings;
}

const attempt = <A>(what: string, evaluate: () => Promise<A>): Effect.Effect<A, PostgresUnavailable> =>
  Effect.tryPromise({
    try: evaluate,
    catch: (cause) => new PostgresUnavailable({ reason: `${what}: ${String(cause)}`, cause }),
  });

const workDirectory = (owner: Account | undefined) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.gen(function* () {
        const directory = yield* attempt("No temporary directory", () =>
          fs.mkdtemp(path.join(os.tmpdir(), "beep-postgres-")),
        );
        if (owner !== undefined) {
          yield* attempt("The temporary directory has the wrong owner", () =>
            fs.chown(directory, owner.uid, owner.gid),
          );
        }
        return { directory, dismiss: yield* Watchdog.start(directory, { account: owner, cwd: os.tmpdir() }) };
      }),
      ({ directory, dismiss }) =>
        Effect.andThen(
          Effect.promise(() => fs.rm(directory, { recursive: true, force: true })),
          dismiss,
        ),
    ),
    ({ directory }) => directory,
  );

/**
 * The programs, where the account can run them. A checkout below `/root` is closed to every other account, so there
 * they are copied.
 */
const reachable = Effect.fnUntraced(function* (binaries: Binaries, surroundings: Surroundings, directory: string) {
  const isReachable = yield* Effect.match(run(binaries.postgres, ["--version"], surroundings), {
    onFailure: () => false,
    onSuccess: () => true,
  });
  if (isReachable || surroundings.account === undefined) return binaries;
  const { uid, gid } = surroundings.account;
  const home = path.dirname(path.dirname(binaries.postgres));
  const copy = path.join(directory, "postgresql");
  yield* attempt("PostgreSQL's programs cannot be copied", () =>
    fs.cp(home, copy, { recursive: true, verbatimSymlinks: true }),
  );
  yield* run("chown", ["-R", "-h", `${uid}:${gid}`, copy]);
  return {
    initdb: path.join(copy, path.relative(home, binaries.initdb)),
    postgres: path.join(copy, path.relative(home, binaries.postgres)),
  };
});

/**
 * Makes a data directory that is removed with the scope, UTF8 and locale C, which every login enters by its password.
 */
export const make = Effect.fnUntraced(function* (
  found: Binaries,
): Effect.fn.Return<Cluster, PostgresUnavailable, Scope.Scope> {
  const owner = yield* account;
  const directory = yield* workDirectory(owner);
  const surroundings = { account: owner, cwd: directory };
  const binaries = yield* reachable(found, surroundings, directory);
  const password = randomBytes(16).toString("hex");
  const passwordFile = path.join(directory, "password");
  yield* attempt("The password file cannot be written", async () => {
    await fs.writeFile(passwordFile, password, { mode: 0o600 });
    if (owner !== undefined) await fs.chown(passwordFile, owner.uid, owner.gid);
  });
  const data = path.join(directory, "data");
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
