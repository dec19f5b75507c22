/** The main flow of every plugin that an installation may enable, on a server and embedded. Refusals are in the files beside. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { authenticator } from "./authenticator.ts";
import { at, granted, open, signedUp, text } from "./browser.ts";
import { mailedCode } from "./operations/mailedSignIns.ts";
import { texted } from "./operations/phoneNumbers.ts";
import { signedMessage } from "./siwe.ts";

const { password } = IamTest;
const phoneNumber = "+4915112345678";

for (const { name, layer: database } of IamTest.serverAndEmbedded) {
  layer(Layer.provideMerge(database, Logger.layer([])), { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect(
      "AUTH-1: a user name, a passkey, a signed token, a one-time token, a bearer token, several sessions",
      () =>
        Effect.gen(function* () {
          const ann = yield* signedUp("ann");
          granted(yield* ann.post("/update-user", { username: "Ann_B" }));
          const who = yield* open;
          granted(yield* who.post("/sign-in/username", { username: "ann_b", password }));
          const userIn = (answer: unknown) => at(answer, "user", "id");
          assert.strictEqual(userIn(granted(yield* who.get("/get-session"))), ann.id);

          const device = authenticator();
          const wanted = granted(yield* ann.get("/passkey/generate-register-options"));
          granted(yield* ann.post("/passkey/verify-registration", { response: device.create(Object(wanted)) }));
          const keyed = yield* open;
          const asked = granted(yield* keyed.get("/passkey/generate-authenticate-options"));
          granted(yield* keyed.post("/passkey/verify-authentication", { response: device.get(Object(asked)) }));
          assert.strictEqual(userIn(granted(yield* keyed.get("/get-session"))), ann.id);

          // Whoever has the served keys verifies a token, and finds in it who it is and little more.
          const token = text(granted(yield* ann.get("/token")), "token");
          const keys = createLocalJWKSet(granted(yield* ann.get("/jwks")) as JSONWebKeySet);
          const origin = "http://localhost:3000";
          const { payload, protectedHeader } = yield* Effect.promise(() =>
            jwtVerify(token, keys, { issuer: origin, audience: origin, algorithms: ["ES256"], subject: ann.id }),
          );
          assert.strictEqual(protectedHeader.alg, "ES256");
          const claims = ["aud", "email", "emailVerified", "exp", "iat", "image", "iss", "name", "role", "sid", "sub"];
          assert.deepStrictEqual(Object.keys(payload).toSorted(), claims);
          assert.strictEqual((payload.exp ?? 0) - (payload.iat ?? 0), 15 * 60);

          const there = yield* open;
          const once = text(granted(yield* ann.get("/one-time-token/generate")), "token");
          granted(yield* there.post("/one-time-token/verify", { token: once }));
          assert.strictEqual(userIn(granted(yield* there.get("/get-session"))), ann.id);

          const signedIn = yield* (yield* open).post("/sign-in/email", { email: ann.email, password });
          const bearing = yield* open;
          bearing.bear(signedIn.headers.get("set-auth-token") ?? "");
          assert.strictEqual(userIn(granted(yield* bearing.get("/get-session"))), ann.id);

          const guest = granted(yield* ann.post("/sign-in/email-otp", yield* coded("several@example.com")));
          const several = granted(yield* ann.get("/multi-session/list-device-sessions"));
          assert.lengthOf(Array.isArray(several) ? several : [], 2);
          granted(yield* ann.post("/multi-session/revoke", { sessionToken: text(guest, "token") }));
          assert.strictEqual(userIn(granted(yield* ann.get("/get-session"))), ann.id);
        }),
    );

    it.effect("AUTH-1: a magic link, a code by mail, a phone number, an Ethereum account: each signs up and in", () =>
      Effect.gen(function* () {
        const mailbox = yield* IamTest.Mailbox;
        const email = "bob@example.com";
        const browser = yield* open;
        const identify = Effect.map(browser.get("/get-session"), (answer) => Object(at(granted(answer), "user")));

        granted(yield* browser.post("/sign-in/magic-link", { email, name: "Bob" }));
        const link = IamTest.linkIn(yield* mailbox.next);
        assert.strictEqual((yield* browser.follow(link)).headers.get("location"), "http://localhost:3000/account");
        const bob = yield* identify;
        assert.deepInclude(bob, { email, name: "Bob", emailVerified: true, lastLoginMethod: "magic-link" });

        granted(yield* browser.post("/sign-out"));
        granted(yield* browser.post("/sign-in/email-otp", yield* coded(email)));
        assert.deepInclude(yield* identify, { id: bob.id, lastLoginMethod: "email-otp" });

        granted(yield* browser.post("/sign-out"));
        granted(yield* browser.post("/phone-number/send-otp", { phoneNumber }));
        granted(yield* browser.post("/phone-number/verify", { phoneNumber, code: yield* texted }));
        const phoned = yield* identify;
        const unconfirmed = { phoneNumber, phoneNumberVerified: true, emailVerified: false };
        assert.deepInclude(phoned, { ...unconfirmed, lastLoginMethod: "phone-number" });
        assert.match(text(phoned, "email"), /^\w+@phone\.placeholder\.invalid$/);

        granted(yield* browser.post("/sign-out"));
        const account = privateKeyToAccount(generatePrivateKey());
        for (const _ of ["up", "in"]) {
          const { nonce } = Object(granted(yield* browser.post("/siwe/nonce")));
          granted(yield* browser.post("/siwe/verify", yield* signedMessage(account, { nonce })));
        }
        const wallet = yield* identify;
        assert.deepInclude(wallet, { name: account.address, emailVerified: false, lastLoginMethod: "siwe" });
      }),
    );

    it.effect("AUTH-1: what a guest had passes to the account; a device is let in by a code", () =>
      Effect.gen(function* () {
        const browser = yield* open;
        const guest = granted(yield* browser.post("/sign-in/anonymous"));
        assert.isTrue(at(guest, "user", "isAnonymous"));
        const shop = granted(yield* browser.post("/organization/create", { name: "Shop", slug: "shop" }));
        granted(yield* browser.post("/sign-in/email-otp", yield* coded("cat@example.com")));
        const user = at(granted(yield* browser.get("/get-session")), "user");
        assert.isFalse(at(user, "isAnonymous"));
        assert.notStrictEqual(at(user, "id"), at(guest, "user", "id"));
        const owned = granted(
          yield* browser.get("/organization/get-full-organization", { organizationId: text(shop, "id") }),
        );
        assert.deepInclude(Object(at(owned, "members", 0)), { role: "owner", userId: at(user, "id") });

        const television = yield* open;
        const asked = granted(yield* television.post("/device/code", { client_id: "television" }));
        assert.strictEqual(text(asked, "verification_uri"), "http://localhost:3000/device");
        granted(yield* browser.get("/device", { user_code: text(asked, "user_code") }));
        granted(yield* browser.post("/device/approve", { userCode: text(asked, "user_code") }));
        const token = granted(
          yield* television.post("/device/token", {
            grant_type: "urn:ietf:params:oauth:grant-type:device_code",
            device_code: text(asked, "device_code"),
            client_id: "television",
          }),
        );
        television.bear(text(token, "access_token"));
        assert.strictEqual(at(granted(yield* television.get("/get-session")), "user", "id"), at(user, "id"));
      }),
    );

    const coded = Effect.fnUntraced(function* (email: string) {
      granted(yield* (yield* open).post("/email-otp/send-verification-otp", { email, type: "sign-in" }));
      return { email, otp: yield* mailedCode(email) };
    });
  });
}
