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
import { settings } from "../auth/settings.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import type { Idempotency } from "../idempotency/Idempotency.ts";
import type { Invitations } from "../organizations/Invitations.ts";
import type { Members } from "../organizations/Members.ts";
import type { Organizations } from "../organizations/Organizations.ts";
import type { Roles } from "../organizations/Roles.ts";
import type { Teams } from "../organizations/Teams.ts";
import type { Webhooks } from "../webhooks/Webhooks.ts";
import * as Authentication from "./Authentication.ts";
import * as answers from "./answers.ts";
import * as authRoutes from "./authRoutes.ts";
import * as document from "./document.ts";
import * as handlers from "./handlers.ts";
import * as IdempotencyKey from "./IdempotencyKey.ts";
import * as PrincipalRequired from "./PrincipalRequired.ts";
import * as RequestValidation from "./RequestValidation.ts";
import * as requestOrigin from "./requestOrigin.ts";
import * as TenantRequired from "./TenantRequired.ts";

type Needed =
  | HttpRouter.HttpRouter
  | Auth
  | Organizations
  | Members
  | Invitations
  | Teams
  | Roles
  | Webhooks
  | SqlClient
  | ServiceConnection
  | Idempotency
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
 * The routes: `IamApi`, Better Auth's below `/api/auth`, `/openapi.json` and `/docs`. To be served by `HttpRouter.serve`,
 * beside an application's own routes.
 */
export const layer: Layer.Layer<never, ConfigError, Needed> = Layer.mergeAll(
  document.layer,
  authRoutes.layer,
  crossOrigin,
  requestOrigin.layer,
).pipe(
  Layer.provide([handlers.layer, answers.ofRoutes]),
  Layer.provide([
    Authentication.layer,
    PrincipalRequired.layer,
    RequestValidation.layer,
    TenantRequired.layer,
    IdempotencyKey.layer,
  ]),
);

/**
 * Gives an application's own routes what these routes have: failures are answered with problem details (RFC 9457), what
 * fails unexpectedly is a bare 500 with its trace in the log, bodies are 1 MiB at most, and nothing is cached unless the
 * route says so. Also what no route answers.
 */
export const answering = answers.ofAll;

export { clientAddress } from "./clientAddress.ts";
