/** Sign-in by identity providers: panva's `oidc-provider` and samlify's, over loopback, and a domain proved by the DNS. */
import { Auth } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as promises from "../../src/auth/promises.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import {
  administrator,
  assertRefused,
  at,
  type Browser,
  granted,
  open,
  organizationOf,
  type Person,
  signedUp,
  text,
} from "./browser.ts";
import { betterAuth } from "./control.ts";
import { identifierOf } from "./means.ts";
import type { Lie } from "./sso/lyingProvider.ts";
import { inMinutes, keyPair, samlProvider } from "./sso/samlProvider.ts";
import {
  assertNotSignedIn,
  assertSignedIn,
  base,
  begun,
  brought,
  bySaml,
  company,
  leavingNothing,
  ledTo,
  openIdConfig,
  provided,
  requested,
  samlConfig,
  verified,
  World,
} from "./sso/world.ts";
import { codeNow } from "./totp.ts";

const me = (browser: Browser) => Effect.map(browser.get("/get-session"), (answer) => at(granted(answer), "user"));

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

layer(company, { excludeTestServices: true })("single sign-on", (it) => {
  it.effect("AUTH-1: OpenID Connect: by the domain of an address, and again by the provider's name", () =>
    Effect.gen(function* () {
      const { openId, organization, owner } = yield* World;
      const who = { sub: "eve", email: "Eve@acme.com", email_verified: true, name: "Eve" };
      const browser = yield* open;
      const address = yield* begun(browser, { email: "eve@acme.com" });
      assertSignedIn(yield* browser.follow(yield* openId.signIn(who, address)));
      const eve = yield* me(browser);
      assert.deepStrictEqual(
        [at(eve, "email"), at(eve, "emailVerified"), at(eve, "name"), at(eve, "role")],
        ["eve@acme.com", true, "Eve", "user"],
      );
      const role = yield* owner.get("/organization/get-active-member-role", {
        organizationId: organization.id,
        userId: text(eve, "id"),
      });
      assert.strictEqual(at(granted(role), "role"), "member");

      granted(yield* browser.post("/sign-out"));
      assert.isUndefined(yield* me(browser));
      assertSignedIn(yield* browser.follow(yield* openId.signIn(who, yield* begun(browser, { providerId: "acme" }))));
      assert.strictEqual(at(yield* me(browser), "id"), text(eve, "id"));
      const bySlug = yield* begun(browser, { organizationSlug: "acme" });
      assert.strictEqual(new URL(bySlug).origin, openId.issuer);
    }),
  );

  it.effect("AUTH-1: SAML: requested by the service, answered with a signed assertion", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      assertSignedIn(yield* bySaml(browser, "sam@saml.acme.com"));
      const first = text(yield* me(browser), "id");
      granted(yield* browser.post("/sign-out"));
      assertSignedIn(yield* bySaml(browser, "sam@saml.acme.com"));
      assert.strictEqual(at(yield* me(browser), "id"), first);
      assertRefused(yield* browser.post("/sso/saml2/logout/acme-saml"), 400, "SINGLE_LOGOUT_NOT_ENABLED");
    }),
  );

  it.effect("AUTH-1: SAML: a provider that wants signed requests gets them", () =>
    Effect.gen(function* () {
      const { owner, names, organization } = yield* World;
      const own = yield* keyPair("iam");
      const strict = samlProvider("https://strict.acme.example", yield* keyPair("strict"), {
        wantAuthnRequestsSigned: true,
      });
      const signing = { ...samlConfig(strict), authnRequestsSigned: true };
      const registration = {
        providerId: "strict",
        organizationId: organization.id,
        issuer: `${base}/saml/strict`,
        domain: "strict.example",
      };
      assertRefused(
        yield* owner.post("/sso/register", { ...registration, samlConfig: signing }),
        400,
        "SSO_CONFIGURATION_INVALID",
      );
      const spMetadata = { privateKey: own.privateKey };
      const answered = yield* provided(owner, names, { ...registration, samlConfig: { ...signing, spMetadata } });
      assert.notInclude(JSON.stringify(answered), "PRIVATE KEY");
      const { body } = yield* owner.get("/sso/saml2/sp/metadata", { providerId: "strict" });
      // As its administrator would enter the key by which requests are signed.
      const withKey = String(body).replace(
        /<SPSSODescriptor[^>]*>/,
        `$&<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${own.certificate.replaceAll(/-----.*-----|\s/g, "")}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
      );
      const request = yield* strict.read(withKey, yield* begun(yield* open, { providerId: "strict" }));
      assert.match(request.id, /^_/);
    }),
  );

  const assertions: Readonly<Record<string, Parameters<typeof bySaml>[2] & { readonly error: string }>> = {
    "a value that was changed after it was signed": {
      tampered: (xml) => xml.replace("tom@saml", "ted@saml"),
      error: "saml_error",
    },
    "no signature": {
      tampered: (xml) => xml.replace(/<ds:Signature[\s\S]*<\/ds:Signature>/, ""),
      error: "SSO_RESPONSE_INVALID",
    },
    "a comment that cuts the name in two": {
      said: { NameID: "tom@saml.acme.com.evil.example" },
      tampered: (xml) => xml.replace("tom@saml.acme.com", "$&<!---->"),
      error: "SSO_RESPONSE_INVALID",
    },
    "another audience": { said: { Audience: "https://another.example" }, error: "invalid_saml_response" },
    "another recipient": { said: { SubjectRecipient: "https://another.example" }, error: "invalid_saml_response" },
    "another destination": { said: { Destination: "https://another.example" }, error: "invalid_saml_response" },
    "another issuer": { said: { Issuer: "https://another.example" }, error: "saml_error" },
    "an end that is past": { said: { ConditionsNotOnOrAfter: inMinutes(-2) }, error: "saml_error" },
    "a begin that is to come": { said: { ConditionsNotBefore: inMinutes(2) }, error: "saml_error" },
    "a confirmation that has ended": {
      said: { SubjectConfirmationDataNotOnOrAfter: inMinutes(-2) },
      error: "SSO_RESPONSE_INVALID",
    },
    "the answer to no request that was made": { said: { InResponseTo: "_of-nobody" }, error: "invalid_saml_response" },
    "the answer to nothing": { said: { InResponseTo: "" }, error: "unsolicited_response" },
    "an address outside of the provider's domain": {
      said: { NameID: "owner@example.com" },
      error: "SSO_EMAIL_OUTSIDE_DOMAIN",
    },
    "a document type": {
      tampered: (xml) => `<!DOCTYPE samlp:Response SYSTEM "file:///etc/passwd">${xml}`,
      error: "SSO_RESPONSE_INVALID",
    },
    "entities that grow": {
      tampered: (xml) =>
        `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>${xml.replace("tom@", "&c;$&")}`,
      error: "SSO_RESPONSE_INVALID",
    },
    "more than is read": { tampered: (xml) => xml.padEnd(300_000, " "), error: "SSO_RESPONSE_INVALID" },
    "no end": { tampered: (xml) => xml.slice(0, -20), error: "SSO_RESPONSE_INVALID" },
    "no XML": { tampered: () => "nothing of the kind", error: "SSO_RESPONSE_INVALID" },
  };
  it.effect("AUTH-1: SAML: what is no assertion for this sign-in signs nobody in", () =>
    leavingNothing(
      Effect.gen(function* () {
        for (const [name, { error, ...how }] of Object.entries(assertions)) {
          const browser = yield* open;
          const answer = yield* bySaml(browser, "tom@saml.acme.com", how);
          yield* assertNotSignedIn(browser, answer, error, name);
        }
      }),
    ),
  );

  it.effect("AUTH-1: SAML: who else signs, or signs weakly, signs nobody in", () =>
    leavingNothing(
      Effect.gen(function* () {
        const { impostor, outdated, serviceMetadata } = yield* World;
        for (const [provider, error] of [
          [impostor, "saml_error"],
          [outdated, "SSO_RESPONSE_INVALID"],
        ] as const) {
          const browser = yield* open;
          const request = yield* requested(browser);
          const xml = yield* provider.answer(serviceMetadata, request, "tom@saml.acme.com");
          yield* assertNotSignedIn(browser, yield* brought(browser, xml, request.relayState), error, error);
        }
      }),
    ),
  );

  /** Ways to put an assertion of one's own where it may be read, beside or around the signed one. */
  const wrappings: Readonly<
    Record<string, (parts: Readonly<Record<"signed" | "bare" | "signature" | "evil", string>>) => string>
  > = {
    "before it": ({ evil, signed }) => evil + signed,
    "after it": ({ evil, signed }) => signed + evil,
    "around it": ({ evil, signed }) => evil.replace("</saml:Assertion>", `${signed}</saml:Assertion>`),
    "with its signature, which is of the one after it": ({ evil, bare, signature }) =>
      evil.replace("</saml:Issuer>", `$&${signature}`) + bare,
    "with its signature, in which it is": ({ evil, bare, signature }) =>
      evil.replace("</saml:Issuer>", `$&${signature.replace("</ds:Signature>", `${bare}</ds:Signature>`)}`),
    "with its signature, in an object of which it is": ({ evil, bare, signature }) =>
      evil.replace(
        "</saml:Issuer>",
        `$&${signature.replace("</ds:Signature>", `<ds:Object>${bare}</ds:Object></ds:Signature>`)}`,
      ),
    "in an extension before it": ({ evil, signed }) => `<samlp:Extensions>${evil}</samlp:Extensions>${signed}`,
    "under the same identifier": ({ evil, signed }) => {
      const [, id = ""] = /<saml:Assertion[^>]* ID="([^"]*)"/.exec(signed) ?? [];
      return `${evil.replace(/ ID="[^"]*"/, ` ID="${id}"`)}<samlp:Extensions>${signed}</samlp:Extensions>`;
    },
    "under another name, with the signature": ({ evil, signed, signature }) =>
      `${evil.replace("</saml:Issuer>", `$&${signature}`)}<samlp:Extensions>${signed.replaceAll("saml:Assertion", "saml:Other")}</samlp:Extensions>`,
  };
  it.effect("AUTH-1: SAML: an assertion beside or around the signed one is not read", () =>
    leavingNothing(
      Effect.gen(function* () {
        for (const [name, wrap] of Object.entries(wrappings)) {
          const browser = yield* open;
          const tampered = (xml: string): string =>
            xml.replace(/<saml:Assertion[\s\S]*<\/saml:Assertion>/, (signed) => {
              const [signature = ""] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(signed) ?? [];
              const bare = signed.replace(signature, "");
              const evil = bare.replace("tom@saml", "ted@saml").replace(/ ID="[^"]*"/, ' ID="_evil"');
              return wrap({ signed, bare, signature, evil });
            });
          const answer = yield* bySaml(browser, "tom@saml.acme.com", { tampered });
          yield* assertNotSignedIn(browser, answer, "SSO_RESPONSE_INVALID", name);
        }
      }),
    ),
  );

  it.effect("AUTH-1: SAML: an assertion is for the request that it answers, whatever the response around it says", () =>
    leavingNothing(
      Effect.gen(function* () {
        const { saml, serviceMetadata } = yield* World;
        const browser = yield* open;
        const stolen = yield* saml.answer(serviceMetadata, yield* requested(yield* open), "tom@saml.acme.com");
        const request = yield* requested(browser);
        const xml = stolen.replace(/InResponseTo="[^"]*"/, `InResponseTo="${request.id}"`);
        yield* assertNotSignedIn(browser, yield* brought(browser, xml, request.relayState), "SSO_RESPONSE_INVALID");
        const unbound = yield* saml.answer(serviceMetadata, request, "tom@saml.acme.com");
        const form = { SAMLResponse: Buffer.from(unbound).toString("base64") };
        yield* assertNotSignedIn(
          browser,
          yield* browser.submit("/sso/saml2/sp/acs/acme-saml", form),
          "SSO_RESPONSE_INVALID",
        );
      }),
    ),
  );

  it.effect("AUTH-1: SAML: a response signs in once, also where it comes five times at once", () =>
    Effect.gen(function* () {
      const { saml, serviceMetadata } = yield* World;
      const browser = yield* open;
      const request = yield* requested(browser);
      const xml = yield* saml.answer(serviceMetadata, request, "una@saml.acme.com");
      const copies = Array.from({ length: 5 }, () =>
        Effect.flatMap(open, (one) => brought(one, xml, request.relayState)),
      );
      const answers = yield* Effect.all(copies, { concurrency: "unbounded" });
      const outcomes = answers.map((answer) => ledTo(answer).error);
      assert.strictEqual(outcomes.filter((error) => error === null).length, 1, outcomes.join());
      assert.isTrue(answers.every(({ status }) => status === 302));
      const again = yield* brought(browser, xml, request.relayState);
      yield* assertNotSignedIn(browser, again, "invalid_saml_response");
    }),
  );

  it.effect("AUTH-1: SAML: an assertion's identifier is used once, in a race and in another process too", () =>
    Effect.gen(function* () {
      const { saml, serviceMetadata } = yield* World;
      const AssertionID = "_one-and-the-same";
      const bring = Effect.gen(function* () {
        const browser = yield* open;
        const request = yield* requested(browser);
        return {
          xml: yield* saml.answer(serviceMetadata, request, "una@saml.acme.com", { AssertionID }),
          relayState: request.relayState,
          browser,
        };
      });
      const both = yield* Effect.all([bring, bring]);
      const answers = yield* Effect.all(
        both.map(({ browser, xml, relayState }) => brought(browser, xml, relayState)),
        { concurrency: "unbounded" },
      );
      assert.sameMembers(
        answers.map((answer) => ledTo(answer).error),
        [null, "replay_detected"],
      );

      const { xml, relayState } = yield* bring;
      const elsewhere = yield* betterAuth();
      const body = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: relayState });
      const response = yield* promises.enter(() =>
        elsewhere.handler(new Request(`${base}/api/auth/sso/saml2/sp/acs/acme-saml`, { method: "POST", body })),
      );
      assert.strictEqual(new URL(response.headers.get("location") ?? "").searchParams.get("error"), "replay_detected");
      assert.notInclude(response.headers.getSetCookie().join(), "session_token");
    }),
  );

  it.effect("AUTH-8: what is used once is reserved once inside a transaction too, which goes on", () =>
    Effect.gen(function* () {
      const connection = yield* ServiceConnection;
      const sql = yield* superuser;
      const reserving = Effect.fnUntraced(function* (missing?: "savepoints") {
        const { internalAdapter } = yield* Effect.flatMap(betterAuth(missing), ({ $context }) =>
          Effect.promise(() => $context),
        );
        const reserve = (identifier: string) =>
          internalAdapter.reserveVerificationValue({ identifier, value: "", expiresAt: new Date(Date.now() + 60_000) });
        return yield* Effect.promise(() =>
          promises.inTransaction(connection)(async () => [await reserve("x"), await reserve("x"), await reserve("y")]),
        ).pipe(Effect.catchDefect(() => Effect.succeed("broken off" as const)));
      });
      assert.strictEqual(yield* reserving("savepoints"), "broken off");
      assert.deepStrictEqual(yield* reserving(), [true, false, true]);
      const kept = yield* sql`
        select id from iam_verifications where identifier in (${identifierOf("x")}, ${identifierOf("y")})`;
      assert.strictEqual(kept.length, 2);
    }),
  );

  const expired = Math.floor(Date.now() / 1000) - 60;
  const tokens: Readonly<Record<string, Lie & { readonly error: string; readonly email?: string }>> = {
    "another issuer": { claims: { iss: "https://another.example" }, error: "invalid_provider" },
    "another audience": { claims: { aud: "another" }, error: "invalid_provider" },
    "another party beside": { claims: { aud: ["iam", "another"], azp: "another" }, error: "invalid_provider" },
    "another key": { signed: "by another key", error: "invalid_provider" },
    "no signature": { signed: "not", error: "invalid_provider" },
    "the public key as a secret": { signed: "with the public key as a secret", error: "invalid_provider" },
    "an end that is past": { claims: { exp: expired }, error: "invalid_provider" },
    "a begin that is to come": { claims: { nbf: expired + 600 }, error: "invalid_provider" },
    "no end": { claims: { exp: undefined }, error: "SSO_ID_TOKEN_INVALID" },
    "no nonce": { claims: { nonce: undefined }, error: "SSO_ID_TOKEN_INVALID" },
    "another nonce": { claims: { nonce: "another" }, error: "SSO_ID_TOKEN_INVALID" },
    "an address that nobody confirmed": { claims: { email_verified: false }, error: "SSO_EMAIL_NOT_VERIFIED" },
    "an address elsewhere": { email: "owner@example.com", error: "SSO_EMAIL_OUTSIDE_DOMAIN" },
    "an address that can be read in two ways": {
      email: "owner@lying.example@example.com",
      error: "SSO_EMAIL_OUTSIDE_DOMAIN",
    },
    "somebody else in the user's information": { userInfo: { sub: "another" }, error: "invalid_provider" },
    "nothing of the user": { userInfo: "hangs up", error: "SSO_PROVIDER_UNREACHABLE" },
    "an error for a code": { token: "an error", error: "invalid_provider" },
    "an answer that is no JSON": { token: "no JSON", error: "invalid_provider" },
    "a way to a private address": { token: "a redirection", error: "invalid_provider" },
    "no ID token": { token: "without an ID token", error: "invalid_provider" },
  };
  it.effect("AUTH-1: OpenID Connect: a token that is not for this sign-in signs nobody in", () =>
    Effect.gen(function* () {
      const { lying } = yield* World;
      yield* leavingNothing(
        Effect.gen(function* () {
          for (const [name, { error, email = "mal@lying.example", ...lie }] of Object.entries(tokens)) {
            const browser = yield* open;
            const back = lying.signIn(yield* begun(browser, { providerId: "lying" }), { sub: "mal", email }, lie);
            yield* assertNotSignedIn(browser, yield* browser.follow(back), error, name);
          }
        }),
      );
      // Which none of them is that is told the truth.
      const browser = yield* open;
      const honest = { sub: "mal", email: "mal@lying.example" };
      assertSignedIn(yield* browser.follow(lying.signIn(yield* begun(browser, { providerId: "lying" }), honest)));
    }),
  );

  it.effect("AUTH-1: OpenID Connect: a code is for the browser that asked", () =>
    leavingNothing(
      Effect.gen(function* () {
        const { openId } = yield* World;
        const who = { sub: "mia", email: "mia@acme.com", name: "Mia" };
        const [browser, other] = [yield* open, yield* open];
        const back = new URL(yield* openId.signIn(who, yield* begun(browser, { providerId: "acme" })));
        yield* assertNotSignedIn(other, yield* other.follow(back.href), "state_mismatch");
        // With a state of its own it has another verifier (PKCE).
        const own = new URL(yield* begun(other, { providerId: "acme" })).searchParams.get("state") ?? "";
        back.searchParams.set("state", own);
        yield* assertNotSignedIn(other, yield* other.follow(back.href), "invalid_provider");
        back.searchParams.set("state", "nonsense");
        yield* assertNotSignedIn(other, yield* other.follow(back.href), "state_mismatch");
        back.searchParams.delete("state");
        yield* assertNotSignedIn(other, yield* other.follow(back.href), "state_not_found");
      }),
    ),
  );

  it.effect("FED-1: a user is linked who has confirmed the address, and none who has not", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { openId } = yield* World;
      const { password } = IamTest;
      const ida = { email: "ida@acme.com", name: "Ida", password, data: { emailVerified: true } };
      const { user } = yield* api.createUser({ body: ida });
      const browser = yield* open;
      const by = { providerId: "acme" };
      const arrive = (sub: string, email: string) =>
        Effect.gen(function* () {
          const back = yield* openId.signIn({ sub, email, name: sub }, yield* begun(browser, by));
          return yield* browser.follow(back);
        });
      assertSignedIn(yield* arrive("ida", "ida@acme.com"));
      assert.strictEqual(at(yield* me(browser), "id"), user.id);

      // Who has a second factor is asked for it, whoever vouches for the first.
      const uri = text(granted(yield* browser.post("/two-factor/enable", { password })), "totpURI");
      granted(yield* browser.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      granted(yield* browser.post("/sign-out"));
      const half = yield* arrive("ida", "ida@acme.com");
      assert.match(half.headers.get("location") ?? "", /^http:\/\/localhost:3000\/two-factor\?next=/);
      assert.isUndefined(at(yield* me(browser), "id"));
      granted(yield* browser.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      assert.strictEqual(at(yield* me(browser), "id"), user.id);
      granted(yield* browser.post("/sign-out"));

      granted(yield* browser.post("/sign-up/email", { name: "Squatter", email: "joe@acme.com", password }));
      yield* (yield* IamTest.Mailbox).next;
      yield* leavingNothing(
        Effect.gen(function* () {
          yield* assertNotSignedIn(browser, yield* arrive("joe", "joe@acme.com"), "SSO_IDENTITY_CONFLICT");
        }),
      );
    }),
  );

  it.effect("FED-2: two first sign-ins at once make one user", () =>
    Effect.gen(function* () {
      const { openId } = yield* World;
      const sql = yield* superuser;
      const who = { sub: "kai", email: "kai@acme.com", name: "Kai" };
      const arrivals = Array.from({ length: 4 }, () =>
        Effect.gen(function* () {
          const browser = yield* open;
          const back = yield* openId.signIn(who, yield* begun(browser, { providerId: "acme" }));
          return { browser, back };
        }),
      );
      const ready = yield* Effect.all(arrivals);
      const answers = yield* Effect.all(
        ready.map(({ browser, back }) => browser.follow(back)),
        { concurrency: "unbounded" },
      );
      for (const answer of answers) assertSignedIn(answer);
      const found =
        yield* sql`select u.id from iam_users u join iam_members m on m.user_id = u.id where email = 'kai@acme.com'`;
      assert.strictEqual(found.length, 1);
    }),
  );

  it.effect("FED-1: a provider signs nobody in for a domain that it has not proved, nor keeps others from it", () =>
    Effect.gen(function* () {
      const { impostor, names, openId, serviceMetadata } = yield* World;
      const stranger = yield* signedUp("stranger");
      const { id: organizationId } = yield* organizationOf(stranger, "strangers");
      const registration = { organizationId, issuer: `${base}/saml/acme`, domain: "acme.com" };
      const registered = granted(
        yield* stranger.post("/sso/register", {
          ...registration,
          providerId: "aaa",
          samlConfig: samlConfig(impostor),
        }),
      );
      const browser = yield* open;
      assertRefused(
        yield* browser.post("/sign-in/sso", { providerId: "aaa", callbackURL: "/" }),
        401,
        "SSO_PROVIDER_NOT_VERIFIED",
      );
      const xml = yield* impostor.answer(serviceMetadata, yield* requested(browser), "eve@acme.com");
      const answer = yield* brought(browser, xml, "of no sign-in", "aaa");
      assert.strictEqual(answer.status, 401);
      assert.strictEqual(new URL(yield* begun(browser, { email: "x@acme.com" })).origin, openId.issuer);
      assertRefused(
        yield* stranger.post("/sso/verify-domain", { providerId: "aaa" }),
        502,
        "DOMAIN_VERIFICATION_FAILED",
      );
      names.set("_iam-aaa.acme.com", "what it should not be");
      assertRefused(
        yield* stranger.post("/sso/verify-domain", { providerId: "aaa" }),
        502,
        "DOMAIN_VERIFICATION_FAILED",
      );
      yield* verified(stranger, names, "aaa", "acme.com", text(registered, "domainVerificationToken"));
      names.clear();

      // Another domain is to be proved again.
      const changed = granted(
        yield* stranger.post("/sso/update-provider", { providerId: "aaa", domain: "other.example" }),
      );
      assert.isFalse(at(changed, "domainVerified"));
      assertRefused(
        yield* browser.post("/sign-in/sso", { email: "x@other.example", callbackURL: "/" }),
        404,
        "SSO_PROVIDER_NOT_FOUND",
      );
    }),
  );

  it.effect("FED-1: an identity is not that of a later provider of the same name", () =>
    Effect.gen(function* () {
      const { lying, names } = yield* World;
      const arrive = Effect.fnUntraced(function* (browser: Browser, email: string) {
        const back = lying.signIn(yield* begun(browser, { providerId: "heir" }), { sub: "root", email });
        return yield* browser.follow(back);
      });
      const register = Effect.fnUntraced(function* (person: Person, domain: string) {
        const { id: organizationId } = yield* organizationOf(person, `of-${person.name}`);
        yield* provided(person, names, {
          providerId: "heir",
          organizationId,
          issuer: lying.issuer,
          domain,
          oidcConfig: lying.configuration,
        });
        return organizationId;
      });
      const [first, second] = [yield* signedUp("first"), yield* signedUp("second")];
      const organizationId = yield* register(first, "first.example");
      const browser = yield* open;
      assertSignedIn(yield* arrive(browser, "root@first.example"));
      granted(yield* first.post("/organization/delete", { organizationId }));
      yield* register(second, "second.example");
      const thief = yield* open;
      yield* leavingNothing(
        Effect.gen(function* () {
          yield* assertNotSignedIn(thief, yield* arrive(thief, "root@second.example"), "SSO_IDENTITY_CONFLICT");
        }),
      );
    }),
  );

  it.effect("FED-1: a provider stays when whoever registered it goes", () =>
    Effect.gen(function* () {
      const { lying, names, organization, owner } = yield* World;
      const root = yield* administrator("root");
      const leaver = yield* signedUp("leaver");
      const sql = yield* superuser;
      yield* sql`insert into iam_members (id, organization_id, user_id, role)
        select gen_random_uuid(), organization_id, (select id from iam_users where email = ${leaver.email}), 'admin'
        from iam_members m join iam_users u on u.id = m.user_id where u.email = ${owner.email}`;
      yield* provided(leaver, names, {
        providerId: "left",
        organizationId: organization.id,
        issuer: lying.issuer,
        domain: "left.example",
        oidcConfig: lying.configuration,
      });
      granted(yield* root.post("/admin/remove-user", { userId: leaver.id }));
      const browser = yield* open;
      const back = lying.signIn(yield* begun(browser, { email: "pia@left.example" }), {
        sub: "pia",
        email: "pia@left.example",
      });
      assertSignedIn(yield* browser.follow(back));
      const { providers } = granted(yield* owner.get("/sso/providers")) as { providers: ReadonlyArray<unknown> };
      assert.include(
        providers.map((provider) => at(provider, "providerId")),
        "left",
      );
      granted(yield* owner.post("/sso/delete-provider", { providerId: "left" }));
    }),
  );

  it.effect("AUTH-3: a provider's claims make nobody an administrator", () =>
    Effect.gen(function* () {
      const { lying, owner } = yield* World;
      const mapping = { email: "email", name: "name", extraFields: { role: "role", emailVerified: "email_verified" } };
      granted(
        yield* owner.post("/sso/update-provider", {
          providerId: "lying",
          oidcConfig: { overrideUserInfo: true, mapping },
        }),
      );
      const browser = yield* open;
      for (const _ of ["the first time", "the second"]) {
        const address = yield* begun(browser, { providerId: "lying" });
        const who = { sub: "ned", email: "ned@lying.example" };
        assertSignedIn(yield* browser.follow(lying.signIn(address, who, { userInfo: { role: "admin" } })));
        assert.strictEqual(at(yield* me(browser), "role"), "user");
      }
    }),
  );

  it.effect("CRY-5: what a provider and the service have between them is in no answer", () =>
    Effect.gen(function* () {
      const { names, openId, organization, owner } = yield* World;
      const registered = yield* provided(owner, names, {
        providerId: "silent",
        organizationId: organization.id,
        issuer: openId.issuer,
        domain: "silent.example",
        oidcConfig: openIdConfig,
      });
      const answers = [
        registered,
        granted(yield* owner.get("/sso/providers")),
        granted(yield* owner.get("/sso/get-provider", { providerId: "silent" })),
        granted(
          yield* owner.post("/sso/update-provider", { providerId: "silent", oidcConfig: { scopes: ["openid"] } }),
        ),
      ];
      for (const answer of answers) assert.notInclude(JSON.stringify(answer), openIdConfig.clientSecret);
      assert.strictEqual(at(registered, "redirectURI"), `${base}/api/auth/sso/callback/silent`);
    }),
  );

  it.effect("CRY-5: what a provider gives for a user is sealed, and every provider is listed", () =>
    Effect.gen(function* () {
      const { lying, owner } = yield* World;
      const sql = yield* superuser;
      const browser = yield* open;
      const who = { sub: "oli", email: "oli@lying.example" };
      assertSignedIn(yield* browser.follow(lying.signIn(yield* begun(browser, { providerId: "lying" }), who)));
      const [account] = yield* sql`select access_token from iam_accounts where account_id = 'oli'`;
      assert.notInclude(text(account, "access_token"), "an access token");

      yield* sql`insert into iam_sso_providers (id, issuer, provider_id, domain, organization_id)
        select gen_random_uuid(), 'https://many.example', 'many-' || n, 'many.example', o.id
        from generate_series(1, 120) n, iam_organizations o where o.slug = 'acme'`;
      const { providers } = granted(yield* owner.get("/sso/providers")) as { providers: ReadonlyArray<unknown> };
      assert.isAbove(providers.length, 120);
    }),
  );

  it.effect("AUTH-1: a provider is for those to register who may, and as it will be used", () =>
    Effect.gen(function* () {
      const { lying, organization, owner, saml } = yield* World;
      const plain = yield* signedUp("plain");
      const oidcConfig = lying.configuration;
      const { id: organizationId } = organization;
      const open = { providerId: "open", issuer: lying.issuer, domain: "open.example", oidcConfig };
      const register = (person: Browser, more: object) => person.post("/sso/register", { ...open, ...more });
      assertRefused(yield* register(plain, {}), 403, "SSO_NOT_ALLOWED");
      assertRefused(yield* register(plain, { organizationId }), 404, "ORGANIZATION_NOT_FOUND");
      assertRefused(yield* register(owner, {}), 403, "SSO_NOT_ALLOWED");

      const weak = yield* keyPair("weak", 1024);
      const keyless = saml.metadata.replace(/<KeyDescriptor[\s\S]*?<\/KeyDescriptor>/, "");
      const asSaml = (samlConfig: object) => ({ oidcConfig: undefined, samlConfig });
      const ofSaml = samlConfig(saml);
      const invalid: Readonly<Record<string, object>> = {
        "a name that is no label": { providerId: "../open" },
        "a name that is too long": { providerId: "o".repeat(59) },
        "a domain that is none": { domain: "nothing of the kind" },
        "one of two domains that is none": { domain: "open.example,127.0.0.1" },
        "neither protocol": { oidcConfig: undefined },
        "both protocols": { samlConfig: ofSaml },
        "metadata without a key": asSaml({ ...ofSaml, idpMetadata: { metadata: keyless } }),
        "metadata with a document type": asSaml({
          ...ofSaml,
          idpMetadata: { metadata: `<!DOCTYPE x [<!ENTITY y "z">]>${saml.metadata}` },
        }),
        "metadata that are none": asSaml({ ...ofSaml, idpMetadata: { metadata: "<" } }),
        "metadata that want signed requests": asSaml({
          ...ofSaml,
          idpMetadata: {
            metadata: saml.metadata.replace('WantAuthnRequestsSigned="false"', 'WantAuthnRequestsSigned="true"'),
          },
        }),
        "a key that is too short": asSaml({
          ...ofSaml,
          idpMetadata: { metadata: samlProvider("https://weak.example", weak).metadata },
        }),
        "a certificate that is none": asSaml({ ...ofSaml, cert: "nonsense" }),
        "a private key that is none": asSaml({ ...ofSaml, privateKey: "nonsense" }),
        "an address that is a script": asSaml({ ...ofSaml, entryPoint: "javascript:alert(1)" }),
        "assertions that are encrypted": asSaml({ ...ofSaml, spMetadata: { isAssertionEncrypted: true } }),
        "metadata for the service": asSaml({ ...ofSaml, spMetadata: { metadata: "<x/>" } }),
      };
      for (const [name, more] of Object.entries(invalid)) {
        const answer = yield* register(owner, { organizationId, ...more });
        assert.deepStrictEqual([answer.status, answer.code], [400, "SSO_CONFIGURATION_INVALID"], name);
      }
      assertRefused(
        yield* register(owner, { organizationId, ...asSaml({ ...ofSaml, signatureAlgorithm: "rsa-sha1" }) }),
        400,
        "SAML_ALGORITHM_NOT_ALLOWED",
      );

      const root = yield* administrator("registrar");
      granted(yield* register(root, {}));
      assertRefused(
        yield* plain.post("/sso/update-provider", { providerId: "open", domain: "a.example" }),
        403,
        "SSO_NOT_ALLOWED",
      );
      const other = yield* administrator("other");
      granted(yield* other.post("/sso/delete-provider", { providerId: "open" }));
    }),
  );

  it.effect("AUTH-1: a provider leads the service to no address that is private, or of somebody else", () =>
    Effect.gen(function* () {
      const { lying, organization, owner } = yield* World;
      const registration = { providerId: "inner", organizationId: organization.id, domain: "inner.example" };
      const byItself = { clientId: "iam", clientSecret: "secret" };
      const discovering = (issuer: string) =>
        owner.post("/sso/register", { ...registration, issuer, oidcConfig: byItself });
      const hosts = ["127.0.0.1:5432", "10.0.0.1", "169.254.169.254", "[::1]", "localhost", "metadata.google.internal"];
      for (const host of hosts) {
        assertRefused(yield* discovering(`http://${host}`), 400, "discovery_untrusted_origin");
        for (const name of ["tokenEndpoint", "jwksEndpoint", "userInfoEndpoint", "authorizationEndpoint"]) {
          const oidcConfig = { ...lying.configuration, [name]: `http://${host}/` };
          const answer = yield* owner.post("/sso/register", { ...registration, issuer: lying.issuer, oidcConfig });
          assertRefused(answer, 400, "discovery_private_host");
        }
      }
      for (const [document, status, code] of [
        [{ jwks_uri: "http://169.254.169.254/jwks" }, 400, "discovery_untrusted_origin"],
        [{ token_endpoint: "http://127.0.0.1:5432/" }, 400, "discovery_untrusted_origin"],
        [{ issuer: "https://another.example" }, 400, "issuer_mismatch"],
        [{ jwks_uri: undefined }, 400, "discovery_incomplete"],
        ["a redirection", 400, "oidc_endpoint_redirect"],
      ] as const) {
        lying.discovered(document);
        assertRefused(yield* discovering(lying.issuer), status, code);
      }
    }),
  );
});
