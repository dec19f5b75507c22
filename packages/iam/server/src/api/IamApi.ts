/** The HTTP interface of the identity services, beside Better Auth's below `/api/auth`. */
import { Session, User } from "@beep/iam-domain/entities";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import { Authentication } from "./Authentication.ts";
import { showKeys } from "./IdempotencyKey.ts";
import { organization, ownOrganizations } from "./organizations/OrganizationsApi.ts";
import { DatabaseUnavailable } from "./problem.ts";
import { webhooks } from "./webhooks/WebhooksApi.ts";

/** The fields of a session that may be shown: not its token. The version is left out, because Better Auth has none. */
export const sessionFields = Struct.omit(Session.Model.json.fields, ["version"]);

/** The fields of a user that may be shown. */
export const userFields = Struct.omit(User.Model.json.fields, ["version"]);

const Status = Schema.Struct({ status: Schema.Literal("ok") });

const system = HttpApiGroup.make("system", { topLevel: true })
  .add(
    HttpApiEndpoint.get("health", "/health", { success: Status }).annotate(
      OpenApi.Description,
      "Answers as long as the process runs.",
    ),
    HttpApiEndpoint.get("ready", "/ready", { success: Status, error: DatabaseUnavailable }).annotate(
      OpenApi.Description,
      "Answers 200 as long as the database answers.",
    ),
  )
  .annotateMerge(OpenApi.annotations({ title: "System", description: "Is it running?" }));

const session = HttpApiGroup.make("session", { topLevel: true })
  .add(
    HttpApiEndpoint.get("session", "/api/session", {
      success: Schema.Struct({
        session: Schema.Struct(sessionFields),
        user: Schema.Struct(userFields),
      }).annotate({ identifier: "CurrentSession" }),
    })
      .middleware(Authentication)
      .annotate(OpenApi.Description, "The caller's session and user."),
  )
  .annotateMerge(OpenApi.annotations({ title: "Session", description: "Who am I?" }));

/** The definition: routes, validation, the OpenAPI document and the typed client come from it. */
export class IamApi extends HttpApi.make("iam")
  .add(system, session, ownOrganizations, organization, webhooks)
  .annotateMerge(
    OpenApi.annotations({
      title: "Identity and access management",
      description:
        "Everything below `/api/auth` is Better Auth's. Errors are problem details (RFC 9457) with a `code`.",
    }),
  )
  // The annotation is typed for any part of a document; that of an API is given the whole.
  .annotate(OpenApi.Transform, (document) => showKeys(document as OpenApi.OpenAPISpec)) {}
