/** Who calls, by whichever credential: guards an `HttpApi`'s routes, an application's own too. */
import { Principal, type SharedEntityIds } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpEffect from "effect/http/HttpEffect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { Auth } from "../auth/Auth.ts";
import { API_KEY_HEADER, type Presented, presented } from "../auth/principals/credentials.ts";
import { sessionCookie } from "./Authentication.ts";
import { identified } from "./identified.ts";
import { demandTrustedOrigin } from "./origin.ts";
import { OriginRefused, Unauthorized } from "./problem.ts";

/** Who makes the request, as it was verified. */
export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal.Principal>()(
  "@beep/iam-server/api/PrincipalRequired/CurrentPrincipal",
) {}

/** The organization that the request's session is in at the moment, if it has a session. */
export const ActiveOrganization = Context.Reference<SharedEntityIds.OrganizationId | null>(
  "@beep/iam-server/api/PrincipalRequired/ActiveOrganization",
  { defaultValue: () => null },
);

const apiKey = HttpApiSecurity.apiKey({ in: "header", key: API_KEY_HEADER }).pipe(
  HttpApiSecurity.annotate(OpenApi.Description, "A key of a user or of an organization."),
);

const accessToken = HttpApiSecurity.bearer.pipe(
  HttpApiSecurity.annotate(
    OpenApi.Description,
    "An access token of the OAuth provider, opaque or, where it is for this server, signed.",
  ),
);

/**
 * Lets a request through whose credential holds. Its handler has the principal as `CurrentPrincipal`, and runs in its name
 * (`CurrentActor`); without one the answer is 401. A change by a cookie that a page of somebody else may have sent is 403.
 *
 * A key and a token may be limited to some actions: what is done with them is for the handler to decide, as `Membership`
 * does within an organization.
 *
 * What a scheme needs of the request, every middleware is given:
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class PrincipalRequired extends HttpApiMiddleware.Service<PrincipalRequired, { provides: CurrentPrincipal }>()(
  "@beep/iam-server/api/PrincipalRequired",
  { error: [Unauthorized, OriginRefused], security: { apiKey, accessToken, session: sessionCookie } },
) {}

/** Says that it is for want of a credential (RFC 9110, section 15.5.2). */
const challenge = HttpEffect.appendPreResponseHandler((_, response) =>
  Effect.succeed(HttpServerResponse.setHeader(response, "www-authenticate", "Bearer")),
);

const make = Effect.gen(function* () {
  const auth = yield* Auth;

  /** One scheme after the other is tried, and only that one verifies whose credential counts. */
  const by = (...schemes: ReadonlyArray<Presented["_tag"]>) =>
    Effect.fnUntraced(function* <E, R>(
      handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | CurrentPrincipal>,
    ) {
      const request = yield* HttpServerRequest.HttpServerRequest;
      const headers = new Headers(request.headers);
      const scheme = presented(headers)._tag;
      if (!schemes.includes(scheme)) return yield* new Unauthorized();
      const { principal, session } = yield* identified(auth.principal(headers));
      if (Option.isNone(principal)) return yield* new Unauthorized();
      if (scheme === "Cookie") yield* demandTrustedOrigin(request, auth);
      const active = Option.map(session, (current) => current.session.activeOrganizationId);
      return yield* handler.pipe(
        Effect.provideService(CurrentPrincipal, principal.value),
        Effect.provideService(ActiveOrganization, Option.getOrNull(active)),
        Principal.acting(principal.value),
      );
    });

  const bySession = by("Cookie");
  return PrincipalRequired.of({
    apiKey: by("ApiKey"),
    accessToken: by("AccessToken", "SessionToken"),
    // The last that is tried, and so the one whose refusal is answered.
    session: (handler) =>
      Effect.tapError(bySession(handler), (error) => (error instanceof Unauthorized ? challenge : Effect.void)),
  });
});

/** Principals by API keys, access tokens and sessions. */
export const layer: Layer.Layer<PrincipalRequired, never, Auth> = Layer.effect(PrincipalRequired, make);
