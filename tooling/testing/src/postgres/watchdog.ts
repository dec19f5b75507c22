/** What remains of a server whose launcher was killed before it could clean up. */
import { spawn } from "node:child_process";
import * as Effect from "effect/Effect";
import { type Surroundings, spawnOptions } from "./command.ts";

// The system closes this process's end of the pipe however it dies, and `read` then sees the end without a line. A server
// removes its file as the last thing it does; one that had been killed before never will.
const script = `
read -r line && exit 0
file="$2/postmaster.pid"
kill -QUIT "$(head -n 1 "$file")"
tries=0
while [ -e "$file" ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$2" "$1"
`;

/**
 * Starts a shell that waits for this process to be gone, then stops the server and removes its directories.
 *
 * @returns what sends the shell away, once there is nothing left to clean up
 */
export const start = (
  { data, home }: { readonly home: string; readonly data: string },
  surroundings: Surroundings,
): Effect.Effect<Effect.Effect<void>> =>
  Effect.sync(() => {
    const shell = spawn("sh", ["-c", script, "sh", home, data], {
      ...spawnOptions(surroundings),
      // In a group of its own, so that Ctrl-C and a kill of the whole group leave it to do its work.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Without a shell the server still works and is stopped when the scope closes.
    shell.on("error", () => {});
    shell.stdin.on("error", () => {});
    return Effect.sync(() => void shell.stdin.end("done\n"));
  });
