/** Notes as Go's `sumdb/note` and C2SP publish them, and what is none. */
import { assert, describe, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as SignedNote from "../../../src/audit/SignedNote.ts";
import { codeOf, signatures } from "./support.ts";

/** The example of Go's documentation. */
const peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const peterPrivate = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const peterLine =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const enoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const enochLine =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
const note = `${text}\n${peterLine}`;

/** All texts that are nearly a text: each part of it, and it with each character another. */
const mangled = (text: string): ReadonlyArray<string> => {
  const parts = Array.from(text, (_, start) =>
    Array.from(text.slice(start), (_, length) => text.slice(start, start + length + 1)),
  ).flat();
  const changed = Array.from(text, (character, at) => {
    const other = String.fromCharCode(character.charCodeAt(0) + 1);
    return `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
  });
  return [...parts, ...changed].filter((other) => other !== text);
};

layer(signatures)("a signed note", (it) => {
  describe("keys", () => {
    it.effect("AUD-4: are read and written as Go does", () =>
      Effect.gen(function* () {
        const verifier = yield* SignedNote.parseVerifierKey(peter);
        assert.deepInclude(verifier, { name: "PeterNeumann", id: "c74f20a3" });
        assert.strictEqual(yield* SignedNote.formatVerifierKey(verifier), peter);
        const signer = yield* SignedNote.parseSignerKey(Redacted.make(peterPrivate));
        assert.strictEqual(Redacted.value(yield* SignedNote.formatSignerKey(signer)), peterPrivate);
        assert.strictEqual(yield* SignedNote.formatVerifierKey(signer.verifier), peter);
      }),
    );

    it.effect("AUD-4: that are cut off, changed, of another length or algorithm are none", () =>
      Effect.gen(function* () {
        const others = [
          "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
          "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          `${peter}\n`,
          peterPrivate,
        ];
        for (const key of [...mangled(peter), ...others]) {
          assert.strictEqual(yield* codeOf(SignedNote.parseVerifierKey(key)), "NOTE_KEY_MALFORMED", key);
        }
        for (const key of [...mangled(peterPrivate), peter]) {
          const parsed = SignedNote.parseSignerKey(Redacted.make(key));
          assert.strictEqual(yield* codeOf(parsed), "NOTE_KEY_MALFORMED", key);
        }
      }),
    );

    it.effect("AUD-4: that are made new sign, and survive their texts", () =>
      Effect.gen(function* () {
        const made = yield* SignedNote.generateSignerKey("example.com/log");
        const signer = yield* SignedNote.parseSignerKey(yield* SignedNote.formatSignerKey(made));
        const verifier = yield* SignedNote.parseVerifierKey(yield* SignedNote.formatVerifierKey(made.verifier));
        const opened = yield* SignedNote.open(yield* SignedNote.sign(text, [signer]), [verifier]);
        assert.deepStrictEqual(opened, { text, signers: [verifier] });
        const other = yield* SignedNote.generateSignerKey("example.com/log");
        assert.notStrictEqual(other.verifier.id, made.verifier.id);
      }),
    );

    it.effect("AUD-4: have a name without space, + and control characters", () =>
      Effect.gen(function* () {
        for (const name of ["", " ", "a b", "a+b", "a\n", "a\u00a0", "a\u2028", "\u0000", "\ud800"]) {
          assert.strictEqual(yield* codeOf(SignedNote.generateSignerKey(name)), "NOTE_KEY_MALFORMED", name);
        }
      }),
    );

    it.effect("CRY-5: do not show themselves", () =>
      Effect.gen(function* () {
        const signer = yield* SignedNote.parseSignerKey(Redacted.make(peterPrivate));
        const shown = `${JSON.stringify(signer)}${signer.privateKey}${yield* SignedNote.formatSignerKey(signer)}`;
        assert.notInclude(shown, "AYEKFALVFGyNhPJEMzD1QIDr");
        const error = yield* Effect.flip(SignedNote.parseSignerKey(Redacted.make(`${peterPrivate}x`)));
        assert.notInclude(JSON.stringify(error), "AYEKFALVFGyNhPJEMzD1QIDr");
      }),
    );
  });

  describe("signing", () => {
    it.effect("AUD-4: gives the note that Go publishes", () =>
      Effect.gen(function* () {
        const signer = yield* SignedNote.parseSignerKey(Redacted.make(peterPrivate));
        assert.strictEqual(yield* SignedNote.sign(text, [signer]), note);
      }),
    );

    it.effect("AUD-4: refuses what is no text", () =>
      Effect.gen(function* () {
        const signer = yield* SignedNote.parseSignerKey(Redacted.make(peterPrivate));
        for (const other of ["", "abc", "a\tb\n", "a\r\n", "\u0000\n", "\ud800\n"]) {
          assert.strictEqual(yield* codeOf(SignedNote.sign(other, [signer])), "NOTE_MALFORMED", other);
        }
      }),
    );
  });

  describe("opening", () => {
    const keys = Effect.forEach([peter, enoch], SignedNote.parseVerifierKey);

    it.effect("AUD-4: tells who signed, of those who are known", () =>
      Effect.gen(function* () {
        const [peter, enoch] = yield* keys;
        const both = `${note}${enochLine}`;
        if (peter === undefined || enoch === undefined) return assert.fail();
        assert.deepStrictEqual(yield* SignedNote.open(both, [peter]), { text, signers: [peter] });
        assert.deepStrictEqual(yield* SignedNote.open(both, [enoch]), { text, signers: [enoch] });
        assert.deepStrictEqual(yield* SignedNote.open(both, [enoch, peter]), { text, signers: [peter, enoch] });
      }),
    );

    it.effect("AUD-4: opens the note of the specification's repository", () =>
      Effect.gen(function* () {
        const key = yield* SignedNote.parseVerifierKey(
          "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        );
        const example =
          "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        assert.strictEqual((yield* SignedNote.open(example, [key])).text, "This is an example message.\n");
      }),
    );

    it.effect("AUD-4: trusts nothing without a known key, whether name or id is another", () =>
      Effect.gen(function* () {
        const [peter] = yield* keys;
        if (peter === undefined) return assert.fail();
        const unknown = [[], [{ ...peter, id: "c74f20a4" }], [{ ...peter, name: "PeterNeuman" }]];
        for (const known of unknown) {
          assert.strictEqual(yield* codeOf(SignedNote.open(note, known)), "NOTE_KEY_UNKNOWN");
        }
      }),
    );

    it.effect("AUD-4: trusts nothing where one signature of a known key fails, also beside good ones", () =>
      Effect.gen(function* () {
        const known = yield* keys;
        const spoilt = [
          note.replace("answer", "Answer"),
          note.replace("BS9UG", "BS9UH"),
          note.replace("BwJn", ""),
          `${note}${peterLine.replace("BS9UG", "BS9UH")}`,
          `${text}\n${enochLine}${peterLine.replace("BS9UG", "BS9UH")}`,
        ];
        for (const other of spoilt) {
          const error = yield* Effect.flip(SignedNote.open(other, known));
          assert.deepInclude(error, { code: "NOTE_SIGNATURE_INVALID", key: "PeterNeumann+c74f20a3" }, other);
        }
        // Nor where the one who signed is not who has the name and the id.
        const [peter, enoch] = known;
        if (peter === undefined || enoch === undefined) return assert.fail();
        const impostor = [{ ...peter, publicKey: enoch.publicKey }];
        assert.strictEqual(yield* codeOf(SignedNote.open(note, impostor)), "NOTE_SIGNATURE_INVALID");
        assert.strictEqual(yield* codeOf(SignedNote.open(note, [peter, ...impostor])), "NOTE_SIGNATURE_INVALID");
      }),
    );

    it.effect.prop("AUD-4: opens no note with another character in it", [Schema.Int], ([place]) =>
      Effect.gen(function* () {
        const at = Math.abs(place) % note.length;
        const other = `${note.slice(0, at)}${String.fromCharCode(note.charCodeAt(at) ^ 1)}${note.slice(at + 1)}`;
        assert.isDefined(yield* codeOf(SignedNote.open(other, yield* keys)));
      }),
    );
  });

  describe("reading", () => {
    it.effect("AUD-4: takes the last empty line for the end of the text", () =>
      Effect.gen(function* () {
        for (const text of ["\n", "a\n", "a\n\n", "\n\n\n", "a\n\n— b AAAAAAA=\n", "è subito sera.\n\n\n"]) {
          const parsed = yield* SignedNote.parse(`${text}\n${peterLine}`);
          assert.strictEqual(parsed.text, text);
          assert.strictEqual(SignedNote.format(parsed), `${text}\n${peterLine}`);
        }
      }),
    );

    it.effect("AUD-4: takes a hundred signatures, of whatever length", () =>
      Effect.gen(function* () {
        const { signatures } = yield* SignedNote.parse(`${text}\n${"— b AAAAAAA=\n".repeat(100)}`);
        assert.lengthOf(signatures, 100);
        assert.deepStrictEqual(signatures[0], { name: "b", id: "00000000", signature: Uint8Array.of(0) });
        const more = SignedNote.parse(`${text}\n${peterLine.repeat(101)}`);
        assert.strictEqual(yield* codeOf(more), "NOTE_MALFORMED");
      }),
    );

    it.effect("AUD-4: takes nothing else for a note", () =>
      Effect.gen(function* () {
        const malformed = [
          "",
          "\n\n",
          text,
          `${text}\n`,
          note.slice(0, -1),
          `${note}\n`,
          `${text}${peterLine}`,
          `\n${peterLine}`,
          `\u0001${note}`,
          `\ud800${note}`,
          note.replaceAll("\n", "\r\n"),
          note.replace("—", "-"),
          note.replace("— ", "—  "),
          note.replace("— ", "—\u00a0"),
          note.replace("PeterNeumann ", "Peter Neumann "),
          note.replace("PeterNeumann ", "Peter+Neumann "),
          note.replace("PeterNeumann ", ""),
          note.replace("=\n", "\n"),
          note.replace("=\n", "= \n"),
          // The same bytes by another text, of which base64 has several.
          note.replace("AM=\n", "AN=\n"),
          `${text}\n— b AAAAAA==\n`,
          `${note}Unexpected line.\n`,
        ];
        for (const other of malformed) {
          assert.strictEqual(yield* codeOf(SignedNote.parse(other)), "NOTE_MALFORMED", JSON.stringify(other));
        }
      }),
    );
  });
});
