/** Rows of what the world of requests has none of. */
import * as Effect from "effect/Effect";
import type { makeAdapter } from "../../src/auth/adapter.ts";

type Adapter = ReturnType<ReturnType<typeof makeAdapter>>;

interface Found {
  readonly id: string;
}

/** Two rows each, for somebody who is there: tokens of providers, signing keys, a rotated token, whom a directory deleted. */
export const planted = (adapter: Adapter) =>
  Effect.promise(async () => {
    const [user] = await adapter.findMany<Found>({ model: "user", limit: 1 });
    const [organization] = await adapter.findMany<Found>({ model: "organization", limit: 1 });
    const tokens = await adapter.findMany<Found>({ model: "oauthRefreshToken", limit: 2 });
    for (const name of ["first", "second"]) {
      const stamps = { createdAt: new Date(), updatedAt: new Date() };
      await adapter.create({
        model: "account",
        data: {
          accountId: name,
          providerId: "elsewhere",
          userId: user?.id,
          accessToken: `${name} access token`,
          refreshToken: `${name} refresh token`,
          idToken: `${name} ID token`,
          ...stamps,
        },
      });
      const privateKey = JSON.stringify({ kty: "EC", d: name });
      await adapter.create({ model: "jwks", data: { publicKey: "{}", privateKey, alg: name, ...stamps } });
      await adapter.create({
        model: "scimIdentityTombstone",
        data: {
          connectionId: "directory",
          provisioningDomainId: organization?.id,
          externalId: name,
          externalIdKey: name,
          userId: user?.id,
          profile: JSON.stringify({ displayName: name }),
          deletedAt: new Date(),
          ...stamps,
        },
      });
    }
    for (const { id } of tokens) {
      const update = { rotationReplayResponse: `an answer to ${id}` };
      await adapter.update({ model: "oauthRefreshToken", where: [{ field: "id", value: id }], update });
    }
  });
