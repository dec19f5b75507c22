/**
 * Spans that are measured, and that tell nothing secret. All of a tracer's spans pass here, whoever made them, so that
 * what is said of one holds for all.
 */
import { SqlState } from "@beep/db-admin";
import * as Cause from "effect/Cause";
import type * as Context from "effect/Context";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import * as Tracer from "effect/Tracer";
import * as measures from "./measures.ts";

/** Paths and queries hold tokens, as a mailed link does; the address is the client's own affair. The route says enough. */
const withheld: ReadonlySet<string> = new Set(["url.full", "url.path", "url.query", "client.address"]);

class Recorded implements Tracer.Span {
  readonly _tag = "Span";
  /**
   * Attributes are given only to what is sampled, and what is measured needs them, whatever the caller says of its trace.
   * Whether the span is exported is for the span within to say.
   */
  readonly sampled = true;
  readonly #span: Tracer.Span;
  readonly #context: Context.Context<never>;

  constructor(span: Tracer.Span, context: Context.Context<never>) {
    this.#span = span;
    this.#context = context;
  }

  get isExported() {
    return this.#span.sampled;
  }
  get name() {
    return this.#span.name;
  }
  get spanId() {
    return this.#span.spanId;
  }
  get traceId() {
    return this.#span.traceId;
  }
  get parent() {
    return this.#span.parent;
  }
  get annotations() {
    return this.#span.annotations;
  }
  get status() {
    return this.#span.status;
  }
  get attributes() {
    return this.#span.attributes;
  }
  get links() {
    return this.#span.links;
  }
  get kind() {
    return this.#span.kind;
  }

  attribute(key: string, value: unknown): void {
    if (!withheld.has(key)) this.#span.attribute(key, value);
  }

  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    // A log's copy: the log itself is exported, with this span's id.
    if (attributes?.["effect.logLevel"] === undefined) this.#span.event(name, startTime, attributes);
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.#span.addLinks(links);
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.#span.status._tag === "Ended") return;
    const { attributes, kind, status } = this.#span;
    const route = attributes.get("http.route");
    // Which route answers is known only now.
    if (kind === "server" && Predicate.isString(route)) {
      Object.assign(this.#span, { name: `${attributes.get("http.request.method")} ${route}` });
    }
    measures.ofSpan(this.#span, Number(endTime - status.startTime) / 1e9, Exit.isSuccess(exit), this.#context);
    this.#span.end(endTime, withoutValues(exit));
  }
}

/** A failure by its type, its code and where it happened: its message may hold what somebody sent. */
const withoutValues = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return exit;
  const error = Cause.squash(exit.cause);
  const tag = Predicate.hasProperty(error, "_tag") ? error._tag : undefined;
  const name = Predicate.isString(tag) ? tag : error instanceof Error ? error.name : "Error";
  const message = SqlState.of(error) ?? name;
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const stack = [`${name}: ${message}`, ...frames].join("\n");
  return Exit.fail(Object.assign(new Error(message), { name, stack }));
};

/**
 * A tracer whose spans are measured and tell nothing secret.
 *
 * @param context where the measures are kept
 */
export const recorded = (tracer: Tracer.Tracer, context: Context.Context<never>): Tracer.Tracer =>
  Tracer.make({
    ...tracer,
    span: (options) => {
      const parent = Option.getOrUndefined(options.parent);
      const sampled = options.sampled && (!(parent instanceof Recorded) || parent.isExported);
      return new Recorded(tracer.span({ ...options, sampled }), context);
    },
  });
