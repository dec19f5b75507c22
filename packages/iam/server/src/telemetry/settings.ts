/** What an installation says about telemetry, under OpenTelemetry's own names. */
import * as Config from "effect/Config";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as Setting from "../config/Setting.ts";

const Endpoint = Schema.URLFromString.check(
  Schema.makeFilter(
    ({ protocol, username, password, search }) =>
      /^https?:$/.test(protocol) && username === "" && password === "" && search === "",
    { expected: "http:// or https:// without a password and a query" },
  ),
);

/** Pairs as OpenTelemetry writes them: `key=value,key=value`, percent-encoded. */
const pairs = (key: string) =>
  Config.Record(Schema.String, Schema.StringFromUriComponent, key, { trim: true, keepEmptyValues: true });

/** What may be said of telemetry. */
export const keys = {
  endpoint: Setting.optional("OTEL_EXPORTER_OTLP_ENDPOINT", (key) => Config.schema(Endpoint, key), {
    type: "`http` or `https` address",
    fallback: "nothing is exported",
    says: "The OpenTelemetry collector that takes traces, metrics and logs (OTLP over HTTP, as JSON): `http://localhost:4318`.",
  }),
  headers: Setting.optional("OTEL_EXPORTER_OTLP_HEADERS", (key) => Config.map(pairs(key), Redacted.make), {
    type: "`name=value`, separated by commas",
    fallback: "none",
    says: "Headers for the collector, such as its API key; values are percent-encoded.",
  }),
  serviceName: Setting.withDefault("OTEL_SERVICE_NAME", Config.NonEmptyString, {
    type: "text",
    value: "iam",
    says: "The service's name in telemetry.",
  }),
  resourceAttributes: Setting.optional("OTEL_RESOURCE_ATTRIBUTES", pairs, {
    type: "`name=value`, separated by commas",
    fallback: "none",
    says: "What else telemetry says of this process: `deployment.environment.name=production`.",
  }),
};

/** What Config says of telemetry. */
export const settings = Config.all(keys);
