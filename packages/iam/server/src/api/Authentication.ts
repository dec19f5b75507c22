/** Who calls: guards an `HttpApi`'s routes, an application's own too, and tells their handlers whose session it is. */
import { CurrentActor } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type { CurrentSession as Session } from "../auth/Api.ts";
import { Auth } from "../auth/Auth.ts";
import { identified } from "./identified.ts";
import { demandTrustedOrigin } from "./origin.ts";
import { OriginRefused, Unauthorized } from "./problem.ts";

/** The session of the request, and its user. */
export class CurrentSession extends Context.Service<CurrentSession, Session>()(
  "@beep/iam-server/api/Authentication/CurrentSession",
) {}

/** The cookie that signing in sets. */
export const sessionCookie = HttpApiSecurity.apiKey({ in: "cookie", key: "better-auth.session_token" }).pipe(
  HttpApiSecurity.annotate(
    OpenApi.Description,
    "The cookie that signing in sets. Over HTTPS its name begins with `__Secure-`.",
  ),
);

/**
 * Lets a request through that carries a live session. Its handler has it as `CurrentSession`, and runs in the name of
 * its user (`CurrentActor`); without one the answer is 401. A change by a cookie that a page of somebody else may have sent
 * is 403.
 */
export class Authentication extends HttpApiMiddleware.Service<Authentication, { provides: CurrentSession }>()(
  "@beep/iam-server/api/Authentication",
  { error: [Unauthorized, OriginRefused], security: { session: sessionCookie } },
) {}

const make = Effect.gen(function* () {
  const auth = yield* Auth;
  return Authentication.of({
    // Which of the request's headers make a session, and whether a cookie's signature holds, is for Better Auth to say.
    session: Effect.fnUntraced(function* (handler) {
      const request = yield* HttpServerRequest.HttpServerRequest;
      const { session: current } = yield* identified(auth.authenticate(new Headers(request.headers)));
      if (Option.isNone(current)) return yield* new Unauthorized();
      if (request.headers.cookie !== undefined) yield* demandTrustedOrigin(request, auth);
      const { session, user } = current.value;
      return yield* handler.pipe(
        Effect.provideService(CurrentSession, current.value),
        Effect.provideService(CurrentActor, {
          _tag: "User",
          userId: user.id,
          impersonatedBy: session.impersonatedBy,
        }),
      );
    }),
  });
});

/** Authentication by Better Auth's sessions. */
export const layer: Layer.Layer<Authentication, never, Auth> = Layer.effect(Authentication, make);
