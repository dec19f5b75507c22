/**
 * Telemetry: traces, metrics and logs for a collector, metrics for Prometheus, the log as JSON. Losing any of it changes
 * nothing else.
 */
import type * as Config from "effect/Config";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { HttpRouter } from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import * as Metric from "effect/Metric";
import * as Option from "effect/Option";
import * as Otlp from "effect/observability/Otlp";
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics";
import * as Redacted from "effect/Redacted";
import { SpanPropagationEnabled } from "effect/sql/Statement";
import * as Tracer from "effect/Tracer";
import * as collector from "./collector.ts";
import { recorded } from "./recorded.ts";
import { settings } from "./settings.ts";

/** How long what is left may take when the process ends. */
const LAST_FLUSH = "2 seconds";

const exported = Effect.gen(function* () {
  const { endpoint, headers, serviceName, resourceAttributes } = yield* settings;
  if (Option.isNone(endpoint)) return Option.none();
  return Option.some(
    Otlp.layerJson({
      baseUrl: endpoint.value.href,
      headers: Option.getOrUndefined(Option.map(headers, Redacted.value)),
      resource: { serviceName, attributes: Option.getOrElse(resourceAttributes, () => ({})) },
      shutdownTimeout: LAST_FLUSH,
    }).pipe(Layer.provide(collector.layer)),
  );
});

/** Measures requests, statements and fibers; the spans that it measures tell nothing secret. */
const measured: Layer.Layer<never> = Layer.mergeAll(
  Layer.effect(
    Tracer.Tracer,
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.map(Tracer.Tracer, (tracer) => recorded(tracer, context)),
    ),
  ),
  Metric.enableRuntimeMetricsLayer,
  // Statements then say how long they waited for a connection.
  Layer.succeed(SpanPropagationEnabled, true),
);

/**
 * Exports traces, metrics and logs to the collector that Config names, by OTLP; without one, nothing. To be provided
 * around the whole of an application, its server included.
 *
 * @param options.measuring whether to measure even where nothing is exported, for `prometheus`
 */
export const layer = (options: { readonly measuring?: boolean } = {}): Layer.Layer<never, Config.ConfigError> =>
  Layer.unwrap(
    Effect.map(
      exported,
      Option.match({
        onNone: () => (options.measuring === true ? measured : Layer.empty),
        onSome: (exporter) => Layer.provideMerge(measured, exporter),
      }),
    ),
  );

/** `GET /metrics`, for Prometheus. Not for the public: to be served on an address of its own. */
export const prometheus: Layer.Layer<never, never, HttpRouter> = PrometheusMetrics.layerHttp({
  // Prometheus wants the unit in the name.
  metricNameMapper: (name) => (/\.(duration|wait_time)$/.test(name) ? `${name}.seconds` : name),
});

export { jsonLogger } from "./jsonLogger.ts";
export { keys, settings } from "./settings.ts";
