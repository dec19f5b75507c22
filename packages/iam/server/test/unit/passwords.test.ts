import { PasswordBlocklist } from "@beep/iam-server";
import { assert, describe, it } from "@effect/vitest";
import { hashPassword as scrypt } from "better-auth/crypto";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Hashing from "../../src/auth/password/hashing.ts";
import { isPredictable } from "../../src/auth/password/predictable.ts";
import { digestOf, rangeService } from "../rangeService.ts";

const phrase = "correct horse battery staple";

describe("AUTH-4: a password's hash", () => {
  const hashing = Hashing.make({ memory: 19, iterations: 2 });

  it("states how it was made (argon2id, PHC)", async () => {
    assert.match(await hashing.hash(phrase), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
  });

  it("has every character in it, however long the password is", async () => {
    for (const length of [64, 72, 128, 256]) {
      const password = Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7) % 90))).join("");
      const hash = await hashing.hash(password);
      assert.isTrue(await hashing.verify({ hash, password }));
      for (const other of [password.slice(0, -1), `${password.slice(0, -1)}~`, ` ${password}`, `${password} `]) {
        assert.isFalse(await hashing.verify({ hash, password: other }));
      }
    }
  });

  it("is the same for what looks the same, and differs in case and spaces", async () => {
    const hash = await hashing.hash("Zoë kauft Äpfel ein");
    assert.isTrue(await hashing.verify({ hash, password: "Zoë kauft Äpfel ein".normalize("NFD") }));
    assert.isFalse(await hashing.verify({ hash, password: "zoë kauft Äpfel ein" }));
    assert.isFalse(await hashing.verify({ hash, password: "Zoë kauft  Äpfel ein" }));
  });

  it("of Better Auth's own form is verified, and is weak", async () => {
    const hash = await scrypt(phrase);
    assert.isTrue(await hashing.verify({ hash, password: phrase }));
    assert.isFalse(await hashing.verify({ hash, password: `${phrase}r` }));
    assert.isTrue(hashing.isWeak(hash));
  });

  it("is weak when a guess at it costs less than at a new one", async () => {
    const hash = await hashing.hash(phrase);
    assert.isFalse(hashing.isWeak(hash));
    assert.isTrue(Hashing.make({ memory: 20, iterations: 2 }).isWeak(hash));
    assert.isTrue(Hashing.make({ memory: 19, iterations: 3 }).isWeak(hash));
    assert.isTrue(hashing.isWeak(hash.replace("argon2id", "argon2i")));
  });
});

describe("AUTH-4: the list that comes along", () => {
  const words = ["iam", "id.example.com", "Ann Smith", "ann.smith@acme.example"];
  const refused = [
    // Common, repeated, or with something at their ends.
    "password",
    "1q2w3e4r5t6y7u8i9o0p",
    "passwordpassword",
    "Password Password 1",
    "p@ssw0rdp@ssw0rd",
    "password1234password1234",
    "iloveyou iloveyou iloveyou",
    "!!!!!sunshine!!!!!2024",
    // One character, few, or a sequence.
    "aaaaaaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "a-b-c-d-e-f-g-h-i-j",
    "abcdefghijklmnopqrstuvwxyz",
    "987654321098765432",
    "qwertyuiopasdfghjkl",
    "               ",
    // Names.
    "annsmith@acme.example",
    "Ann Smith Acme 2024",
    "example-iam-example",
  ];
  for (const password of refused) {
    it(`refuses "${password}"`, () =>
      assert.isTrue(
        isPredictable(
          password,
          words.flatMap((word) => [word, ...word.split(/\W/)]),
        ),
      ));
  }

  const accepted = [
    phrase,
    "Ann sold seven green boats",
    "xk2!pq9d",
    "!$%&/()=?`*+'#-",
    "wrong horse battery staple",
    "zvGk7-Qm2rT-84hsN",
    "Grüße aus dem Schwarzwald",
    "七つの緑の船を売ったアンさんの夏",
  ];
  for (const password of accepted) {
    it(`lets "${password}" through`, () => assert.isFalse(isPredictable(password, ["iam", "Ann"])));
  }
});

describe("AUTH-4: a service of compromised passwords", () => {
  it.live("is told five characters, asks for padding, and knows the password", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* rangeService({ [phrase]: 42 });
      const { isListed } = PasswordBlocklist.pwnedPasswords({ url, beside: PasswordBlocklist.offline });
      assert.isTrue(yield* isListed({ password: phrase, words: [] }));
      assert.isFalse(yield* isListed({ password: `${phrase}r`, words: [] }));
      assert.deepStrictEqual(asked[0], { path: `/range/${digestOf(phrase).slice(0, 5)}`, padding: "true" });
    }),
  );

  it.live("is not asked for what the list that comes along knows, and not needed for that", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* rangeService({});
      const { isListed } = PasswordBlocklist.pwnedPasswords({ url, beside: PasswordBlocklist.offline });
      assert.isTrue(yield* isListed({ password: "passwordpassword", words: [] }));
      assert.lengthOf(asked, 0);
    }),
  );

  it.live("that answers badly, late or not at all leaves the list that comes along", () =>
    Effect.gen(function* () {
      const service = yield* rangeService({ [phrase]: 42 });
      const timeout = Duration.millis(100);
      const list = PasswordBlocklist.pwnedPasswords({ url: service.url, beside: PasswordBlocklist.offline, timeout });
      const isListed = list.isListed({ password: phrase, words: [] });
      assert.isTrue(yield* isListed);
      for (const how of ["badly", "never"] as const) {
        service.answers(how);
        assert.isFalse(yield* isListed);
      }
      const nobody = PasswordBlocklist.pwnedPasswords({
        url: new URL("http://127.0.0.1:1/"),
        beside: PasswordBlocklist.offline,
      });
      assert.isFalse(yield* nobody.isListed({ password: phrase, words: [] }));
    }),
  );

  it.live("pads its answer with what nobody has", () =>
    Effect.gen(function* () {
      const { url } = yield* rangeService({ [phrase]: 0 });
      const list = PasswordBlocklist.pwnedPasswords({ url, beside: PasswordBlocklist.offline });
      assert.isFalse(yield* list.isListed({ password: phrase, words: [] }));
    }),
  );
});
