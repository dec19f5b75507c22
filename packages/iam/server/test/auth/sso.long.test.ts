/** What takes longer of single sign-on: a provider that does not answer, and much that is malformed. */
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { open } from "./browser.ts";
import {
  assertNotSignedIn,
  assertSignedIn,
  begun,
  bySaml,
  company,
  embeddedCompany,
  leavingNothing,
  World,
} from "./sso/world.ts";

layer(company, { excludeTestServices: true })("single sign-on", (it) => {
  it.effect(
    "AUTH-1: OpenID Connect: a provider that does not answer is given up, and answers too late afterwards",
    () =>
      leavingNothing(
        Effect.gen(function* () {
          const { lying } = yield* World;
          const [browser, other] = [yield* open, yield* open];
          const who = { sub: "max", email: "max@lying.example" };
          const back = lying.signIn(yield* begun(browser, { providerId: "lying" }), who, { token: "nothing" });
          yield* assertNotSignedIn(browser, yield* browser.follow(back), "SSO_PROVIDER_UNREACHABLE");

          const later = lying.signIn(yield* begun(other, { providerId: "lying" }), who, { token: "late" });
          yield* assertNotSignedIn(other, yield* other.follow(later), "SSO_PROVIDER_UNREACHABLE");
          yield* lying.answerAtLast;
          // Nothing says that it is done with an answer for which nobody waits any more.
          yield* Effect.sleep("1 second");
        }),
      ),
    60_000,
  );

  it.effect("AUTH-6: a malformed request is refused, and breaks nothing", () =>
    Effect.gen(function* () {
      const { owner } = yield* World;
      const browser = yield* open;
      const odd = [
        "",
        "nonsense",
        "../..",
        "%00",
        "acme",
        "acme-saml",
        "aaa",
        "x".repeat(5_000),
        7,
        null,
        {},
        ["acme"],
      ];
      for (const value of odd) {
        const name = encodeURIComponent(String(value)) || "x";
        const form = { SAMLResponse: String(value), RelayState: String(value) };
        const answers = [
          yield* browser.post("/sign-in/sso", { providerId: value, callbackURL: "/" }),
          yield* browser.post("/sign-in/sso", { email: value, callbackURL: "/" }),
          yield* browser.post("/sign-in/sso", { domain: value, callbackURL: "/" }),
          yield* browser.post("/sign-in/sso", { organizationSlug: value, callbackURL: "/" }),
          yield* browser.post("/sign-in/sso", {
            providerId: "acme",
            callbackURL: "/",
            scopes: value,
            additionalParams: value,
          }),
          yield* browser.get(`/sso/callback/${name}`, { code: String(value), state: String(value) }),
          yield* browser.get("/sso/callback", { code: String(value), state: String(value) }),
          yield* browser.submit(`/sso/saml2/sp/acs/${name}`, form),
          yield* browser.submit("/sso/saml2/sp/acs/acme-saml", form),
          yield* browser.get(`/sso/saml2/sp/acs/${name}`, form),
          yield* browser.submit(`/sso/saml2/sp/slo/${name}`, { SAMLRequest: String(value) }),
          yield* browser.get("/sso/saml2/sp/metadata", { providerId: String(value) }),
          yield* owner.post(`/sso/saml2/logout/${name}`, { callbackURL: value }),
          yield* owner.get("/sso/get-provider", { providerId: String(value) }),
          yield* owner.post("/sso/delete-provider", {
            providerId: value === "acme" || value === "acme-saml" ? "" : value,
          }),
          yield* owner.post("/sso/update-provider", { providerId: value, domain: value, issuer: value }),
          yield* owner.post("/sso/update-provider", { providerId: "acme-saml", samlConfig: value, oidcConfig: value }),
          yield* owner.post("/sso/request-domain-verification", { providerId: value }),
          yield* owner.post("/sso/verify-domain", { providerId: value }),
          yield* owner.post("/sso/register", {
            providerId: value,
            organizationId: value,
            domain: value,
            samlConfig: value,
          }),
          yield* owner.post("/sso/register", value),
        ];
        const wrong = answers.flatMap(({ status, body }, index) =>
          status >= 500 ? [`${index}: ${JSON.stringify(body)}`] : [],
        );
        assert.deepStrictEqual(wrong, [], JSON.stringify(value));
      }
    }),
  );
});

layer(embeddedCompany, { excludeTestServices: true })("single sign-on, embedded", (it) => {
  it.effect("AUTH-1: by OpenID Connect and by SAML", () =>
    Effect.gen(function* () {
      const { openId } = yield* World;
      const who = { sub: "eve", email: "eve@acme.com", name: "Eve" };
      const browser = yield* open;
      assertSignedIn(
        yield* browser.follow(yield* openId.signIn(who, yield* begun(browser, { email: "eve@acme.com" }))),
      );
      const other = yield* open;
      assertSignedIn(yield* bySaml(other, "sam@saml.acme.com"));
    }),
  );
});
