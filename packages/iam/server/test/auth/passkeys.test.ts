/** What makes no passkey, and what signs nobody in: every answer of an authenticator that is not the one asked for. */
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { authenticator, type Behaviour } from "./authenticator.ts";
import { assertRefused, at, type Browser, Cast, database, granted, idsOf, open, signIn, text } from "./browser.ts";
import { codeNow } from "./totp.ts";

/** What a browser asks its authenticator for, to add a passkey. */
const wanted = (browser: Browser) =>
  Effect.map(browser.get("/passkey/generate-register-options"), (answer) => Object(granted(answer)));
/** The same, to sign in. */
const asked = (browser: Browser) =>
  Effect.map(browser.get("/passkey/generate-authenticate-options"), (answer) => Object(granted(answer)));

const add = (browser: Browser, response: unknown) => browser.post("/passkey/verify-registration", { response });
const enter = (browser: Browser, response: unknown) => browser.post("/passkey/verify-authentication", { response });

/** A device with a passkey of the user's. */
const registered = Effect.fnUntraced(function* (by: Browser) {
  const device = authenticator();
  const id = text(granted(yield* add(by, device.create(yield* wanted(by)))), "id");
  return { device, id };
});

/** The same text with another character in its middle. */
const flipped = (encoded: string) => {
  const middle = Math.floor(encoded.length / 2);
  return `${encoded.slice(0, middle)}${encoded[middle] === "A" ? "B" : "A"}${encoded.slice(middle + 1)}`;
};

