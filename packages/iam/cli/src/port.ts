/** The addresses to listen on. */
import { createServer } from "node:http";
import { Errors } from "@beep/iam-domain";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import * as Effect from "effect/Effect";
import * as HttpServer from "effect/http/HttpServer";
import type { ServeError } from "effect/http/HttpServerError";
import * as Layer from "effect/Layer";
import * as Predicate from "effect/Predicate";
import type { Address } from "./settings.ts";

/** How long requests that run may take to finish when the server stops. */
const GRACE = "10 seconds";

const listen = Effect.fnUntraced(function* ({ host, port }: Address) {
  const node = createServer();
  const server = yield* NodeHttpServer.make(() => node, { host, port, gracefulShutdownTimeout: GRACE });
  // Whoever is still connected after the grace would keep the process alive.
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()));
  return server;
});

/** The server that listens there. It takes requests until it is closed, and then finishes those that run. */
export const layer = (address: Address): Layer.Layer<HttpServer.HttpServer, Errors.StartupError> =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.mapError(listen(address), (error) => unavailable(address, error)),
  );

/** Finds out whether the addresses are free, so that otherwise nothing is begun. */
export const demandFree = (addresses: ReadonlyArray<Address>): Effect.Effect<void, Errors.StartupError> =>
  Effect.forEach(addresses, (address) => Effect.mapError(listen(address), (error) => unavailable(address, error)), {
    discard: true,
  }).pipe(Effect.scoped);

const unavailable = ({ host, port, keys }: Address, { cause }: ServeError): Errors.StartupError => {
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined;
  const address = `${host}:${port}`;
  const { message, remedy } =
    code === "EADDRINUSE"
      ? {
          message: `The address ${address} is in use.`,
          remedy: `Stop what listens there, or choose another ${keys.port}.`,
        }
      : code === "EACCES"
        ? { message: `This user may not listen on ${address}.`, remedy: `Choose a ${keys.port} of 1024 or above.` }
        : {
            message: `Nothing can listen on ${address} (${String(code)}).`,
            remedy: `Correct ${keys.host} and ${keys.port}.`,
          };
  return new Errors.StartupError({ code: "PORT_UNAVAILABLE", message, remedy, cause });
};
