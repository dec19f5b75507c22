/** An OpenTelemetry collector on loopback, which takes what it is sent, or behaves as badly as it is told to. */
import { createServer } from "node:http";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";

/** How it answers: it takes what comes, refuses it with a status, or never answers. */
export type Behaviour = "takes" | { readonly status: number; readonly retryAfter?: string } | "hangs";

/** An export as it came. */
export interface Export {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>;
  readonly body: string;
}

const Attributes = Schema.Array(
  Schema.Struct({ key: Schema.String, value: Schema.Record(Schema.String, Schema.Unknown) }),
);
const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  name: Schema.String,
  kind: Schema.Int,
  attributes: Attributes,
  events: Schema.Array(Schema.Struct({ name: Schema.String, attributes: Attributes })),
});
export type Span = typeof Span.Type;
const Traces = Schema.fromJsonString(
  Schema.Struct({
    resourceSpans: Schema.Array(
      Schema.Struct({
        resource: Schema.Struct({ attributes: Attributes }),
        scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })),
      }),
    ),
  }),
);

/** A collector that listens. */
export class Collector {
  behaviour: Behaviour = "takes";
  /** All that came, taken or not. */
  readonly exports: Array<Export> = [];
  /** The most exports that were under way at once. */
  mostUnderWay = 0;
  readonly url: string;
  /** Ends at once, with the connections that it has. */
  readonly stop: Effect.Effect<void>;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, stop: Effect.Effect<void>) {
    this.url = url;
    this.stop = stop;
  }

  /** Lets it answer otherwise from now on. */
  readonly behave = (behaviour: Behaviour): Effect.Effect<void> =>
    Effect.sync(() => {
      this.behaviour = behaviour;
    });

  /** What came to a path, as one text. */
  readonly textOf = (path: string): string =>
    this.exports
      .filter((each) => each.path === path)
      .map(({ body }) => body)
      .join("\n");

  /** Every span that came. */
  readonly spans = (): ReadonlyArray<Span> =>
    this.exports
      .filter(({ path }) => path === "/v1/traces")
      .flatMap(({ body }) => Schema.decodeSync(Traces)(body).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

  /** Waits until so many exports have come, to a path where one is named. */
  readonly came = (count: number, path?: string): Effect.Effect<void> =>
    Effect.callback((resume) => {
      const look = () => {
        if (this.exports.filter((each) => path === undefined || each.path === path).length < count) return;
        this.#waiting.delete(look);
        resume(Effect.void);
      };
      this.#waiting.add(look);
      look();
    });

  readonly take = (one: Export): void => {
    this.exports.push(one);
    for (const look of [...this.#waiting]) look();
  };
}

/** Starts a collector; it is gone with the scope. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.acquireRelease(
  Effect.callback<Collector>((resume) => {
    let underWay = 0;
    const server = createServer((request, response) => {
      underWay += 1;
      collector.mostUnderWay = Math.max(collector.mostUnderWay, underWay);
      response.once("close", () => {
        underWay -= 1;
      });
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.once("end", () => {
        collector.take({ path: request.url ?? "", headers: request.headers, body });
        const { behaviour } = collector;
        if (behaviour === "hangs") return;
        if (behaviour === "takes") response.end("{}");
        else {
          if (behaviour.retryAfter !== undefined) response.setHeader("retry-after", behaviour.retryAfter);
          response.writeHead(behaviour.status).end();
        }
      });
    });
    const stop = Effect.sync(() => {
      server.closeAllConnections();
      server.close();
    });
    let collector: Collector;
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      collector = new Collector(`http://127.0.0.1:${port}`, stop);
      resume(Effect.succeed(collector));
    });
  }),
  ({ stop }) => stop,
);

/** An attribute of a span, as text. */
export const attribute = ({ attributes }: Pick<Span, "attributes">, key: string): string | undefined => {
  const value = attributes.find((each) => each.key === key)?.value;
  return value === undefined ? undefined : String(Object.values(value)[0]);
};