const garbage: ReadonlyArray<unknown> = [
  undefined,
  null,
  5,
  "nonsense",
  [],
  {},
  { id: 5 },
  { id: "nonsense", rawId: "nonsense", type: "public-key", response: {}, clientExtensionResults: {} },
  { id: "AA", rawId: "AA", type: "public-key", response: { clientDataJSON: "AA", attestationObject: "AA" } },
];

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("AUTH-1: an answer that was not asked for, or not so, adds no passkey", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const refused = [400, "FAILED_TO_VERIFY_REGISTRATION"] as const;
      const wrong: ReadonlyArray<Behaviour> = [
        { origin: "http://localhost:4000" },
        { origin: "https://localhost:3000" },
        { rpId: "evil.example" },
        { verifiesUser: false },
      ];
      for (const behaviour of wrong) {
        const answer = yield* add(ann, authenticator().create(yield* wanted(ann), behaviour));
        assertRefused(answer, ...refused);
      }
      const earlier = yield* wanted(ann);
      yield* wanted(ann);
      assertRefused(yield* add(ann, authenticator().create(earlier)), ...refused);

      const used = authenticator().create(yield* wanted(ann));
      granted(yield* add(ann, used));
      assertRefused(yield* add(ann, used), 400, "CHALLENGE_NOT_FOUND");
      // With the challenge of a sign-in, with another's, and without a session.
      assertRefused(
        yield* Effect.flatMap(asked(ann), ({ challenge }) =>
          add(ann, authenticator().create({ ...earlier, challenge })),
        ),
        400,
        "CHALLENGE_NOT_FOUND",
      );
      const shared = yield* open;
      granted(yield* signIn(shared, ann.email));
      const begun = authenticator().create(yield* wanted(shared));
      granted(yield* signIn(shared, bob.email));
      assertRefused(yield* add(shared, begun), 401, "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY");
      assert.strictEqual((yield* add(yield* open, begun)).status, 401);

      for (const response of garbage) {
        yield* wanted(ann);
        const { status, code } = yield* add(ann, response);
        const right = response === undefined ? [400, "VALIDATION_ERROR"] : [...refused];
        assert.deepStrictEqual([status, code], right, JSON.stringify(response));
      }
      for (const transports of [{ a: "usb" }, [{}], 5]) {
        const { response, ...answer } = authenticator().create(yield* wanted(ann));
        assertRefused(yield* add(ann, { ...answer, response: { ...response, transports } }), ...refused);
      }
      // One key is one user's.
      const device = authenticator();
      const own = device.create(yield* wanted(ann));
      granted(yield* add(ann, own));
      assert.lengthOf(idsOf(granted(yield* ann.get("/passkey/list-user-passkeys"))), 2);
      assert.lengthOf(idsOf(granted(yield* bob.get("/passkey/list-user-passkeys"))), 0);
    }),
  );

  it.effect("AUTH-1: an answer that was not asked for, or not so, signs nobody in", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const { device } = yield* registered(ann);
      const browser = yield* open;
      const refused = [400, "AUTHENTICATION_FAILED"] as const;
      for (const origin of ["http://localhost:4000", "https://localhost:3000"]) {
        assertRefused(yield* enter(browser, device.get(yield* asked(browser), { origin })), ...refused);
      }
      const unverified = device.get(yield* asked(browser), { verifiesUser: false });
      assertRefused(yield* enter(browser, unverified), 401, "AUTHENTICATION_FAILED");
      const earlier = yield* asked(browser);
      yield* asked(browser);
      assertRefused(yield* enter(browser, device.get(earlier)), ...refused);
      for (const part of ["signature", "authenticatorData", "clientDataJSON"] as const) {
        const right = device.get(yield* asked(browser));
        const response = { ...right.response, [part]: flipped(right.response[part]) };
        const { status, code } = yield* enter(browser, { ...right, response });
        assert.deepStrictEqual([status === 400 || status === 401, code], [true, refused[1]], part);
      }
      assert.isNull(granted(yield* browser.get("/get-session")));

      const used = device.get(yield* asked(browser), { counting: 5 });
      assert.strictEqual(at(granted(yield* enter(browser, used)), "user", "id"), ann.id);
      granted(yield* browser.post("/sign-out"));
      assertRefused(yield* enter(browser, used), 400, "CHALLENGE_NOT_FOUND");
      // The counter of a copy has stayed, or is behind.
      for (const counting of [0, -2]) {
        assertRefused(yield* enter(browser, device.get(yield* asked(browser), { counting })), ...refused);
      }
      granted(yield* enter(browser, device.get(yield* asked(browser), { counting: 3 })));
      granted(yield* browser.post("/sign-out"));

      const unknown = authenticator();
      unknown.create(yield* wanted(bob));
      assertRefused(yield* enter(browser, unknown.get(yield* asked(browser))), 401, "PASSKEY_NOT_FOUND");
      // One that is known, with a signature by another's key.
      const right = device.get(yield* asked(browser));
      const forged = unknown.get(yield* asked(browser), { counting: 50 });
      const { id, rawId } = right;
      assertRefused(yield* enter(browser, { ...forged, id, rawId }), 401, "AUTHENTICATION_FAILED");
      for (const response of garbage) {
        yield* asked(browser);
        const { status } = yield* enter(browser, response);
        assert.include([400, 401], status, JSON.stringify(response));
      }
      assert.isNull(granted(yield* browser.get("/get-session")));
    }),
  );

  it.effect("AUTH-1: a passkey is changed and deleted by its user, and then signs nobody in", () =>
    Effect.gen(function* () {
      const { bob, cat } = yield* Cast;
      const { device, id } = yield* registered(bob);
      const notTheirs = "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY";
      assertRefused(yield* cat.post("/passkey/update-passkey", { id, name: "mine" }), 401, notTheirs);
      assert.strictEqual((yield* cat.post("/passkey/delete-passkey", { id })).status, 401);
      const { id: gone } = yield* registered(bob);
      granted(yield* bob.post("/passkey/delete-passkey", { id: gone }));
      assertRefused(yield* bob.post("/passkey/delete-passkey", { id: gone }), 404, "PASSKEY_NOT_FOUND");
      assertRefused(yield* bob.post("/passkey/update-passkey", { id: "nonsense", name: "x" }), 400, "INVALID_ID");
      granted(yield* bob.post("/passkey/update-passkey", { id, name: "phone" }));
      granted(yield* bob.post("/passkey/delete-passkey", { id }));
      const browser = yield* open;
      assertRefused(yield* enter(browser, device.get(yield* asked(browser))), 401, "PASSKEY_NOT_FOUND");
    }),
  );

  it.effect("AUTH-1: who signs in by a passkey has shown both factors", () =>
    Effect.gen(function* () {
      const { cat } = yield* Cast;
      const { device } = yield* registered(cat);
      const uri = text(granted(yield* cat.post("/two-factor/enable", { password: IamTest.password })), "totpURI");
      granted(yield* cat.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      const browser = yield* open;
      granted(yield* enter(browser, device.get(yield* asked(browser))));
      assert.strictEqual(at(granted(yield* browser.get("/get-session")), "user", "id"), cat.id);
    }),
  );
});
