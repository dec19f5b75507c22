/** What a client really sends: a proxy in front of a PostgreSQL server that writes down every statement. */
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as Proxy from "./Proxy.ts";

/** A watched address. */
export interface Statements {
  /** Leads to the same database, by the proxy. */
  readonly url: Redacted.Redacted;
  /** Runs an effect, and gives the texts of the statements that were executed meanwhile, in their order. */
  readonly during: <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ) => Effect.Effect<{ readonly result: A; readonly statements: ReadonlyArray<string> }, E, R>;
}

/** Watches a database's address until the scope closes. */
export const watch = Effect.fnUntraced(function* (
  upstream: Redacted.Redacted,
): Effect.fn.Return<Statements, never, Scope.Scope> {
  const executed: Array<string> = [];
  const url = new URL(Redacted.value(upstream));
  const port = yield* Proxy.make(Proxy.upstreamOf(url), (client, database) => {
    client
      .on(
        "data",
        reader((statement) => executed.push(statement)),
      )
      .pipe(database);
    database.pipe(client);
  });
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: Redacted.make(url.href),
    during: (effect) =>
      Effect.suspend(() => {
        const from = executed.length;
        return Effect.map(effect, (result) => ({ result, statements: executed.slice(from) }));
      }),
  };
});

const START_OF_SESSION = 3 << 16;

/**
 * Reads the client's side of a session.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
const reader = (tell: (statement: string) => void): ((bytes: Buffer) => void) => {
  /** The texts of prepared statements, and of what is bound to portals, by their names. */
  const prepared = new Map<string, string>();
  const bound = new Map<string, string>();
  let buffered: Buffer = Buffer.alloc(0);
  let started = false;

  const take = (type: string, body: Buffer): void => {
    const [first = "", second = ""] = body.toString("utf8").split("\0", 2);
    if (type === "Q") tell(first);
    if (type === "P") prepared.set(first, second);
    if (type === "B") bound.set(first, prepared.get(second) ?? "");
    if (type === "E") tell(bound.get(first) ?? "");
  };

  return (bytes) => {
    buffered = Buffer.concat([buffered, bytes]);
    for (;;) {
      // What comes before the session has no type: a question for encryption, and the start itself.
      const header = started ? 1 : 0;
      if (buffered.length < header + 4) return;
      const length = header + buffered.readInt32BE(header);
      if (buffered.length < length) return;
      if (started) take(buffered.toString("latin1", 0, 1), buffered.subarray(5, length));
      else started = buffered.readInt32BE(4) === START_OF_SESSION;
      buffered = buffered.subarray(length);
    }
  };
};
