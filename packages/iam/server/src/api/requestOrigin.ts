/** Says of every request where it came from, so that what it changes is recorded with it. */
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import { HttpServerRequest } from "effect/http/HttpServerRequest";
import * as Layer from "effect/Layer";
import { settings } from "../auth/settings.ts";
import { CurrentOrigin } from "../db/Change.ts";
import { clientAddress } from "./clientAddress.ts";

/** For all routes, an application's own included. */
export const layer = Layer.unwrap(
  Effect.map(settings, (stated) =>
    HttpRouter.middleware(
      (route) =>
        Effect.flatMap(HttpServerRequest, (request) =>
          Effect.provideService(route, CurrentOrigin, {
            address: clientAddress(request, stated),
            agent: request.headers["user-agent"],
          }),
        ),
      { global: true },
    ),
  ),
);
