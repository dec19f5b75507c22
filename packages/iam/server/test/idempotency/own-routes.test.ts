/** What the header does to an application's own routes, without a server. */
import {
  Auth,
  Authentication,
  IamHttp,
  Idempotency,
  IdempotencyKey,
  PrincipalRequired,
  Tenancy,
} from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Schema from "effect/Schema";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { type Answer, answerOf } from "../guarded.ts";

const Seen = Schema.Struct({ user: Schema.String, bare: Schema.Int, within: Schema.Int, after: Schema.Int });

const Api = HttpApi.make("application").add(
  HttpApiGroup.make("seen")
    .add(
      HttpApiEndpoint.post("seen", "/organizations/:organizationId/seen", {
        params: { organizationId: SharedEntityIds.OrganizationId },
        success: Seen,
      }),
      HttpApiEndpoint.post("status", "/status/:status", {
        params: { status: Schema.NumberFromString },
        success: Schema.String,
      }),
    )
    .middleware(IdempotencyKey.IdempotencyKey)
    .middleware(PrincipalRequired.PrincipalRequired),
);

/** What a handler sees that says in no scope what it wants, and what one sees that does. */
const seen = Effect.fnUntraced(function* (organizationId: SharedEntityIds.OrganizationId) {
  const client = yield* PgClient;
  const members = Effect.map(client`select from iam_members`, (rows) => rows.length);
  const [role] = yield* client<{ user: string }>`select current_user as user`;
  const bare = yield* members;
  const within = yield* Tenancy.within(organizationId)(members);
  return { user: role?.user ?? "", bare, within, after: yield* members };
}, Effect.orDie);

type Services = Auth.Auth | Idempotency.Idempotency | PgClient | ServiceConnection;

/** What answers requests to these routes; that for a status tells the how-manieth it is. */
const application = Effect.gen(function* () {
  const services = Context.pick(
    Auth.Auth,
    Idempotency.Idempotency,
    PgClient,
    ServiceConnection,
  )(yield* Effect.context<Services>());
  let asked = 0;
  const handlers = HttpApiBuilder.group(Api, "seen", (group) =>
    group.handleAll({
      seen: ({ params: { organizationId } }) => Effect.provideContext(seen(organizationId), services),
      status: ({ params: { status } }) =>
        Effect.sync(() => {
          asked += 1;
          return HttpServerResponse.jsonUnsafe(asked, { status });
        }),
    }),
  );
  const routes = Layer.mergeAll(IamHttp.answering, HttpApiBuilder.layer(Api).pipe(Layer.provide(handlers))).pipe(
    Layer.provide([Authentication.layer, PrincipalRequired.layer, IdempotencyKey.layer, HttpServer.layerServices]),
    Layer.provide(Layer.succeedContext(services)),
    Layer.provideMerge(Logger.layer([])),
  );
  const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true });
  yield* Effect.addFinalizer(() => Effect.promise(dispose));
  return (headers: Record<string, string>, path: string): Effect.Effect<Answer> =>
    Effect.promise(async () =>
      answerOf(await handler(new Request(new URL(path, "http://localhost:3000"), { method: "POST", headers }))),
    );
});

/** A user's own key, with which they ask. */
const keyOf = Effect.fnUntraced(function* (userId: SharedEntityIds.UserId) {
  const { api } = yield* Auth.Auth;
  const { key } = yield* api.createApiKey({ body: { userId, rateLimitEnabled: false } });
  return { "x-api-key": key };
});

for (const { name, services } of [
  { name: "PostgreSQL", services: IamTest.postgres() },
  { name: "the embedded database", services: IamTest.embedded },
]) {
  layer(services, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("IDM-1: a key shows a handler nothing that it would not see without", () =>
      Effect.gen(function* () {
        const send = yield* application;
        const ann = yield* IamTest.signedUp("ann");
        const { id } = yield* IamTest.organizationOf(ann, "acme");
        yield* IamTest.organizationOf(yield* IamTest.signedUp("bob"), "bobs");
        const headers = yield* keyOf(ann.id);
        const without = yield* send(headers, `/organizations/${id}/seen`);
        assert.strictEqual(without.status, 200, without.text);
        assert.deepInclude(without.json, { bare: 0, within: 1, after: 0 });
        const keyed = { ...headers, "idempotency-key": "seen" };
        const within = yield* send(keyed, `/organizations/${id}/seen`);
        assert.deepStrictEqual(within.json, without.json);
        const again = yield* send(keyed, `/organizations/${id}/seen`);
        assert.deepStrictEqual([again.text, again.headers.get("idempotent-replayed")], [within.text, "true"]);
      }),
    );

    it.effect("IDM-1: what says to come back is no answer to whoever does, and every other refusal is one", () =>
      Effect.gen(function* () {
        const send = yield* application;
        const cat = yield* keyOf((yield* IamTest.signedUp("cat")).id);
        const twice = Effect.fnUntraced(function* (status: number) {
          const asking = send({ ...cat, "idempotency-key": `key-${status}` }, `/status/${status}`);
          const [first, second] = [yield* asking, yield* asking];
          assert.deepStrictEqual([first.status, second.status], [status, status]);
          return first.json === second.json;
        });
        for (const status of [400, 401, 408, 425, 429, 500, 503]) assert.isFalse(yield* twice(status), `${status}`);
        for (const status of [200, 402, 403, 404, 409, 410, 412, 422, 423]) {
          assert.isTrue(yield* twice(status), `${status}`);
        }
      }),
    );
  });
}
