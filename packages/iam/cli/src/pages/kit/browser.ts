/** The browser that asks: what it may post, what Better Auth answers it, and where it goes next. */
import { Auth, type CurrentSession, IamHttp } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Cookies from "effect/http/Cookies";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import { withQuery } from "./address.ts";
import { Site } from "./Site.ts";

type Response = HttpServerResponse.HttpServerResponse;

/** The address of the request, whatever its sender calls the server. */
export const requested = Effect.gen(function* () {
  const { url } = yield* HttpServerRequest.HttpServerRequest;
  const { settings } = yield* Site;
  return new URL(`${settings.baseUrl.origin}${url}`);
});

/**
 * Whether a form was sent by one of the server's own pages. Cookies that are `SameSite=Lax` keep other sites' forms from
 * acting for a user; this also keeps them from signing somebody in, for which no cookie is needed.
 */
export const isOwnForm = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest;
  const { settings } = yield* Site;
  const site = headers["sec-fetch-site"];
  return headers.origin === settings.baseUrl.origin && (site === undefined || site === "same-origin");
});

/** What Better Auth answered. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  /** Its error's code, or nothing. */
  readonly code: string;
  /** Its error's words, or nothing. */
  readonly message: string;
  /** Seconds after which it may be asked again, where it was asked too often. */
  readonly retryAfter: string | undefined;
  readonly json: unknown;
  /** Its members, where it is an object. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly cookies: Cookies.Cookies;
}

/** A member of an answer that is text. */
export const textOf = (body: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
};

const answered = Effect.fnUntraced(function* (path: string, init: { readonly method: string; readonly body?: string }) {
  const request = yield* HttpServerRequest.HttpServerRequest;
  const { settings } = yield* Site;
  const auth = yield* Auth.Auth;
  const { cookie, "user-agent": agent } = request.headers;
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/json",
    origin: settings.baseUrl.origin,
    ...(cookie === undefined ? {} : { cookie }),
    ...(agent === undefined ? {} : { "user-agent": agent }),
  });
  const response = yield* auth.handler(
    new Request(new URL(`${Auth.BASE_PATH}${path}`, settings.baseUrl), { ...init, headers }),
    IamHttp.clientAddress(request, settings),
  );
  const text = yield* Effect.promise(() => response.text());
  const json: unknown = text === "" ? {} : JSON.parse(text);
  const body = Predicate.isObject(json) ? { ...json } : {};
  return {
    ok: response.ok,
    status: response.status,
    code: textOf(body, "code") ?? textOf(body, "error") ?? "",
    message: textOf(body, "message") ?? textOf(body, "error_description") ?? "",
    retryAfter: response.headers.get("x-retry-after") ?? undefined,
    json,
    body,
    cookies: Cookies.fromSetCookie(response.headers.getSetCookie()),
  } satisfies Answer;
});

/**
 * Calls one of Better Auth's operations as the browser itself would, so that its rate limits, hooks and cookies apply.
 *
 * @param path of the operation, below `/api/auth`
 * @param body as JSON
 */
export const call = (path: `/${string}`, body: Readonly<Record<string, unknown>> = {}) =>
  answered(path, { method: "POST", body: JSON.stringify(body) });

/** Asks one of those operations that only read. */
export const read = (path: `/${string}`, query: Readonly<Record<string, string>> = {}) =>
  answered(withQuery(path, query), { method: "GET" });

/** Sends the browser on, by GET. */
export const seeOther = (location: string, cookies: Cookies.Cookies = Cookies.empty): Response =>
  HttpServerResponse.redirect(location, { status: 303, cookies, headers: { "cache-control": "no-store" } });

/** The headers by which Better Auth knows the browser. */
export const headersOf: Effect.Effect<Headers, never, HttpServerRequest.HttpServerRequest> = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ headers }) => new Headers(headers),
);

/** Whose session the browser has, if it has one. */
export const session: Effect.Effect<
  Option.Option<CurrentSession>,
  never,
  Auth.Auth | HttpServerRequest.HttpServerRequest
> = Effect.gen(function* () {
  const auth = yield* Auth.Auth;
  // A cookie that nobody can read is no session.
  return yield* Effect.orElseSucceed(auth.session(yield* headersOf), Option.none);
});

/** A signed-in visitor. */
export interface Visitor extends CurrentSession {
  /** By which the operations know them. */
  readonly headers: Headers;
}

/** Answers who is signed in, and sends everybody else to sign in first. */
export const signedIn = <E, R>(answer: (visitor: Visitor) => Effect.Effect<Response, E, R>) =>
  Effect.gen(function* () {
    const auth = yield* Auth.Auth;
    const { pages } = yield* Site;
    const headers = yield* headersOf;
    const found = yield* Effect.option(auth.authenticate(headers));
    if (Option.isNone(found) || Option.isNone(found.value.session)) {
      const { method } = yield* HttpServerRequest.HttpServerRequest;
      const { pathname, search } = yield* requested;
      const next = method === "GET" ? `${pathname}${search}` : pages.account.address;
      return seeOther(withQuery(pages.signIn.address, { next }));
    }
    const response = yield* answer({ ...found.value.session.value, headers });
    // A session that was prolonged; what the answer itself sets stands.
    return HttpServerResponse.replaceCookies(
      response,
      Cookies.merge(Cookies.fromSetCookie(found.value.setCookies), response.cookies),
    );
  });
