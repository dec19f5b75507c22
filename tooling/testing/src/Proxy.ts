/** What stands between a client and a PostgreSQL server, to see or to disturb what passes. */
import { connect, createServer, type Socket } from "node:net";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

/** Where the server is. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** The server in an address. */
export const upstreamOf = ({ hostname, port }: URL): Upstream => ({ host: hostname, port: Number(port) });

/**
 * Listens on a port of its own, which it gives, and opens a connection to the server for each that is made there. When
 * either ends, so does the other; with the scope, all do.
 *
 * @param between joins the two
 */
export const make = (
  upstream: Upstream,
  between: (client: Socket, database: Socket) => void,
): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const sockets = new Set<Socket>();
      const server = createServer((client) => {
        const database = connect(upstream);
        const cut = () => {
          client.destroy();
          database.destroy();
        };
        for (const socket of [client, database]) {
          sockets.add(socket);
          socket.on("error", cut).on("close", cut);
        }
        between(client, database);
      });
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const close = () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        };
        resume(Effect.succeed({ port: typeof address === "object" && address !== null ? address.port : 0, close }));
      });
    }),
    ({ close }) => Effect.sync(close),
  ).pipe(Effect.map(({ port }) => port));
