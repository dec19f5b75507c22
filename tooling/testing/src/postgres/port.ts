/** Ports on the loopback interface. */
import * as net from "node:net";
import * as Effect from "effect/Effect";
import { PostgresUnavailable } from "./PostgresUnavailable.ts";

/** A port that was free a moment ago: whoever takes it must be ready to find it taken. */
export const free: Effect.Effect<number, PostgresUnavailable> = Effect.callback((resume) => {
  const server = net.createServer();
  server.once("error", (cause) =>
    resume(Effect.fail(new PostgresUnavailable({ reason: `No port is free: ${cause.message}`, cause }))),
  );
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() =>
      resume(
        address === null || typeof address === "string"
          ? Effect.fail(new PostgresUnavailable({ reason: "The system gave no port." }))
          : Effect.succeed(address.port),
      ),
    );
  });
});
