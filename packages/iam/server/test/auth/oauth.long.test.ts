/** The main flow of the OAuth provider on the embedded database, all of whose statements share one connection. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as oauth from "openid-client";
import { listeningOn } from "./listening.ts";
import { begun, confidential, consent, isActive, leadsTo, Parties, signIn } from "./oauth/parties.ts";

layer(Layer.provideMerge(Parties.at, listeningOn(IamTest.configuredEmbedded)), {
  excludeTestServices: true,
  timeout: 60_000,
})("on the embedded database", (it) => {
  it.effect("AUTH-1: somebody signs in to a client, which refreshes, and ends the session", () =>
    Effect.gen(function* () {
      const { ann } = yield* Parties;
      const { config } = yield* confidential({ enable_end_session: true });
      const flow = yield* begun(config);
      const browser = ann.signedOut();
      const page = yield* signIn(browser, leadsTo(yield* browser.follow(flow.url.href)), ann.email);
      const back = yield* consent(browser, page, true);
      const tokens = yield* Effect.promise(() => oauth.authorizationCodeGrant(config, back, flow.checks));
      const fresh = yield* Effect.promise(() => oauth.refreshTokenGrant(config, tokens.refresh_token ?? ""));
      assert.isTrue(yield* isActive(config, fresh.access_token));
      yield* browser.follow(oauth.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? "" }).href);
      assert.isFalse(yield* isActive(config, tokens.access_token));
    }),
  );
});
