/**
 * Changes that are made once, however often a client asks for them: guards an `HttpApi`'s routes, an application's own too,
 * by the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
 */
import { KeyOwner } from "@beep/iam-domain";
import type { Principal } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as HttpEffect from "effect/http/HttpEffect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpServerRespondable from "effect/http/HttpServerRespondable";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import type * as OpenApi from "effect/http-api/OpenApi";
import * as Layer from "effect/Layer";
import * as Predicate from "effect/Predicate";
import * as Record from "effect/Record";
import type * as Types from "effect/Types";
import { type Answer, Idempotency } from "../idempotency/Idempotency.ts";
import { CurrentPrincipal } from "./PrincipalRequired.ts";
import { IdempotencyKeyInUse, IdempotencyKeyMalformed, IdempotencyKeyReused, OutcomeUnknown } from "./problem.ts";

/** The header, as documents write it. */
const HEADER = "Idempotency-Key";

/** Methods that change nothing, for which a key means nothing. */
const reading: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Makes a change once that is sent with a key: the effect and its answer are one transaction. The same request with the same
 * key gets the same answer, with `Idempotent-Replayed: true`; while the first goes on it waits, and after ten seconds is 409
 * with `Retry-After`. Another request with the key is 422, and a key that is none 400. A key belongs to who asks.
 *
 * What is refused by a handler (403, 404, 409, …) is kept too: it is the answer to this request. What asks to be sent again
 * (400, 401, 408, 425, 429) is not, and neither is a 500: each undoes what was done. Without a key nothing is different, and
 * with one a handler is in the scope that it would be in without.
 *
 * It wants a principal: on an endpoint or a group `PrincipalRequired` comes after it, and so around it; `TenantRequired` comes
 * before it. Its handlers' statements join the transaction by themselves; they answer with what is in memory, and no stream.
 */
export class IdempotencyKey extends HttpApiMiddleware.Service<IdempotencyKey, { requires: CurrentPrincipal }>()(
  "@beep/iam-server/api/IdempotencyKey",
  { error: [IdempotencyKeyMalformed, IdempotencyKeyInUse, IdempotencyKeyReused, OutcomeUnknown] },
) {}

/** The header of a request that may change something. */
export const headerOf = ({ headers, method }: HttpServerRequest.HttpServerRequest): string | undefined =>
  reading.has(method) ? undefined : headers[HEADER.toLowerCase()];

/** The key in the header: a string of structured fields (RFC 9651), or as most clients send it, without the quotes. */
const keyIn = (header: string): string | undefined => {
  const quoted = /^"((?:[ !#-[\]-~]|\\["\\]){1,255})"$/.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, "$1");
  return quoted ?? /^[!#-+\--[\]-~]{1,255}$/.exec(header)?.[0];
};

/** Who may see each other's answers: a key or a token that is limited sees none but its own. */
const actorOf = (principal: Principal.Principal): string => {
  if (principal._tag === "System") return JSON.stringify([principal.name]);
  const { credential } = principal;
  const by =
    credential._tag === "Session"
      ? []
      : credential._tag === "ApiKey"
        ? [credential.apiKeyId]
        : [credential.clientId, ...credential.scopes.toSorted()];
  return JSON.stringify(
    principal._tag === "User" ? [principal.userId, principal.impersonatedBy, ...by] : [principal.organizationId, ...by],
  );
};

const ownerOf = (principal: Principal.Principal): KeyOwner.KeyOwner => {
  switch (principal._tag) {
    case "User":
      return KeyOwner.user(principal.userId);
    case "Organization":
      return KeyOwner.organization(principal.organizationId);
    case "System":
      return KeyOwner.installation;
  }
};

/** What is kept of a response; cookies are not the change's, and are for the browser that asks. */
const kept = ({ body, headers, status }: HttpServerResponse.HttpServerResponse): Effect.Effect<Answer> => {
  if (body._tag !== "Uint8Array" && body._tag !== "Empty") {
    return Effect.die(new Error("The answer to a change that has a key is not kept where it is a stream."));
  }
  return Effect.succeed({
    status,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "set-cookie")),
    body: body._tag === "Empty" ? null : Buffer.from(body.body).toString("base64"),
  });
};

