import type { Called, CalledBy, CurrentSession, SettingCookies } from "./rows.ts";

/** A public key as those have it who verify (RFC 7517). */
export interface PublicKey {
  readonly kid: string;
  readonly kty: string;
  readonly alg: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** Signed tokens of a quarter of an hour, which others verify by themselves: the plugin `jwt` (RFC 7519). */
export interface Jwts {
  /** A token that says whose session it is. */
  readonly getToken: (input: CalledBy) => Promise<{ readonly token: string }>;
  /** The keys by which tokens are verified (RFC 7517); the first call makes one. */
  readonly getJwks: (input: Called) => Promise<{ readonly keys: ReadonlyArray<PublicKey> }>;
  /** Signs whatever it is given. Not over HTTP. */
  readonly signJWT: (
    input: Called & { readonly body: { readonly payload: Readonly<Record<string, unknown>> } },
  ) => Promise<{ readonly token: string }>;
  /** What a token says, or null where it is none of ours, too old, or not for us. Not over HTTP. */
  readonly verifyJWT: (
    input: Called & { readonly body: { readonly token: string; readonly issuer?: string } },
  ) => Promise<{ readonly payload: Readonly<Record<string, unknown>> | null }>;
}

/** Carrying a session over to another origin by a token that works once: the plugin `one-time-token`. */
export interface OneTimeTokens {
  /** It works for three minutes. */
  readonly generateOneTimeToken: (input: CalledBy) => Promise<{ readonly token: string }>;
  readonly verifyOneTimeToken: SettingCookies<Called & { readonly body: { readonly token: string } }, CurrentSession>;
}

/** Signing in with an Ethereum account (EIP-4361): the plugin `siwe`. The signed message itself comes over HTTP. */
export interface EthereumSignIns {
  /** What the message to be signed has to carry; for a quarter of an hour. */
  readonly getSiweNonce: (input: Called) => Promise<{ readonly nonce: string }>;
}
