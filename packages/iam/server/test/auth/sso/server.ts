/** An HTTP server on this machine. */
import { createServer, type RequestListener, type Server } from "node:http";
import * as Effect from "effect/Effect";

/** Starts one on a port of its own; the listener may be set later, when its address is known. The scope stops it. */
export const httpServer = Effect.gen(function* () {
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server: Server = createServer((request, response) => listener(request, response));
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void));
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    origin: `http://127.0.0.1:${port}`,
    listen: (to: RequestListener): void => {
      listener = to;
    },
  };
});
