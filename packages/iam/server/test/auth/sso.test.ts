/** Sign-in by identity providers: panva's `oidc-provider` and samlify's, over loopback, and a domain proved by the DNS. */
import { IamDb } from "@beep/iam-server";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { at, granted, text } from "./browser.ts";
import { assertNotSignedIn, assertSignedIn, begun, bySaml, company, fresh, World } from "./sso/world.ts";

layer(company, { excludeTestServices: true })("single sign-on", (it) => {
  it.effect("AUTH-1: OpenID Connect: by the domain of an address, and again by the provider's name", () =>
    Effect.gen(function* () {
      const { openId, organization, owner } = yield* World;
      const who = { sub: "eve", email: "Eve@acme.com", email_verified: true, name: "Eve" };
      const browser = yield* fresh;
      const address = yield* begun(browser, { email: "eve@acme.com" });
      assertSignedIn(yield* browser.follow(yield* openId.signIn(who, address)));
      const { user } = granted(yield* browser.get("/get-session")) as { user: unknown };
      assert.deepStrictEqual(
        [at(user, "email"), at(user, "emailVerified"), at(user, "name"), at(user, "role")],
        ["eve@acme.com", true, "Eve", "user"],
      );
      const members = granted(yield* owner.get("/organization/list-members", { organizationId: organization.id }));
      const roles = (at(members, "members") as ReadonlyArray<unknown>).map((member) => [at(member, "user", "email"), at(member, "role")]);
      assert.deepStrictEqual(roles, [["owner@example.com", "owner"], ["eve@acme.com", "member"]]);

      granted(yield* browser.post("/sign-out"));
      assert.isNull(granted(yield* browser.get("/get-session")));
      assertSignedIn(yield* browser.follow(yield* openId.signIn(who, yield* begun(browser, { providerId: "acme" }))));
      assert.strictEqual(text(granted(yield* browser.get("/get-session")), "user", "id"), text(user, "id"));
    }),
  );

  it.effect("AUTH-1: SAML: requested by the service, answered with a signed assertion", () =>
    Effect.gen(function* () {
      const browser = yield* fresh;
      assertSignedIn(yield* bySaml(browser, "sam@saml.acme.com"));
      const first = text(granted(yield* browser.get("/get-session")), "user", "id");
      granted(yield* browser.post("/sign-out"));
      assertSignedIn(yield* bySaml(browser, "sam@saml.acme.com"));
      assert.strictEqual(text(granted(yield* browser.get("/get-session")), "user", "id"), first);
    }),
  );

  it.effect("AUTH-6: a lying provider is honest once", () =>
    Effect.gen(function* () {
      const { lying } = yield* World;
      const browser = yield* fresh;
      const address = yield* begun(browser, { providerId: "lying" });
      assertSignedIn(yield* browser.follow(lying.signIn(address, { sub: "lea", email: "lea@lying.example" })));
      const again = yield* fresh;
      const other = yield* begun(again, { providerId: "lying" });
      const back = lying.signIn(other, { sub: "lea", email: "lea@lying.example" }, { claims: { nonce: "other" } });
      yield* assertNotSignedIn(again, yield* again.follow(back), "SSO_ID_TOKEN_INVALID");
    }),
  );
});
