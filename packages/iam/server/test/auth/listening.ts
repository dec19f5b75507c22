/** The server that users get, on a port of its own: for counterparts that speak HTTP themselves. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { IamHttp } from "@beep/iam-server";
import { freePort, IamTest, TestDatabase } from "@beep/testing";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { type Browser, browserOf } from "./browser.ts";

/** Sends a request as a browser's navigation is sent: `fetch` would say of itself that a script asks. */
const navigate = async (asked: Request): Promise<Response> => {
  const headers = { accept: "text/html", ...Object.fromEntries(asked.headers) };
  const sent = request(asked.url, { method: asked.method, headers, agent: false });
  sent.end(Buffer.from(await asked.arrayBuffer()));
  const [answered]: Array<IncomingMessage> = await once(sent, "response");
  if (answered === undefined) throw new Error("There is no answer.");
  const body = await buffer(answered);
  const received = new Headers();
  for (const [name, values] of Object.entries(answered.headersDistinct)) {
    for (const value of values ?? []) received.append(name, value);
  }
  return new Response(body.length > 0 ? body : null, { status: answered.statusCode ?? 500, headers: received });
};

/** A server that listens. */
export class Listening extends Context.Service<
  Listening,
  {
    /** Its origin. */
    readonly url: string;
    /** A browser without a session. */
    readonly open: () => Browser;
  }
>()("test/auth/Listening") {}

type Settings = Readonly<Record<string, string>>;

/**
 * A server, without the log: what these tests provoke would fill the screen.
 *
 * @param services the identity services, with settings of the test's own
 * @param more what else is set
 */
export const listeningOn = <More, E>(
  services: (settings: Settings) => Layer.Layer<IamTest.Provided | More, E>,
  more: Settings = {},
) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const url = `http://localhost:${yield* freePort}`;
      const stated = { IAM_BASE_URL: url, IAM_OAUTH_SCOPES: "orders:read", ...more };
      const server = HttpRouter.serve(Layer.mergeAll(IamHttp.layer, IamHttp.answering), {
        disableListenLog: true,
        disableLogger: true,
      }).pipe(
        Layer.provide([
          NodeHttpServer.layer(createServer, { port: Number(new URL(url).port) }),
          NodeHttpServer.layerHttpServices,
          ConfigProvider.layer(ConfigProvider.fromUnknown({ ...stated, IAM_SECRET: IamTest.secret })),
        ]),
      );
      const open = () => browserOf(url, (asked) => Effect.promise(() => navigate(asked)));
      return Layer.merge(server, Layer.succeed(Listening, { url, open })).pipe(
        Layer.provideMerge(services(stated)),
        Layer.provideMerge(Logger.layer([])),
      );
    }),
  );

/** A server on a PostgreSQL database of its own. */
export const listening = listeningOn((settings) =>
  Layer.provideMerge(IamTest.configured(settings), TestDatabase.layer()),
);
