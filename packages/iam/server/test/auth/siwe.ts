/** Messages of EIP-4361, as a wallet signs them. */
import * as Effect from "effect/Effect";
import type { PrivateKeyAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";

/** What a page asks the wallet to sign, where it is not what this server's page would ask. */
export interface Asked {
  readonly nonce: string;
  readonly domain?: string;
  readonly chainId?: number;
  readonly expirationTime?: Date;
  readonly notBefore?: Date;
}

/** A message, signed by the account: the body of `/siwe/verify`. */
export const signedMessage = Effect.fnUntraced(function* (account: PrivateKeyAccount, asked: Asked) {
  const message = createSiweMessage({
    address: account.address,
    domain: "localhost:3000",
    chainId: 1,
    uri: "http://localhost:3000/sign-in",
    version: "1",
    statement: "Sign in to iam.",
    ...asked,
  });
  return { message, signature: yield* Effect.promise(() => account.signMessage({ message })) };
});
