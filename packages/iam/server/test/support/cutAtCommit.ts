/** A connection that is lost in the moment of COMMIT: a proxy in front of a PostgreSQL server. */

import { connect, createServer, type Socket } from "node:net";
import * as Effect from "effect/Effect";

/**
 * Opens a proxy that cuts the connection when a session commits, from when it is told to.
 *
 * @param when `before` the server learns of the COMMIT, or `after` it has answered, which the client then never sees
 * @returns the proxy's port, and what tells it
 */
export const cutAtCommit = (upstream: URL, when: "before" | "after") =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly arm: () => void; readonly close: () => void }>((resume) => {
      const sockets = new Set<Socket>();
      let armed = false;
      const server = createServer((client) => {
        const database = connect({ host: upstream.hostname, port: Number(upstream.port) });
        const cut = () => {
          client.destroy();
          database.destroy();
        };
        for (const socket of [client, database]) {
          sockets.add(socket);
          socket.on("error", cut).on("close", cut);
        }
        let committing = false;
        client.on("data", (bytes) => {
          committing ||= armed && bytes.includes("COMMIT");
          if (committing && when === "before") cut();
          else database.write(bytes);
        });
        database.on("data", (bytes) => (committing ? cut() : client.write(bytes)));
      });
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        resume(
          Effect.succeed({
            port,
            arm: () => {
              armed = true;
            },
            close: () => {
              for (const socket of sockets) socket.destroy();
              server.close();
            },
          }),
        );
      });
    }),
    ({ close }) => Effect.sync(close),
  ).pipe(Effect.map(({ arm, port }) => ({ port, arm: Effect.sync(arm) })));
