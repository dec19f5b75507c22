/** A sign-up answers alike for an address that is known and for one that is not, with whatever plugins are enabled. */
import { Plugins } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { at, database, granted, open } from "./browser.ts";

/** The form of an answer: the names in their order, and the values that are not the user's own. */
const form = (body: unknown) => JSON.stringify(body).replace(/"(id|createdAt|updatedAt|email)":"[^"]+"/g, '"$1"');

layer(database, { excludeTestServices: true })((it) => {
  it.effect("AUTH-5: a sign-up does not tell whether its address is known", () =>
    Effect.gen(function* () {
      const browser = yield* open;
      const signUp = (email: string, more: Readonly<Record<string, unknown>>) =>
        browser.post("/sign-up/email", { name: "Ann", email, password: IamTest.password, ...more });

      const first = granted(yield* signUp("ann@example.com", {}));
      assert.strictEqual(form(granted(yield* signUp("ann@example.com", {}))), form(first));
      for (const field of ["username", "isAnonymous", "phoneNumber", "lastLoginMethod"]) {
        assert.isDefined(at(first, "user", field), field);
      }

      // With names, of which each can be had once.
      const image = "https://example.com/ann.png";
      const unknown = granted(yield* signUp("bob@example.com", { username: "Ann.Smith", image }));
      const known = granted(yield* signUp("ann@example.com", { username: "Ann.Smitt", image }));
      assert.strictEqual(form(known).replaceAll(/smitt/gi, "x"), form(unknown).replaceAll(/smith/gi, "x"));

      // What a user is not asked for is as it always is.
      const guest = granted(yield* signUp("dan@example.com", { isAnonymous: true }));
      assert.isFalse(at(guest, "user", "isAnonymous"));
      assert.strictEqual(form(granted(yield* signUp("ann@example.com", { isAnonymous: true }))), form(guest));

      // And what is refused is refused of both.
      for (const wrong of [
        { phoneNumber: "+4915112345678" },
        { phoneNumber: { a: 1 } },
        { phoneNumberVerified: true },
        { lastLoginMethod: "passkey" },
        { username: "ann.smith" },
        { username: "a" },
        { username: { a: 1 } },
        { displayUsername: 5 },
        { role: "admin" },
        { email: "ann@phone.placeholder.invalid" },
      ]) {
        const [one, other] = [yield* signUp("cat@example.com", wrong), yield* signUp("ann@example.com", wrong)];
        assert.strictEqual(one.status, 400, JSON.stringify(wrong));
        assert.deepStrictEqual([other.status, other.body], [one.status, one.body], JSON.stringify(wrong));
      }
    }),
  );
});

layer(IamTest.configured({ IAM_PLUGINS: Plugins.enabledByDefault.join() }), { excludeTestServices: true })(
  "with the plugins that are enabled by default",
  (it) => {
    it.effect("AUTH-5: a sign-up does not tell whether its address is known", () =>
      Effect.gen(function* () {
        const browser = yield* open;
        const body = { name: "Ann", email: "ann@example.com", password: IamTest.password, username: "ann" };
        const [first, second] = [
          yield* browser.post("/sign-up/email", body),
          yield* browser.post("/sign-up/email", body),
        ];
        assert.strictEqual(form(granted(second)), form(granted(first)));
        assert.isUndefined(at(granted(first), "user", "username"));
      }),
    );
  },
);
