/** Whose request it is: the principal of the one credential that counts, once it is verified. */
import type { Errors } from "@beep/iam-domain";
import { IamEntityIds, type Principal, SharedEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type { Api, CurrentSession } from "../Api.ts";
import type { AccessToken } from "../plugins/accessTokens.ts";
import { presented } from "./credentials.ts";
import type { Standing } from "./standing.ts";

/** Whose request it is. */
export interface Authenticated {
  readonly session: Option.Option<CurrentSession>;
  /** The `set-cookie` headers of the answer: a session that was prolonged, or one that is over. */
  readonly setCookies: ReadonlyArray<string>;
}

/** The same by whichever credential; by a session also which. */
export interface Identified extends Authenticated {
  readonly principal: Option.Option<Principal.Principal>;
}

type VerifyApiKey = Api["verifyApiKey"];

/** What verifies the credentials. */
interface Verifiers {
  readonly verifyApiKey: (
    input: Parameters<VerifyApiKey>[0],
  ) => Effect.Effect<Awaited<ReturnType<VerifyApiKey>>, Errors.AuthError>;
  readonly verifyAccessToken: (token: Redacted.Redacted) => Effect.Effect<AccessToken | null, Errors.AuthError>;
  readonly authenticate: (headers: Headers) => Effect.Effect<Authenticated, Errors.AuthError>;
  readonly standing: Standing;
}

const by = (principal: Principal.Principal): Identified => ({
  principal: Option.some(principal),
  session: Option.none(),
  setCookies: [],
});

const nobody: Identified = { principal: Option.none(), session: Option.none(), setCookies: [] };

const ofSession = ({ session, user }: CurrentSession): Principal.Principal => ({
  _tag: "User",
  userId: user.id,
  impersonatedBy: session.impersonatedBy,
  credential: { _tag: "Session", sessionId: session.id },
});

/** Verifies requests' credentials. */
export const makePrincipals = ({ authenticate, standing, verifyAccessToken, verifyApiKey }: Verifiers) => {
  const byApiKey = Effect.fnUntraced(function* (presentedKey: Redacted.Redacted) {
    const { key } = yield* verifyApiKey({ body: { key: Redacted.value(presentedKey) } });
    if (key === null) return nobody;
    const credential = { _tag: "ApiKey", apiKeyId: key.id, permissions: key.permissions } as const;
    const owner = key.referenceId;
    if (SharedEntityIds.UserId.is(owner)) return by({ _tag: "User", userId: owner, impersonatedBy: null, credential });
    if (SharedEntityIds.OrganizationId.is(owner))
      return by({ _tag: "Organization", organizationId: owner, credential });
    return nobody;
  });

  const byAccessToken = Effect.fnUntraced(function* (presentedToken: Redacted.Redacted) {
    const token = yield* verifyAccessToken(presentedToken);
    // A client that acts for itself is nobody here: no organization has it as a member, and nothing says what it may do.
    if (token === null || !SharedEntityIds.UserId.is(token.subject)) return nobody;
    const { clientId, scopes, sessionId, subject } = token;
    const session = IamEntityIds.SessionId.is(sessionId) ? sessionId : undefined;
    return Option.match(yield* standing.user(subject, session), {
      onNone: () => nobody,
      onSome: ({ impersonatedBy }) =>
        by({ _tag: "User", userId: subject, impersonatedBy, credential: { _tag: "Token", clientId, scopes } }),
    });
  });

  const bySession = Effect.fnUntraced(function* (headers: Headers) {
    const authenticated = yield* authenticate(headers);
    return { ...authenticated, principal: Option.map(authenticated.session, ofSession) };
  });

  /** The headers without the cookie, to which Better Auth would turn where the token is none. */
  const withoutCookie = (headers: Headers): Headers => {
    const rest = new Headers(headers);
    rest.delete("cookie");
    return rest;
  };

  return (headers: Headers): Effect.Effect<Identified, Errors.AuthError> => {
    const credential = presented(headers);
    switch (credential._tag) {
      case "ApiKey":
        return byApiKey(credential.key);
      case "AccessToken":
        return byAccessToken(credential.token);
      case "SessionToken":
        return bySession(withoutCookie(headers));
      case "Cookie":
        return bySession(headers);
      case "Unusable":
        return Effect.succeed(nobody);
    }
  };
};
