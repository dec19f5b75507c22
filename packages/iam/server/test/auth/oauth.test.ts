/** OAuth 2.1 and OpenID Connect, asked by a certified client over HTTP. */
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as oauth from "openid-client";
import { Listening } from "./listening.ts";
import { begun, callback, consent, discovered, leadsTo, Parties, registered, signIn } from "./oauth/parties.ts";

layer(Parties.layer, { excludeTestServices: true })("an OAuth provider", (it) => {
  it.effect("AUTH-1: somebody signs in to a client, and consents", () =>
    Effect.gen(function* () {
      const { url } = yield* Listening;
      const { ann } = yield* Parties;
      const { id, secret } = yield* registered();
      const config = yield* discovered(id, oauth.ClientSecretBasic(String(secret)));
      assert.strictEqual(config.serverMetadata().issuer, url);

      const flow = yield* begun(config);
      const browser = ann.signedOut();
      const signInPage = leadsTo(yield* browser.follow(flow.url.href));
      assert.strictEqual(signInPage.pathname, "/sign-in");
      const consentPage = yield* signIn(browser, signInPage, ann.email);
      assert.strictEqual(consentPage.pathname, "/consent");
      const back = yield* consent(browser, consentPage, true);
      assert.strictEqual(`${back.origin}${back.pathname}`, callback);

      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
      const claims = tokens.claims();
      assert.deepInclude(claims, { iss: url, sub: ann.id, aud: id });
      const info = yield* Effect.promise(() => oauth.fetchUserInfo(config, tokens.access_token, ann.id));
      assert.deepInclude(info, { sub: ann.id, email: ann.email, email_verified: true, name: "ann" });
    }),
  );
});
