/** Commands that run to their end. */
import { execFile } from "node:child_process";
import * as path from "node:path";
import * as Effect from "effect/Effect";
import { PostgresUnavailable } from "./PostgresUnavailable.ts";

/** The user under whom a process runs. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Where and as whom a process runs; without an account, as the one who runs this process. */
export interface Surroundings {
  readonly account?: Account | undefined;
  readonly cwd?: string | undefined;
}

/**
 * The options by which Node starts a process in these surroundings. The environment is not inherited: PostgreSQL takes
 * the language of its messages, which are read here, and its time zone from there.
 */
export const spawnOptions = ({ account, cwd }: Surroundings) => ({
  ...account,
  ...(cwd === undefined ? {} : { cwd }),
  env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" },
});

/** Runs a command and gives what it prints. */
export const run = (
  file: string,
  args: ReadonlyArray<string>,
  surroundings: Surroundings = {},
): Effect.Effect<string, PostgresUnavailable> =>
  Effect.callback((resume) => {
    const child = execFile(file, args, spawnOptions(surroundings), (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(
              new PostgresUnavailable({
                reason: `${path.basename(file)} failed: ${stderr.trim() || error.message}`,
                cause: error,
              }),
            ),
      ),
    );
    return Effect.sync(() => child.kill("SIGKILL"));
  });
