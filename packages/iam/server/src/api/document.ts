/** The OpenAPI document of everything that is served, and the page that shows it. */
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as ProblemDetails from "effect/http/ProblemDetails";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as HttpApiScalar from "effect/http-api/HttpApiScalar";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Layer from "effect/Layer";
import * as Predicate from "effect/Predicate";
import * as Record from "effect/Record";
import { Auth } from "../auth/Auth.ts";
import { BASE_PATH, type OpenApiDocument } from "../auth/betterAuth.ts";
import { settings } from "../auth/settings.ts";
import { IamApi } from "./IamApi.ts";
import { showKeys } from "./IdempotencyKey.ts";
import { Problem } from "./problem.ts";

type Json = Readonly<Record<string, unknown>>;

/** What Better Auth's document has, although its type does not say so. */
interface AuthDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json };
}

interface Operation {
  readonly tags?: ReadonlyArray<string>;
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}

/** OpenAPI 3.1 has the types of JSON Schema, where `null` is one; `nullable` was OpenAPI 3.0's. */
const withNull = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withNull);
  if (!Predicate.isObject(value)) return value;
  const members: Json = Record.map({ ...value }, withNull);
  if (members.nullable !== true) return members;
  const { nullable: _, ...rest } = members;
  return {
    ...rest,
    type: [rest.type, "null"],
    ...(Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}),
  };
};

const problem = { [ProblemDetails.contentType]: { schema: { $ref: "#/components/schemas/Problem" } } };

/** Better Auth's own name for its core, "Default", says nothing beside the names of others. */
const renamed = (tag: string): string => (tag === "Default" ? core.name : tag);

const core = { name: "Authentication", description: "Signing up and in, sessions, and the account." };

/** One of Better Auth's operations, in the terms of this document. */
const asOwn = ({ responses, tags, ...operation }: Operation) => ({
  ...operation,
  tags: tags?.map(renamed),
  // Which operations need a session it does not say.
  security: [{}, { session: [] }],
  responses: Record.map(responses, (response, status) =>
    Number(status) < 400 ? response : { description: response.description, content: problem },
  ),
});

/** Adds Better Auth's part to the document of our own API. */
const join = (auth: OpenApiDocument, baseUrl: URL) => (own: OpenApi.OpenAPISpec) => {
  const { components, paths } = withNull(auth) as AuthDocument;
  const twice = Object.keys(components.schemas).filter((name) => name in own.components.schemas);
  if (twice.length > 0) throw new Error(`Better Auth has schemas of these names too: ${twice.join(", ")}.`);
  return {
    ...own,
    servers: [{ url: baseUrl.origin }],
    tags: [...own.tags, core],
    paths: {
      ...own.paths,
      ...Object.fromEntries(
        Object.entries(paths).map(([path, operations]) => [`${BASE_PATH}${path}`, Record.map(operations, asOwn)]),
      ),
    },
    components: { ...own.components, schemas: { ...own.components.schemas, ...components.schemas } },
  };
};

/** Nothing is loaded from elsewhere, and nothing is sent elsewhere either. The page has its script and styles within. */
const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const withPolicy = HttpRouter.middleware(
  Effect.map(HttpServerResponse.setHeader("content-security-policy", policy)),
).layer;

/** Scalar, without its fonts and without what leads to its makers' services; their types do not have all of it. */
const scalar = { withDefaultFonts: false, showDeveloperTools: "never", hideClientButton: true, telemetry: false };

/** `/openapi.json`, the reference page `/docs`, and the routes of `IamApi` themselves. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const auth = yield* Auth;
    const { baseUrl } = yield* settings;
    const joined = join(yield* auth.openApi, baseUrl);
    const documented = IamApi.annotate(HttpApi.AdditionalSchemas, [Problem]).annotate(
      OpenApi.Transform,
      // The annotation is typed for any part of a document; that of an API is given the whole.
      (document) => joined(showKeys(document as OpenApi.OpenAPISpec)),
    );
    return Layer.merge(
      HttpApiBuilder.layer(documented, { openapiPath: "/openapi.json" }),
      HttpApiScalar.layer(documented, { path: "/docs", scalar }).pipe(Layer.provide(withPolicy)),
    );
  }),
);
