/** A PgBouncer in transaction mode in front of a server: consecutive transactions of a client are on different sessions. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { account } from "./postgres/account.ts";
import { attempt } from "./postgres/attempt.ts";
import { spawnOptions } from "./postgres/command.ts";
import * as Directories from "./postgres/directories.ts";
import { PostgresUnavailable } from "./postgres/PostgresUnavailable.ts";
import * as Port from "./postgres/port.ts";

/** Where Debian has it. */
const program = "/usr/sbin/pgbouncer";

/** Whether this machine has it. */
export const isAvailable: Effect.Effect<boolean> = Effect.match(
  Effect.tryPromise(() => fs.access(program, constants.X_OK)),
  { onFailure: () => false, onSuccess: () => true },
);

/** What to do where it is missing. */
export const remedy = "apt-get install pgbouncer";

/**
 * Starts one that ends with the scope, for the login of an address, and gives the address by which it is reached.
 *
 * @param options.settings of its configuration, beyond those that it is always given
 */
export const make = Effect.fnUntraced(function* (
  upstream: Redacted.Redacted,
  { settings = [] }: { readonly settings?: ReadonlyArray<string> } = {},
): Effect.fn.Return<Redacted.Redacted, PostgresUnavailable, Scope.Scope> {
  const url = new URL(Redacted.value(upstream));
  const owner = yield* account;
  const { data, home } = yield* Directories.make(owner, true);
  const port = yield* Port.free;
  const file = (name: string, text: string) =>
    attempt(`PgBouncer's ${name} cannot be written`, async () => {
      await fs.writeFile(path.join(home, name), text, { mode: 0o600 });
      if (owner !== undefined) await fs.chown(path.join(home, name), owner.uid, owner.gid);
    });
  yield* file("users", `"${decodeURIComponent(url.username)}" "${decodeURIComponent(url.password)}"\n`);
  yield* file(
    "pgbouncer.ini",
    [
      "[databases]",
      `* = host=${url.hostname} port=${url.port}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = scram-sha-256",
      `auth_file = ${path.join(home, "users")}`,
      "pool_mode = transaction",
      // Named as a server's, so that it too is stopped when this process is killed.
      `pidfile = ${path.join(data, "postmaster.pid")}`,
      ...settings,
    ].join("\n"),
  );
  yield* Effect.acquireRelease(
    start(path.join(home, "pgbouncer.ini"), { account: owner, cwd: home }),
    ({ stop }) => stop,
  );
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return Redacted.make(url.href);
});

const start = (configuration: string, surroundings: Parameters<typeof spawnOptions>[0]) =>
  Effect.suspend(() => {
    const child = spawn(program, [configuration], {
      ...spawnOptions(surroundings),
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ready = Deferred.makeUnsafe<void, PostgresUnavailable>();
    const closed = Deferred.makeUnsafe<void>();
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-8_192);
      if (log.includes("process up")) Deferred.doneUnsafe(ready, Effect.void);
    });
    const ended = (cause?: unknown) => {
      const reason = `PgBouncer does not start: ${log.trim() || cause}`;
      Deferred.doneUnsafe(ready, Effect.fail(new PostgresUnavailable({ reason, cause })));
      Deferred.doneUnsafe(closed, Effect.void);
    };
    child.once("error", ended).once("close", () => ended());
    const stop = Effect.suspend(() => {
      child.kill("SIGTERM");
      return Deferred.await(closed);
    });
    return Effect.as(Deferred.await(ready), { stop });
  });
