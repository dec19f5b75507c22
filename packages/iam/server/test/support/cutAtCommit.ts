/** A connection that is lost in the moment of COMMIT. */
import { Proxy } from "@beep/testing";
import * as Effect from "effect/Effect";

/**
 * Opens a proxy that cuts the connection when a session commits, from when it is told to.
 *
 * @param when `before` the server learns of the COMMIT, or `after` it has answered, which the client then never sees
 * @returns the proxy's port, and what tells it
 */
export const cutAtCommit = Effect.fnUntraced(function* (upstream: URL, when: "before" | "after") {
  let armed = false;
  const port = yield* Proxy.make(Proxy.upstreamOf(upstream), (client, database) => {
    let committing = false;
    client.on("data", (bytes) => {
      committing ||= armed && bytes.includes("COMMIT");
      // Its end is the other's, too.
      if (committing && when === "before") client.destroy();
      else database.write(bytes);
    });
    database.on("data", (bytes) => (committing ? client.destroy() : client.write(bytes)));
  });
  const arm = Effect.sync(() => {
    armed = true;
  });
  return { port, arm };
});
