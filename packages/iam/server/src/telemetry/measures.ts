/** What is counted and timed, under OpenTelemetry's names. Attributes have few values: routes, and never an address. */
import type * as Context from "effect/Context";
import * as Metric from "effect/Metric";
import * as Predicate from "effect/Predicate";
import type * as Tracer from "effect/Tracer";

const seconds = { unit: "s" };

const requests = Metric.histogram("http.server.request.duration", {
  description: "How long requests took to answer.",
  attributes: seconds,
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});

const ofDatabase = { attributes: seconds, boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

const statements = Metric.histogram("db.client.operation.duration", {
  description: "How long SQL statements took.",
  ...ofDatabase,
});
const succeeded = Metric.withAttributes(statements, { outcome: "success" });
const failed = Metric.withAttributes(statements, { outcome: "failure" });

const waits = Metric.histogram("db.client.connection.wait_time", {
  description: "How long SQL statements waited for a connection of the pool.",
  ...ofDatabase,
});

/** Measures a span that ends: a request, or a statement. */
export const ofSpan = (
  { attributes, kind }: Tracer.Span,
  duration: number,
  success: boolean,
  context: Context.Context<never>,
): void => {
  if (kind === "server" && attributes.has("http.request.method")) {
    const of = (key: string) => String(attributes.get(key) ?? "");
    Metric.withAttributes(requests, {
      "http.request.method": of("http.request.method"),
      "http.route": of("http.route"),
      "http.response.status_code": of("http.response.status_code"),
    }).updateUnsafe(duration, context);
  }
  if (kind === "client" && attributes.has("db.query.text")) {
    (success ? succeeded : failed).updateUnsafe(duration, context);
    const wait = attributes.get("db.client.connection.wait_time_ms");
    if (Predicate.isNumber(wait)) waits.updateUnsafe(wait / 1000, context);
  }
};