const responseOf = ({ body, headers, status }: Answer): HttpServerResponse.HttpServerResponse =>
  body === null
    ? HttpServerResponse.empty({ status, headers })
    : HttpServerResponse.uint8Array(Buffer.from(body, "base64"), {
        status,
        headers,
        contentType: headers["content-type"] ?? "application/octet-stream",
      });

/** A refusal is an answer; what is none, a defect say, undoes what was done. */
const answered = <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  handler.pipe(
    Effect.catch((error) =>
      HttpServerRespondable.isRespondable(error) ? HttpServerRespondable.toResponse(error) : Effect.fail(error),
    ),
    Effect.flatMap(kept),
  );

type Refused = IdempotencyKeyReused | IdempotencyKeyInUse | OutcomeUnknown | Types.unhandled;

/**
 * What tells the client that nothing was begun, and to send it again: mended (400), as somebody (401), faster (408), safely
 * (425), or later (429).
 */
const unbegun: ReadonlySet<number> = new Set([400, 401, 408, 425, 429]);

const isKept = ({ status }: Answer): boolean => !unbegun.has(status) && status < 500;

const make = Effect.gen(function* () {
  const { once } = yield* Idempotency;
  return IdempotencyKey.of(
    Effect.fnUntraced(function* (handler) {
      const request = yield* HttpServerRequest.HttpServerRequest;
      const header = headerOf(request);
      if (header === undefined) return yield* handler;
      const key = keyIn(header);
      if (key === undefined) return yield* new IdempotencyKeyMalformed();
      const principal = yield* CurrentPrincipal;
      const { pathname, search } = new URL(request.originalUrl, "http://localhost");
      const body = yield* Effect.orDie(request.text);
      const asked = {
        actor: actorOf(principal),
        owner: ownerOf(principal),
        key,
        request: JSON.stringify([request.method, pathname, search, request.headers["content-type"] ?? "", body]),
      };
      const given = yield* once(
        asked,
        isKept,
      )(answered(handler)).pipe(
        Effect.catch((error): Effect.Effect<never, Refused, HttpServerRequest.HttpServerRequest> => {
          if (Predicate.isTagged(error, "KeyReused")) return Effect.fail(new IdempotencyKeyReused());
          if (Predicate.isTagged(error, "CommitUnknown")) return Effect.fail(new OutcomeUnknown());
          if (Predicate.isTagged(error, "SqlError")) return Effect.die(error);
          if (!Predicate.isTagged(error, "KeyInUse")) return Effect.fail(error);
          const later = HttpEffect.appendPreResponseHandler((_, response) =>
            Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", "1")),
          );
          return Effect.andThen(later, Effect.fail(new IdempotencyKeyInUse()));
        }),
      );
      const response = responseOf(given.answer);
      return given.isReplayed ? HttpServerResponse.setHeader(response, "idempotent-replayed", "true") : response;
    }),
  );
});

/** Keys in the database. */
export const layer: Layer.Layer<IdempotencyKey, never, Idempotency> = Layer.effect(IdempotencyKey, make);

const parameter: OpenApi.OpenAPISpecParameter = {
  name: HEADER,
  in: "header",
  required: false,
  description:
    "A random text, a UUID for instance: a change that is sent once more with the same one is made once, and answered alike.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/**
 * Adds the header to every change in an OpenAPI document: for the `OpenApi.Transform` of an API whose changes all have the
 * middleware.
 */
export const showKeys = (document: OpenApi.OpenAPISpec): OpenApi.OpenAPISpec => ({
  ...document,
  paths: Record.map(document.paths, (item) => {
    const shown = { ...item };
    for (const method of ["post", "put", "patch", "delete"] as const) {
      const operation = shown[method];
      if (operation !== undefined) shown[method] = { ...operation, parameters: [...operation.parameters, parameter] };
    }
    return shown;
  }),
});
