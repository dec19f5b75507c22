/** What every answer has in common, whichever route gave it. */
import * as ByteSize from "effect/ByteSize";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServerError from "effect/http/HttpServerError";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as ProblemDetails from "effect/http/ProblemDetails";
import * as Option from "effect/Option";
import type * as Types from "effect/Types";
import { isBare, ofStatus } from "./problem.ts";

/** What is answered is for the asker alone, and is what it says it is. */
const defaults = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** More than any request here needs. */
const MAX_BODY = ByteSize.fromInputUnsafe("1 MiB");

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Types.unhandled>;

/**
 * Answers every failure with problem details. Only what a request did wrong is told to its sender; anything else is a
 * bare 500, and stands in the log with the trace's id.
 */
const answering = (handler: Answer): Answer =>
  handler.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, MAX_BODY),
    Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : answerOf(cause))),
    Effect.map((response) =>
      isBare(response)
        ? HttpServerResponse.setHeaders(ProblemDetails.toResponse(ofStatus(response.status)), rest(response.headers))
        : response,
    ),
    // What a route says itself stands.
    Effect.map((response) => HttpServerResponse.setHeaders(response, { ...defaults, ...response.headers })),
    traced,
  );

/** In a trace of its own, where the server makes none. The server's span must be the innermost: it is told the route. */
const traced = (answer: Answer): Answer =>
  Effect.flatMap(Effect.option(Effect.currentSpan), (span) =>
    Option.exists(span, ({ kind }) => kind === "server")
      ? answer
      : Effect.withSpan(answer, "Http.answer", { kind: "server" }),
  );

const answerOf = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  const [response] = yield* HttpServerError.causeResponse(cause);
  if (response.status >= 500) {
    const { traceId } = yield* Effect.orDie(Effect.currentSpan);
    yield* Effect.annotateLogs(Effect.logError("A request failed unexpectedly.", cause), { traceId });
  }
  return response;
});

/** The headers that do not speak of the body. */
const rest = ({ "content-type": _type, "content-length": _length, ...headers }: Readonly<Record<string, string>>) =>
  headers;

/** For the routes to which it is provided. */
export const ofRoutes = HttpRouter.middleware(answering).layer;

/** For all routes of the router, and for what none of them answers. */
export const ofAll = HttpRouter.middleware(answering, { global: true });
