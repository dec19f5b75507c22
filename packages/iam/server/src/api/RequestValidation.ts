/** What a request is refused for that is not as its route takes it. */
import * as Effect from "effect/Effect";
import type { HttpApiSchemaError } from "effect/http-api/HttpApiError";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as SchemaIssue from "effect/SchemaIssue";
import { RequestInvalid } from "./problem.ts";

/** Answers a request that its route's schemas do not take with what is wrong with it. What it sent is not repeated. */
export class RequestValidation extends HttpApiMiddleware.Service<RequestValidation>()(
  "@beep/iam-server/api/RequestValidation",
  { error: RequestInvalid },
) {}

const parts = { Params: "path", Headers: "headers", Query: "query", Payload: "body" } as const;

const format = SchemaIssue.makeFormatterStandardSchemaV1();

/** What is sent chooses the names of a path. */
const MAX_DETAIL = 300;

const detailOf = (part: string, { cause }: HttpApiSchemaError): string =>
  format(cause.issue)
    .issues.map(({ message, path = [] }) => `${[part, ...path.map(String)].join(".")}: ${message}`)
    .join("; ")
    .slice(0, MAX_DETAIL);

/** Refusals by the schemas of a route. */
export const layer = HttpApiMiddleware.layerSchemaErrorTransform(RequestValidation, (error) =>
  // An answer that is not as the route says is nobody's fault but ours.
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.fail(error)
    : Effect.fail(
        new RequestInvalid({
          // What a path names is an id.
          code: error.kind === "Params" ? "INVALID_ID" : "BAD_REQUEST",
          detail: detailOf(parts[error.kind], error),
        }),
      ),
);
