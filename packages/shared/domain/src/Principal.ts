/** Who makes a request, as it was verified, and by what. */
import * as Effect from "effect/Effect";
import { type Actor, CurrentActor } from "./Actor.ts";
import type { ApiKeyId, SessionId } from "./IamEntityIds.ts";
import type { OrganizationId, UserId } from "./SharedEntityIds.ts";

/** What a principal was verified by, and to what it limits the principal. */
export type Credential =
  /** A session limits nothing. */
  | { readonly _tag: "Session"; readonly sessionId: SessionId }
  /** A key may be limited to actions on resources; `null` is no limit of its own. */
  | {
      readonly _tag: "ApiKey";
      readonly apiKeyId: ApiKeyId;
      readonly permissions: Readonly<Record<string, ReadonlyArray<string>>> | null;
    }
  /** An access token is limited to its scopes; `member:read` is the action `read` on the resource `member`. */
  | { readonly _tag: "Token"; readonly clientId: string; readonly scopes: ReadonlyArray<string> };

/** A verified user; an organization itself, by its key; or a part of the system, which no request can be. */
export type Principal =
  | {
      readonly _tag: "User";
      readonly userId: UserId;
      readonly impersonatedBy: UserId | null;
      readonly credential: Credential;
    }
  | {
      readonly _tag: "Organization";
      readonly organizationId: OrganizationId;
      readonly credential: Extract<Credential, { readonly _tag: "ApiKey" }>;
    }
  | { readonly _tag: "System"; readonly name: string };

/** A verified user. */
export type User = Extract<Principal, { readonly _tag: "User" }>;

/** A part of the system, for trusted code: nothing limits it within the organization that it enters. */
export const system = (name: string): Principal => ({ _tag: "System", name });

/** In whose name a principal acts. */
export const actorOf = (principal: Principal): Actor => {
  switch (principal._tag) {
    case "User":
      return { _tag: "User", userId: principal.userId, impersonatedBy: principal.impersonatedBy };
    case "Organization":
      return {
        _tag: "Organization",
        organizationId: principal.organizationId,
        apiKeyId: principal.credential.apiKeyId,
      };
    case "System":
      return principal;
  }
};

/** Runs an effect in the name of a principal: what it changes is recorded so. */
export const acting =
  (principal: Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentActor, actorOf(principal));
