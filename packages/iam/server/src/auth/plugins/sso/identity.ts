/**
 * Whether an identity that a provider vouches for signs somebody in, and whom. An identity is (provider, subject), never an
 * e-mail: by an e-mail it is linked to a user once, where the provider's domain is verified and holds it, and where
 * whoever made that user has shown to read that mail.
 */
import { timingSafeEqual } from "node:crypto";
import type { SSOOptions } from "@better-auth/sso";
import { domainOf, speaksFor } from "./domains.ts";
import type { Code } from "./refusal.ts";

type ResolveUser = NonNullable<SSOOptions["resolveUser"]>;
type Input = Parameters<ResolveUser>[0];
type Database = Parameters<ResolveUser>[1]["database"];

/** As much of a row as is looked at. */
interface Provider {
  readonly id: string;
  readonly providerId: string;
  readonly domain: string;
  readonly createdAt: Date;
}

/** A refusal that Better Auth passes on. */
export const reject = (code: Code, message: string) => ({ action: "reject", code, message }) as const;

/** Why somebody is not signed in, or undefined. `nonce` is the one that the sign-in was begun with. */
export const refusalOf = async (input: Input, database: Database, nonce: string | undefined) =>
  (input.protocol === "oidc" ? refusedToken(input, nonce) : undefined) ??
  (await refusedIdentity(input, await providerOf(input, database), database));

/** OpenID Connect Core 3.1.3.7, points 9 to 11, of what Better Auth leaves unchecked. */
const refusedToken = (input: Extract<Input, { readonly protocol: "oidc" }>, nonce: string | undefined) => {
  const { exp, iat, nonce: stated } = input.verifiedIdTokenClaims;
  if (typeof exp !== "number" || typeof iat !== "number") {
    return reject("SSO_ID_TOKEN_INVALID", "The ID token does not say until when it is valid.");
  }
  if (nonce === undefined || typeof stated !== "string" || !isSame(stated, nonce)) {
    return reject("SSO_ID_TOKEN_INVALID", "The ID token is of another sign-in.");
  }
  const vouched = [input.verifiedIdTokenClaims, input.providerClaims].every(
    // Who says nothing, as providers of companies do, has the verified domain to say it.
    ({ email_verified: verified = true }) => verified === true || verified === "true",
  );
  return vouched ? undefined : reject("SSO_EMAIL_NOT_VERIFIED", "The provider has not verified this address.");
};

const isSame = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));

const providerOf = ({ providerId }: Input, database: Database) =>
  database.findOne<Provider>({ model: "ssoProvider", where: [{ field: "providerId", value: providerId }] });

const refusedIdentity = async (input: Input, provider: Provider | null, database: Database) => {
  const email = input.providerUser.email.toLowerCase();
  const domain = domainOf(email);
  if (provider === null || domain === undefined || !speaksFor(provider.domain, domain)) {
    return reject("SSO_EMAIL_OUTSIDE_DOMAIN", "The provider does not speak for the domain of this address.");
  }
  const account = await database.findOne<{ readonly createdAt: Date }>({
    model: "account",
    where: [
      { field: "providerId", value: provider.providerId },
      { field: "accountId", value: input.accountKey.accountId },
    ],
  });
  if (account !== null) {
    // It outlived its provider, and this one has only its name.
    return account.createdAt < provider.createdAt
      ? reject("SSO_IDENTITY_CONFLICT", "This identity is of a provider that had the same name.")
      : undefined;
  }
  const user = await database.findOne<{ readonly emailVerified: boolean }>({
    model: "user",
    where: [{ field: "email", value: email }],
  });
  return user?.emailVerified === false
    ? reject("SSO_IDENTITY_CONFLICT", "A user with this address has not confirmed it.")
    : undefined;
};
