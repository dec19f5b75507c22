/** What a client really sends: a proxy in front of a PostgreSQL server that writes down every statement. */
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import * as Proxy from "./Proxy.ts";
import type { Parameter } from "./statements/bound.ts";
import * as Session from "./statements/session.ts";

/** What a statement is for: to begin and end transactions, to enter a scope of the services', or the work itself. */
export type Purpose = "control" | "scope" | "work";

/** A statement that was executed. */
export interface Sent {
  readonly purpose: Purpose;
  readonly text: string;
  readonly params: ReadonlyArray<Parameter>;
}

/** How many of each were sent. */
export interface Count {
  /** Those that do the work. */
  readonly statements: number;
  /** Those that begin and end transactions and savepoints. */
  readonly control: number;
  /** Those that take a role, and name an organization, for a transaction. */
  readonly scope: number;
  /**
   * How often the client waited until all that it had sent was answered. Where it sends on before an answer, how often
   * the server had nothing left to do.
   */
  readonly roundTrips: number;
}

/** What was sent while an effect ran. */
export interface Watched<A> {
  readonly result: A;
  /** The texts of those that do the work, in their order. */
  readonly statements: ReadonlyArray<string>;
  /** All of them, in their order. */
  readonly sent: ReadonlyArray<Sent>;
  readonly count: Count;
}

/** A watched address. */
export interface Statements {
  /** Leads to the same database, by the proxy. */
  readonly url: Redacted.Redacted;
  /** Runs an effect, and gives what was sent meanwhile. Opening a connection is not counted. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Watched<A>, E, R>;
}

/** Watches a database's address until the scope closes. */
export const watch = Effect.fnUntraced(function* (
  upstream: Redacted.Redacted,
): Effect.fn.Return<Statements, never, Scope.Scope> {
  const executed: Array<Sent> = [];
  let answers = 0;
  const observer: Session.Observer = {
    executed: (text, params) => executed.push({ purpose: purposeOf(text), text, params }),
    answered: () => answers++,
  };
  const url = new URL(Redacted.value(upstream));
  const port = yield* Proxy.make(Proxy.upstreamOf(url), (client, database) => {
    const session = Session.read(observer);
    client.on("data", session.client).pipe(database);
    database.on("data", session.server).pipe(client);
  });
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: Redacted.make(url.href),
    during: (effect) =>
      Effect.suspend(() => {
        const [from, before] = [executed.length, answers];
        return Effect.map(effect, (result) => {
          const sent = executed.slice(from);
          const textsOf = (purpose: Purpose) => sent.filter((each) => each.purpose === purpose).map(({ text }) => text);
          const statements = textsOf("work");
          return {
            result,
            statements,
            sent,
            count: {
              statements: statements.length,
              control: textsOf("control").length,
              scope: textsOf("scope").length,
              roundTrips: answers - before,
            },
          };
        });
      }),
  };
});

const control =
  /^\s*(?:begin|start\s+transaction|set\s+transaction|savepoint|release|commit|end|rollback|abort|prepare\s+transaction)\b/i;

/** As the scopes of `@beep/iam-server` are entered. */
const scope = /^\s*select\s+set_config\('role',/i;

const purposeOf = (text: string): Purpose => {
  if (control.test(text)) return "control";
  return scope.test(text) ? "scope" : "work";
};
