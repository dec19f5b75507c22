/** What becomes of tokens where their key is revoked: at the OAuth provider, and presented to the services themselves. */
import { Auth, SigningKeys } from "@beep/iam-server";
import { IamEntityIds } from "@beep/shared-domain";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { decodeProtectedHeader } from "jose";
import * as oauth from "openid-client";
import type { Browser } from "../auth/browser.ts";
import { Listening } from "../auth/listening.ts";
import { confidential, isActive, Parties, refusal, tokensOf } from "../auth/oauth/parties.ts";

layer(Parties.layer, { excludeTestServices: true, timeout: 60_000 })("a signing key that is revoked", (it) => {
  it.effect("CRY-4: takes with it at once all that it has signed, whatever was asked before, and nothing else", () =>
    Effect.gen(function* () {
      const { api, principal } = yield* Auth.Auth;
      const { revoke } = yield* SigningKeys.SigningKeys;
      const { url } = yield* Listening;
      const { ann, root } = yield* Parties;
      const { config, id } = yield* confidential({ enable_end_session: true });
      yield* api.adminCreateOAuthResource({ headers: root.headers(), body: { identifier: `${url}/` } });
      yield* api.adminLinkClientResource({
        headers: root.headers(),
        params: { identifier: `${url}/`, client_id: id },
      });
      const granted = (browser: Browser) => tokensOf(browser, config, { resource: `${url}/` });
      const isIn = (token: string) =>
        Effect.map(principal(new Headers({ authorization: `Bearer ${token}` })), (known) =>
          Option.isSome(known.principal),
        );
      const told = (token: string) => refusal(() => oauth.fetchUserInfo(config, token, ann.id));

      const signedOutBy = (browser: Browser, { id_token }: { readonly id_token?: string }) =>
        browser.follow(oauth.buildEndSessionUrl(config, { id_token_hint: id_token ?? "" }).href);

      const session = yield* ann.signedIn;
      const tokens = yield* granted(session);
      const old = tokens.access_token;
      // Asked before, by whatever might remember it.
      const other = yield* ann.signedIn;
      yield* signedOutBy(other, yield* granted(other));
      assert.isNull((yield* other.get("/get-session")).body);
      assert.isTrue(yield* isActive(config, old));
      assert.property(yield* told(old), "granted");
      assert.isTrue(yield* isIn(old));

      const { kid = "" } = decodeProtectedHeader(old);
      const signer = yield* revoke(IamEntityIds.SigningKeyId.make(kid));
      assert.isFalse(yield* isActive(config, old));
      assert.deepStrictEqual(yield* told(old), { status: 401 });
      assert.isFalse(yield* isIn(old));
      // An ID token by which somebody would be signed out is worth nothing either.
      yield* signedOutBy(session, tokens);
      assert.isNotNull((yield* session.get("/get-session")).body);

      // By another key at once, also for who knew only the old one, and from the same refresh token.
      const fresh = yield* Effect.promise(() =>
        oauth.refreshTokenGrant(config, tokens.refresh_token ?? "", { resource: `${url}/` }),
      );
      assert.strictEqual(decodeProtectedHeader(fresh.access_token).kid, signer.id);
      assert.isTrue(yield* isActive(config, fresh.access_token));
      assert.property(yield* told(fresh.access_token), "granted");
      assert.isTrue(yield* isIn(fresh.access_token));
      // And by the next one, sooner than Better Auth would ask for the keys again.
      yield* revoke(signer.id);
      const third = (yield* granted(session)).access_token;
      assert.isTrue(yield* isActive(config, third));
      assert.isFalse(yield* isActive(config, fresh.access_token));
    }),
  );

  it.effect("CRY-4: a token for a resource lives no longer than the key by which it verifies is published", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { root } = yield* Parties;
      const made = (accessTokenTtl: number) =>
        api.adminCreateOAuthResource({
          headers: root.headers(),
          body: { identifier: `https://${accessTokenTtl}.example.com/`, accessTokenTtl },
        });
      yield* made(24 * 60 * 60);
      const refused = yield* Effect.flip(made(24 * 60 * 60 + 1));
      assert.deepInclude(refused, { code: "INVALID_VALUE", status: 400 });
    }),
  );
});
