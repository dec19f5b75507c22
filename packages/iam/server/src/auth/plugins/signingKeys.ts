import type { Jwk, JwtOptions } from "better-auth/plugins";

type CreateKey = NonNullable<NonNullable<JwtOptions["adapter"]>["createJwk"]>;

/**
 * Keeps a new signing key, unless another process has just made one that may be used: each would publish and use its own.
 *
 * @param exclusively runs in a transaction, when no other process is at the same
 */
export const keepOneKey =
  (exclusively: <A>(run: () => Promise<A>) => Promise<A>): CreateKey =>
  (key, { context: { adapter } }) =>
    exclusively(async () => {
      const where = [{ field: "alg", value: key.alg ?? null }];
      const keys = await adapter.findMany<Jwk>({ model: "jwks", where });
      const live = keys.find(({ expiresAt }) => !expiresAt || expiresAt.getTime() > Date.now());
      return live ?? adapter.create({ model: "jwks", data: key });
    });
