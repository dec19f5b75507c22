/** Who acts, and what is wanted, as far as the endpoint of Better Auth's knows that runs. */
import { type Actor, CurrentActor, SharedEntityIds } from "@beep/shared-domain";
import { tryGetCurrentAuthEndpointContext } from "@better-auth/core/context";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import { CurrentIntent } from "../db/Change.ts";

const userIn = (session: unknown): Actor | undefined => {
  if (!Predicate.hasProperty(session, "session") || !Predicate.isObject(session.session)) return undefined;
  const { impersonatedBy, userId } = { impersonatedBy: undefined, userId: undefined, ...session.session };
  const is = SharedEntityIds.UserId.is;
  return is(userId) ? { _tag: "User", userId, impersonatedBy: is(impersonatedBy) ? impersonatedBy : null } : undefined;
};

/**
 * Runs a statement of an endpoint's in the name of whom its session says, where the caller has not said who acts: a
 * request to Better Auth's routes comes as nobody's. To be called where the endpoint's own asynchronous context is.
 *
 * @param known the session, where a hook has found it, of which the endpoint's context says nothing
 */
export const asEndpoint = <A, E, R>(effect: Effect.Effect<A, E, R>, known?: unknown): Effect.Effect<A, E, R> => {
  const endpoint = tryGetCurrentAuthEndpointContext();
  if (endpoint === undefined) return effect;
  // Once somebody has signed in, what follows is that user's.
  const user = userIn(known) ?? userIn(endpoint.context.session) ?? userIn(endpoint.context.newSession);
  const wanted =
    typeof endpoint.path === "string" ? Effect.provideService(effect, CurrentIntent, endpoint.path) : effect;
  return Effect.flatMap(CurrentActor, (actor) =>
    actor._tag === "Anonymous" && user !== undefined ? Effect.provideService(wanted, CurrentActor, user) : wanted,
  );
};
