/** Endpoints that receive webhooks: real servers on this machine, each of which behaves in its way. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";

/** A request, as it came. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly target: string | null;
  readonly organization: string | null;
}

/** How a request is answered. */
export type Answers = (response: ServerResponse, received: Received) => void;

export const answers = {
  taken: (response) => response.writeHead(204).end(),
  down: (response) => response.writeHead(503).end(),
  gone: (response) => response.writeHead(410).end(),
} satisfies Record<string, Answers>;

const flat = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** An endpoint, for as long as the scope is open. How it answers may be changed. */
export const receiver = Effect.fnUntraced(function* (initially: Answers = answers.taken) {
  const received = yield* Queue.unbounded<Received>();
  const endpoint = { answer: initially };
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString("utf8");
    const { data, type } = JSON.parse(body);
    const headers = flat(request.headers);
    const { organization, target } = data;
    const one = { id: headers["webhook-id"] ?? "", type, body, headers, target, organization };
    Queue.offerUnsafe(received, one);
    endpoint.answer(response, one);
  });
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void));
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections();
        server.close();
      }),
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return Object.assign(endpoint, {
    port: port ?? 0,
    url: `http://127.0.0.1:${port}/hook`,
    next: Queue.take(received),
    /** All that has come and was not asked for. */
    all: Queue.clear(received),
  });
});
