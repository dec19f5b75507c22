/** Error answers: problem details (RFC 9457) with a stable code. */
import { STATUS_CODES } from "node:http";
import type * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as ProblemDetails from "effect/http/ProblemDetails";
import * as HttpApiError from "effect/http-api/HttpApiError";
import * as Schema from "effect/Schema";

/** What every error answer has; it may have members of its own. */
export const Problem = Schema.StructWithRest(
  Schema.Struct({
    type: Schema.String,
    title: Schema.String,
    status: Schema.Int,
    code: Schema.String,
    detail: Schema.optionalKey(Schema.String),
  }),
  [Schema.Record(Schema.String, Schema.Unknown)],
).annotate({ identifier: "Problem", description: "An error (RFC 9457). Its code is stable, its texts are not." });

/** The request carries no live session. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  { type: ProblemDetails.blankType, status: 401, title: "Unauthorized" },
  { code: Schema.tag("UNAUTHORIZED") },
) {}

const origins = {
  INVALID_ORIGIN: "The request comes from a page of an origin that is not trusted.",
  MISSING_OR_NULL_ORIGIN: "The request has a cookie, and says not from which page it comes.",
} as const;

/** A change by a cookie that may be a page's of somebody else: Better Auth's routes have the same codes for it. */
export class OriginRefused extends HttpApiError.Problem<OriginRefused>()(
  "OriginRefused",
  { type: ProblemDetails.blankType, status: 403, title: "Forbidden" },
  { code: Schema.Literals(["INVALID_ORIGIN", "MISSING_OR_NULL_ORIGIN"]) },
) {
  static readonly of = (code: keyof typeof origins): OriginRefused =>
    new OriginRefused({ code, detail: origins[code] });
}

/** Part of a request is not as its route takes it; the detail says which, and what is taken. */
export class RequestInvalid extends HttpApiError.Problem<RequestInvalid>()(
  "RequestInvalid",
  { type: ProblemDetails.blankType, status: 400, title: "Bad Request" },
  { code: Schema.Literals(["BAD_REQUEST", "INVALID_ID"]), detail: Schema.String },
) {}

/** The database does not answer in time. */
export class DatabaseUnavailable extends HttpApiError.Problem<DatabaseUnavailable>()(
  "DatabaseUnavailable",
  { type: ProblemDetails.blankType, status: 503, title: "Service Unavailable" },
  { code: Schema.tag("DATABASE_UNAVAILABLE") },
) {}

/** The connection to the database was lost while a change was being committed. */
export class OutcomeUnknown extends HttpApiError.Problem<OutcomeUnknown>()(
  "OutcomeUnknown",
  { type: ProblemDetails.blankType, status: 503, title: "Service Unavailable" },
  { code: Schema.tag("COMMIT_UNKNOWN") },
) {}

/** What should be a key of the request is none. */
export class IdempotencyKeyMalformed extends HttpApiError.Problem<IdempotencyKeyMalformed>()(
  "IdempotencyKeyMalformed",
  { type: ProblemDetails.blankType, status: 400, title: "Bad Request" },
  { code: Schema.tag("IDEMPOTENCY_KEY_MALFORMED") },
) {}

/** The route does not remember keys, so that one would promise what is not kept. */
export class IdempotencyKeyUnsupported extends HttpApiError.Problem<IdempotencyKeyUnsupported>()(
  "IdempotencyKeyUnsupported",
  { type: ProblemDetails.blankType, status: 400, title: "Bad Request" },
  { code: Schema.tag("IDEMPOTENCY_KEY_UNSUPPORTED"), detail: Schema.String },
) {}

/** The request of this key is being answered, and has not been for a while. */
export class IdempotencyKeyInUse extends HttpApiError.Problem<IdempotencyKeyInUse>()(
  "IdempotencyKeyInUse",
  { type: ProblemDetails.blankType, status: 409, title: "Conflict" },
  { code: Schema.tag("IDEMPOTENCY_KEY_IN_USE") },
) {}

/** The key is that of another request. */
export class IdempotencyKeyReused extends HttpApiError.Problem<IdempotencyKeyReused>()(
  "IdempotencyKeyReused",
  { type: ProblemDetails.blankType, status: 422, title: "Unprocessable Content" },
  { code: Schema.tag("IDEMPOTENCY_KEY_REUSED") },
) {}

/** The problem that a status alone tells: its title is HTTP's name for it, and its code is made from that. */
export const ofStatus = (status: number): typeof Problem.Type => {
  const title = STATUS_CODES[status] ?? "Error";
  return { type: ProblemDetails.blankType, title, status, code: title.toUpperCase().replaceAll(/[^A-Z]+/g, "_") };
};

/** Whether a response is an error that says nothing about itself. */
export const isBare = (response: HttpServerResponse.HttpServerResponse): boolean =>
  response.status >= 400 &&
  (response.body._tag === "Empty" || (response.headers["content-type"] ?? "").startsWith("text/plain"));
