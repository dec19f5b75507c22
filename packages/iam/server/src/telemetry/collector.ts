/** The way to the collector: whatever it does, nothing waits for it, and what it does not take is dropped. */
import type * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientError from "effect/http/HttpClientError";
import * as HttpClientResponse from "effect/http/HttpClientResponse";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import * as Semaphore from "effect/Semaphore";

/** How long the collector may take for a batch, trying again included. */
const PATIENCE = "10 seconds";

/** How many batches may be under way: what it has not taken is kept in memory. */
const MAX_UNDER_WAY = 8;

const why = (error: HttpClientError.HttpClientError | Cause.TimeoutError): string =>
  HttpClientError.isHttpClientError(error)
    ? error.reason._tag === "StatusCodeError"
      ? `it answers ${error.reason.response.status}`
      : "it cannot be reached"
    : `it takes more than ${PATIENCE}`;

const make = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient;
  const underWay = yield* Semaphore.make(MAX_UNDER_WAY);
  return HttpClient.transform(client, (response) =>
    response.pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      // Read to its end, so that the connection can be used again.
      Effect.tap(({ arrayBuffer }) => Effect.ignore(arrayBuffer)),
      Effect.retry({ while: HttpClient.isTransientError, schedule: Schedule.spaced("1 second"), times: 3 }),
      Effect.timeout(PATIENCE),
      Effect.mapError(why),
      underWay.withPermitsIfAvailable(1),
      Effect.flatMap(Option.match({ onNone: () => Effect.fail("it does not keep up"), onSome: Effect.succeed })),
      Effect.tapError((reason) =>
        Effect.logWarning(`The collector does not take telemetry: ${reason}. For a minute it is dropped.`),
      ),
      // A defect, because the exporter would try a failure again, for as long as the collector tells it to.
      Effect.orDie,
    ),
  );
});

/** The client for the exporters, which drop what comes in the minute after it has failed. */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.effect(HttpClient.HttpClient, make).pipe(
  Layer.provide(FetchHttpClient.layer),
);
