/** Better Auth's routes. */
import * as Effect from "effect/Effect";
import * as HttpMethod from "effect/http/HttpMethod";
import * as HttpRouter from "effect/http/HttpRouter";
import type * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpServerRespondable from "effect/http/HttpServerRespondable";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as ProblemDetails from "effect/http/ProblemDetails";
import * as Predicate from "effect/Predicate";
import { Auth } from "../auth/Auth.ts";
import { BASE_PATH } from "../auth/betterAuth.ts";
import { type Settings, settings } from "../auth/settings.ts";
import { clientAddress } from "./clientAddress.ts";
import { headerOf } from "./IdempotencyKey.ts";
import { IdempotencyKeyUnsupported, ofStatus } from "./problem.ts";
import { asScimError, isScim } from "./scimError.ts";

/**
 * A request to Better Auth is several transactions, on purpose: what counts attempts stays when the request is refused, and
 * neither a password is hashed in one nor another server asked. None of them could hold a key with its answer.
 */
const demandNoKey = (request: HttpServerRequest.HttpServerRequest) =>
  headerOf(request) === undefined
    ? Effect.void
    : Effect.fail(
        new IdempotencyKeyUnsupported({
          detail: "This route does not remember keys. Without one, look before you send a change again.",
        }),
      );

/** The request for Better Auth. Whatever its sender claims, the server's address is the configured one. */
const toAuth = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, { baseUrl }: Settings) {
  // Read as a whole, because only then is its length limited.
  const body = HttpMethod.hasBody(request.method) ? yield* request.arrayBuffer : new ArrayBuffer();
  return new Request(`${baseUrl.origin}${request.url}`, {
    method: request.method,
    headers: request.headers,
    body: body.byteLength > 0 ? body : null,
  });
});

/**
 * An error of Better Auth as problem details. Its own members stay, so that its clients understand it; errors in the form
 * of another specification, which have an `error` or a media type of their own, stay as they are.
 */
const asProblem = async (response: Response): Promise<Response> => {
  const type = response.headers.get("content-type") ?? "application/json";
  if (response.status < 400 || !type.startsWith("application/json")) return response;
  const text = await response.clone().text();
  const body: unknown = text === "" ? {} : JSON.parse(text);
  if (!Predicate.isObject(body) || "error" in body) return response;
  const { message, ...members } = { message: undefined, ...body };
  const headers = new Headers(response.headers);
  headers.set("content-type", ProblemDetails.contentType);
  headers.delete("content-length");
  const problem = ofStatus(response.status);
  return new Response(JSON.stringify({ ...problem, detail: message, message, ...members }), {
    status: response.status,
    statusText: problem.title,
    headers,
  });
};

/** An error in the form that its client knows. */
const asError = (url: string, response: Response): Promise<Response> => {
  // Better Auth has a name of its own for what HTTP calls Retry-After.
  const retryAfter = response.headers.get("x-retry-after");
  if (retryAfter !== null) response.headers.set("retry-after", retryAfter);
  return isScim(url) ? asScimError(response) : asProblem(response);
};

/** In characters, as of an address that everything on the way takes (RFC 9110, 4.1). */
const MAX_LOCATION = 8_000;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * Where clients look for what the server can do as an OAuth and OpenID provider, whose issuer is its origin: OpenID Connect
 * Discovery 1.0, section 4, and RFC 8414, section 3.
 */
const discovery = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] as const;

/** Every route of Better Auth, below its base path, and those that have their place at the origin's root. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const auth = yield* Auth;
    const stated = yield* settings;
    const handler = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
      const response = yield* demandNoKey(request).pipe(
        Effect.andThen(toAuth(request, stated)),
        Effect.flatMap((web) => auth.handler(web, clientAddress(request, stated))),
        // A key, or too long a body.
        Effect.catch((error) => Effect.map(HttpServerRespondable.toResponse(error), HttpServerResponse.toWeb)),
      );
      // A client's own words, handed on by a redirection. No browser follows one that long, and some break on its headers.
      if ((response.headers.get("location")?.length ?? 0) > MAX_LOCATION)
        return ProblemDetails.toResponse(ofStatus(413));
      return HttpServerResponse.fromWeb(yield* Effect.promise(() => asError(request.url, response)));
    });
    // Each by its own path, by which telemetry names it: the address itself may hold a token.
    for (const path of [...auth.paths, "/*"]) {
      yield* Effect.forEach(methods, (method) => router.add(method, `${BASE_PATH}${path}`, handler), { discard: true });
    }
    for (const path of discovery) yield* router.add("GET", path, handler);
  }),
);
