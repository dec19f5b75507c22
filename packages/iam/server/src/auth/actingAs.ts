/** Sessions for code that acts in the name of a user who is not there. Each lives as long as one transaction. */
import type { SharedEntityIds } from "@beep/shared-domain";
import { makeSignature } from "better-auth/crypto";
import type { BetterAuth } from "./betterAuth.ts";

interface Session {
  readonly headers: Headers;
  readonly end: () => Promise<void>;
}

/** Begins a session, which Better Auth refuses to who is banned. */
export const begin = async (auth: BetterAuth, userId: SharedEntityIds.UserId): Promise<Session> => {
  const { authCookies, internalAdapter, secret } = await auth.$context;
  const { token } = await internalAdapter.createSession(userId);
  const signed = encodeURIComponent(`${token}.${await makeSignature(token, secret)}`);
  return {
    headers: new Headers({ cookie: `${authCookies.sessionToken.name}=${signed}` }),
    end: () => internalAdapter.deleteSession(token),
  };
};
