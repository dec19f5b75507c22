/** An application's own routes, guarded by principal and organization, without a server. */
import { Membership } from "@beep/iam-domain";
import { Auth, Authentication, IamDb, IamHttp, PrincipalRequired, Tenancy, TenantRequired } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { CurrentActor, CurrentTenant, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Schema from "effect/Schema";
import { ServiceConnection } from "../src/db/ServiceConnection.ts";

const { Json } = Schema;

const who = HttpApiGroup.make("who")
  .add(HttpApiEndpoint.get("who", "/who", { success: Json }), HttpApiEndpoint.post("change", "/who", { success: Json }))
  .middleware(PrincipalRequired.PrincipalRequired);

const sessions = HttpApiGroup.make("sessions")
  .add(HttpApiEndpoint.post("end", "/sessions", { success: Json }))
  .middleware(Authentication.Authentication);

const tenant = HttpApiGroup.make("tenant")
  .add(
    HttpApiEndpoint.get("here", "/here", { success: Json }),
    HttpApiEndpoint.get("bare", "/bare", { success: Json }),
    HttpApiEndpoint.get("there", "/organizations/:organizationId", {
      params: { organizationId: SharedEntityIds.OrganizationId },
      success: Json,
    }),
  )
  .middleware(TenantRequired.TenantRequired)
  .middleware(PrincipalRequired.PrincipalRequired);

/** The application's definition. */
export const Api = HttpApi.make("application").add(who, sessions, tenant);

const principal = Effect.gen(function* () {
  const current = yield* PrincipalRequired.CurrentPrincipal;
  return { principal: { ...current }, actor: { ...(yield* CurrentActor) } } as Schema.Json;
});

/** What the handler sees of the organization: who it is there, and the members that the database shows. */
const inside = Effect.gen(function* () {
  const organizationId = yield* CurrentTenant;
  const { memberId, roles } = yield* Membership.CurrentMembership;
  const { db } = yield* IamDb.IamDb;
  const members = db.select({ id: IamDbSchema.member.id }).from(IamDbSchema.member);
  return {
    organizationId,
    memberId,
    roles: [...roles],
    actor: { ...(yield* CurrentActor) },
    within: (yield* Tenancy.within(organizationId)(members)).length,
    // Nothing but a scope sets the tenant, so that here no row is anybody's.
    without: (yield* members).length,
  } as Schema.Json;
}).pipe(Effect.orDie);

const handlers = Layer.mergeAll(
  HttpApiBuilder.group(Api, "who", (group) => group.handleAll({ who: () => principal, change: () => principal })),
  HttpApiBuilder.group(Api, "sessions", (group) => group.handle("end", () => Effect.succeed("ended"))),
  HttpApiBuilder.group(
    Api,
    "tenant",
    Effect.fnUntraced(function* (group) {
      const database = Context.pick(IamDb.IamDb, PgClient)(yield* Effect.context<IamDb.IamDb | PgClient>());
      const seen = () => Effect.provideContext(inside, database);
      return group.handleAll({
        here: seen,
        there: seen,
        bare: () => Effect.map(Membership.CurrentMembership, ({ roles }) => [...roles]),
      });
    }),
  ),
);

const routes = Layer.mergeAll(
  IamHttp.answering,
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide(handlers),
    Layer.provide([Authentication.layer, PrincipalRequired.layer, TenantRequired.layer]),
  ),
).pipe(Layer.provide(HttpServer.layerServices));

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** Reads an answer. */
export const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === "" ? undefined : JSON.parse(text),
  };
};

/** What answers requests to these routes. */
export const guarded = Effect.gen(function* () {
  // Not all that is there: a server that listens has a router of its own.
  const services = Context.pick(
    Auth.Auth,
    IamDb.IamDb,
    PgClient,
    ServiceConnection,
  )(yield* Effect.context<Auth.Auth | IamDb.IamDb | PgClient | ServiceConnection>());
  const { handler, dispose } = HttpRouter.toWebHandler(
    routes.pipe(Layer.provide(Layer.succeedContext(services)), Layer.provideMerge(Logger.layer([]))),
    { disableLogger: true },
  );
  yield* Effect.addFinalizer(() => Effect.promise(dispose));
  return (path: string, headers: HeadersInit = {}, method = "GET"): Effect.Effect<Answer> =>
    Effect.promise(async () =>
      answerOf(await handler(new Request(new URL(path, "http://localhost:3000"), { method, headers }))),
    );
});
