/** Everything that the identity services serve over HTTP, for whichever server an application has. */
import type { ConfigError } from "effect/Config";
import * as Effect from "effect/Effect";
import type { FileSystem } from "effect/FileSystem";
import type { Generator } from "effect/http/Etag";
import * as HttpMiddleware from "effect/http/HttpMiddleware";
import type { HttpPlatform } from "effect/http/HttpPlatform";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import type { Path } from "effect/Path";
import type { SqlClient } from "effect/sql/SqlClient";
import type { Auth } from "../auth/Auth.ts";
import type { FirstAdministrator } from "../auth/FirstAdministrator.ts";
import { settings } from "../auth/settings.ts";
import * as Authentication from "./Authentication.ts";
import * as authRoutes from "./authRoutes.ts";
import * as document from "./document.ts";
import * as failures from "./failures.ts";
import * as handlers from "./handlers.ts";
import * as pages from "./pages.ts";

type Needed =
  | HttpRouter.HttpRouter
  | Auth
  | FirstAdministrator
  | SqlClient
  // What a platform brings along, as `HttpServer.layerServices` or `NodeHttpServer.layer`.
  | Generator
  | HttpPlatform
  | FileSystem
  | Path;

/** Lets pages of the trusted origins call with their user's session (CORS). */
const crossOrigin = Layer.unwrap(
  Effect.map(settings, ({ trustedOrigins }) =>
    HttpRouter.middleware(
      HttpMiddleware.cors({ allowedOrigins: (origin) => trustedOrigins.includes(origin), credentials: true }),
      { global: true },
    ),
  ),
);

/**
 * The routes: `IamApi`, Better Auth's below `/api/auth`, `/openapi.json` and `/docs`, and the pages. To be served by
 * `HttpRouter.serve`, beside an application's own routes; what all answers have in common these then have too.
 */
export const layer: Layer.Layer<never, ConfigError, Needed> = Layer.mergeAll(
  document.layer,
  authRoutes.layer,
  pages.layer,
  failures.layer,
  crossOrigin,
).pipe(Layer.provide(handlers.layer), Layer.provide(Authentication.layer));
