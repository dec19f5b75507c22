/** In which organization a request is, and whether its principal is let in: guards an `HttpApi`'s routes. */
import { type Membership, Problems } from "@beep/iam-domain";
import { type CurrentTenant, type Principal, SharedEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as Layer from "effect/Layer";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Tenancy from "../tenancy/Tenancy.ts";
import { ActiveOrganization, CurrentPrincipal } from "./PrincipalRequired.ts";

/** The parameter of a route that names an organization. */
const PARAMETER = "organizationId";

/** The header in which a request names one. */
const HEADER = "iam-organization";

/**
 * Lets a request through whose principal is in the organization that the request names: by the route's parameter
 * `organizationId`, or else by the header `iam-organization`. One that names none is in the organization whose key it has,
 * or that is its session's active one.
 *
 * The handler has `Membership.CurrentMembership` and `CurrentTenant`. Without an organization, or with something that is no
 * id of one, the answer is 400; so it is where parameter and header name different ones. An organization that does not
 * exist, is suspended, or has not this principal, is one and the same 404.
 *
 * It wants a principal: on an endpoint or a group `PrincipalRequired` comes after it, and so around it.
 */
export class TenantRequired extends HttpApiMiddleware.Service<
  TenantRequired,
  { requires: CurrentPrincipal; provides: Membership.CurrentMembership | CurrentTenant }
>()("@beep/iam-server/api/TenantRequired", {
  error: [Problems.TenantMissing, Problems.TenantMalformed, Problems.TenantNotFound],
}) {}

/** The organization that a principal is in without naming one. */
const ofPrincipal = (principal: Principal.Principal): Effect.Effect<SharedEntityIds.OrganizationId | null> =>
  principal._tag === "Organization" ? Effect.succeed(principal.organizationId) : ActiveOrganization;

const named = Effect.fnUntraced(function* (principal: Principal.Principal) {
  const { [PARAMETER]: parameter } = yield* HttpRouter.params;
  const { headers } = yield* HttpServerRequest.HttpServerRequest;
  const header = headers[HEADER];
  const organizationId = parameter ?? header ?? (yield* ofPrincipal(principal));
  if (organizationId === null) return yield* new Problems.TenantMissing();
  if (!SharedEntityIds.OrganizationId.is(organizationId) || (header !== undefined && header !== organizationId))
    return yield* new Problems.TenantMalformed();
  return organizationId;
});

const make = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  return TenantRequired.of(
    Effect.fnUntraced(function* (handler) {
      const principal = yield* CurrentPrincipal;
      const membership = yield* Effect.flatMap(named(principal), (organizationId) =>
        Tenancy.admit(principal, organizationId).pipe(Effect.provideService(ServiceConnection, connection)),
      );
      return yield* Tenancy.asMember(membership)(handler);
    }),
  );
});

/** Admission by what the database says at the moment: one statement. */
export const layer: Layer.Layer<TenantRequired, never, ServiceConnection> = Layer.effect(TenantRequired, make);
