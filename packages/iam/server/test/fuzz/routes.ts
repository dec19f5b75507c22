/** The routes that are mounted, from what mounts them, and what each of them takes. */
import { IamHttp } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as Layer from "effect/Layer";
import * as Predicate from "effect/Predicate";
import * as Record from "effect/Record";
import { BASE_PATH } from "../../src/auth/betterAuth.ts";
import { at } from "../auth/browser.ts";
import { betterAuth } from "../auth/control.ts";
import { operations, schemas } from "../support/definition.ts";

/** As much of JSON Schema as Better Auth's schemas become. */
export interface JsonSchema {
  readonly type?: string | ReadonlyArray<string>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: ReadonlyArray<string>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: ReadonlyArray<JsonSchema>;
  readonly oneOf?: ReadonlyArray<JsonSchema>;
  readonly allOf?: ReadonlyArray<JsonSchema>;
  readonly enum?: ReadonlyArray<unknown>;
  readonly const?: unknown;
}

/** A method and a path, and the schemas of what goes with them. */
export interface Route {
  readonly method: string;
  /** Parameters stand as `:name`. */
  readonly path: string;
  readonly body?: JsonSchema | undefined;
  readonly query?: JsonSchema | undefined;
  /** Whether it takes its body as a form only. */
  readonly isForm?: boolean | undefined;
}

/** What a route is called in what is printed. */
export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** As much of an endpoint of Better Auth as its router reads. */
interface Endpoint {
  readonly path?: string;
  readonly options: {
    readonly method: string | ReadonlyArray<string>;
    readonly body?: unknown;
    readonly query?: unknown;
    readonly metadata?: { readonly SERVER_ONLY?: boolean; readonly allowedMediaTypes?: ReadonlyArray<string> };
  };
}

const schemaOf = (zod: unknown): JsonSchema | undefined =>
  Predicate.hasProperty(zod, "toJSONSchema") && Predicate.isFunction(zod.toJSONSchema)
    ? zod.toJSONSchema({ io: "input", unrepresentable: "any" })
    : undefined;

/** Better Auth's, by the same rule by which its router takes them. */
const authRoutes = Effect.map(
  betterAuth(),
  ({ api }): ReadonlyArray<Route> =>
    // The interface of the composed instance says of an operation only what the services use.
    Object.values(api as unknown as Readonly<Record<string, Endpoint>>).flatMap(({ path, options }) =>
      path === undefined || options.metadata?.SERVER_ONLY
        ? []
        : [options.method].flat().map((method) => ({
            method,
            path: `${BASE_PATH}${path}`,
            body: method === "GET" ? undefined : schemaOf(options.body),
            query: schemaOf(options.query),
            isForm: options.metadata?.allowedMediaTypes?.includes("application/json") === false,
          })),
    ),
);

const inlined = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (!Predicate.isObject(schema)) return schema;
  const name = /^#\/components\/schemas\/(.+)$/.exec(String(at(schema, "$ref")))?.[1];
  return name === undefined ? Record.map({ ...schema }, inlined) : inlined(schemas[name]);
};

/** A schema of our document, without references. Effect's type of it has any member. */
const resolved = (schema: unknown) => inlined(schema) as JsonSchema;

/** Our own, with what they take by their definition. */
const ownRoutes: ReadonlyArray<Route> = operations.map(({ method, path, operation }) => {
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const body = at(operation, "requestBody", "content", "application/json", "schema");
  return {
    method,
    path: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    body: body === undefined ? undefined : resolved(body),
    query:
      query.length === 0
        ? undefined
        : {
            type: "object",
            properties: Object.fromEntries(query.map(({ name, schema }) => [name, resolved(schema)])),
            required: query.flatMap(({ name, required }) => (required ? [name] : [])),
          },
  };
});

/** What `IamHttp.layer` adds to a router. */
const added = Effect.gen(function* () {
  const router = yield* HttpRouter.make;
  const routes: Array<Route> = [];
  const recording: HttpRouter.HttpRouter = {
    ...router,
    add: (method, path, ...rest) => {
      routes.push({ method, path });
      return router.add(method, path, ...rest);
    },
    addAll: (all) => {
      routes.push(...all);
      return router.addAll(all);
    },
  };
  yield* Effect.scoped(
    Layer.build(
      IamHttp.layer.pipe(Layer.provide([HttpServer.layerServices, Layer.succeed(HttpRouter.HttpRouter, recording)])),
    ),
  );
  return routes;
});

/** Every route, with what it takes. */
export const mounted = Effect.gen(function* () {
  const all = yield* added;
  const known = [...ownRoutes, ...(yield* authRoutes)];
  // Each by its own path; whatever method it is asked for is Better Auth's to refuse.
  const missing = known.filter(({ method, path }) => !all.some((one) => one.method === method && one.path === path));
  if (missing.length > 0) throw new Error(`Not mounted: ${missing.map(nameOf).join(", ")}.`);
  const isKnown = (route: Route) =>
    route.path.startsWith(`${BASE_PATH}/`) || known.some((one) => nameOf(one) === nameOf(route));
  return [...all.filter((route) => !isKnown(route)), ...known];
});
