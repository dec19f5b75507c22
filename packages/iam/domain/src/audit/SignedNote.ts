/**
 * Signed notes (c2sp.org/signed-note): a text that people can read, with the signatures of those who vouch for it below. By
 * Ed25519, and in the formats of Go's `sumdb/note`, so that tools of others read and verify them.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { NonEmptyReadonlyArray } from "effect/Array";
import * as Bytes from "effect/Bytes";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Base64 from "effect/encoding/Base64";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { NoteKeyMalformed, NoteKeyUnknown, NoteMalformed, NoteSignatureInvalid } from "../errors.ts";
import * as strictBase64 from "./strictBase64.ts";

/** Who signs: a name, and the id of one of its keys, 8 hexadecimal digits. */
export interface KeyId {
  readonly name: string;
  readonly id: string;
}

/** A key by which a note is verified. */
export interface VerifierKey extends KeyId {
  readonly publicKey: Signature.PublicKey<Signature.Ed25519>;
}

/** A key by which a note is signed. It shows itself as its algorithm only. */
export interface SignerKey {
  readonly verifier: VerifierKey;
  readonly privateKey: Signature.PrivateKey<Signature.Ed25519>;
}

/** A line below a note: a signature of whatever algorithm, by whomever. */
export interface SignatureLine extends KeyId {
  readonly signature: Uint8Array;
}

/** A note, of which nothing has been verified. */
export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: ReadonlyArray<SignatureLine>;
}

/** As many signatures as a note may have. */
const MAXIMUM = 100;

/** The type of an Ed25519 key, which stands before its bytes. */
const ed25519 = Uint8Array.of(1);

const isKeyName = (name: string): boolean => name.isWellFormed() && /^[^\p{White_Space}\p{Cc}+]+$/u.test(name);

/** Whether a text is valid, and has no control characters but newlines. */
const isText = (text: string): boolean => text.isWellFormed() && !/[^\n -\u{10ffff}]/u.test(text);

const keyId = (name: string, key: Uint8Array): string =>
  bytesToHex(sha256(Bytes.concat([utf8ToBytes(`${name}\n`), ed25519, key])).subarray(0, 4));

// Keys are made of as many bytes as they have; what fails beyond that is the platform, which lacks Ed25519.
const verifierKey = (name: string, publicKey: Signature.PublicKey<Signature.Ed25519>): Effect.Effect<VerifierKey> =>
  Effect.map(Effect.orDie(Signature.toBytes(publicKey)), (key) => ({ name, id: keyId(name, key), publicKey }));

const signerKey = Effect.fnUntraced(function* (name: string, privateKey: Signature.PrivateKey<Signature.Ed25519>) {
  const publicKey = yield* Effect.orDie((yield* Signature.Signature).publicKeyOf(privateKey));
  return { verifier: yield* verifierKey(name, publicKey), privateKey };
});

/** The parts of a key's text: name, id, and the 32 bytes of an Ed25519 key. */
const readKey = (text: string): Option.Option<KeyId & { readonly key: Uint8Array }> => {
  const [, name = "", id = "", data = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? [];
  if (!isKeyName(name)) return Option.none();
  return strictBase64.decode(data).pipe(
    Option.filter((bytes) => bytes.length === 33 && bytes[0] === ed25519[0]),
    Option.map((bytes) => ({ name, id, key: bytes.subarray(1) })),
  );
};

const writeKey = ({ id, name }: KeyId, key: Uint8Array): string =>
  `${name}+${id}+${Base64.encode(Bytes.concat([ed25519, key]))}`;

/** The key of a text `<name>+<id>+<base64 of 1 and the public key>`, whose id is the key's. */
export const parseVerifierKey = Effect.fnUntraced(function* (text: string) {
  const { id, key, name } = yield* Effect.mapError(Effect.fromOption(readKey(text)), () => new NoteKeyMalformed());
  const verifier = yield* verifierKey(name, yield* Effect.orDie(Signature.publicKey(Signature.ed25519, key)));
  return verifier.id === id ? verifier : yield* new NoteKeyMalformed();
});

/** The text of a key by which others verify. */
export const formatVerifierKey = (key: VerifierKey): Effect.Effect<string> =>
  Effect.map(Effect.orDie(Signature.toBytes(key.publicKey)), (bytes) => writeKey(key, bytes));

/** What the text of a private key begins with, so that it is not taken for a public one. */
const PRIVATE = "PRIVATE+KEY+";

/** The key of a text `PRIVATE+KEY+<name>+<id>+<base64 of 1 and the seed>`, whose id is the public key's. */
export const parseSignerKey = Effect.fnUntraced(function* (text: Redacted.Redacted) {
  const secret = Redacted.value(text);
  const parts = secret.startsWith(PRIVATE) ? readKey(secret.slice(PRIVATE.length)) : Option.none();
  const { id, key, name } = yield* Effect.mapError(Effect.fromOption(parts), () => new NoteKeyMalformed());
  const signer = yield* signerKey(name, yield* Effect.orDie(Signature.privateKey(Signature.ed25519, key)));
  return signer.verifier.id === id ? signer : yield* new NoteKeyMalformed();
});

/** The text of a key by which one signs. */
export const formatSignerKey = ({ privateKey, verifier }: SignerKey): Effect.Effect<Redacted.Redacted> =>
  Effect.map(Effect.orDie(Signature.toBytes(privateKey)), (seed) =>
    Redacted.make(`${PRIVATE}${writeKey(verifier, seed)}`),
  );

/** A new key; its name cannot have space or `+` in it. */
export const generateSignerKey = Effect.fnUntraced(function* (name: string) {
  if (!isKeyName(name)) return yield* new NoteKeyMalformed();
  const { privateKey, publicKey } = yield* Effect.orDie(
    (yield* Signature.Signature).generateKeyPair(Signature.ed25519),
  );
  const signer: SignerKey = { verifier: yield* verifierKey(name, publicKey), privateKey };
  return signer;
});

const readLine = (line: string): Option.Option<SignatureLine> => {
  const [dash, name = "", encoded = "", ...more] = line.split(" ");
  if (dash !== "—" || !isKeyName(name) || more.length > 0) return Option.none();
  return strictBase64.decode(encoded).pipe(
    Option.filter((bytes) => bytes.length > 4),
    Option.map((bytes) => ({ name, id: bytesToHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) })),
  );
};

const writeLine = ({ id, name, signature }: SignatureLine): string =>
  `— ${name} ${Base64.encode(Bytes.concat([hexToBytes(id), signature]))}\n`;

/** The parts of a note. Nothing is verified, and the text is nobody's until `open` has. */
export const parse = (note: string): Effect.Effect<Note, NoteMalformed> => {
  const end = note.lastIndexOf("\n\n");
  const lines = note.slice(end + 2, -1).split("\n");
  const isNote = isText(note) && end !== -1 && note.endsWith("\n") && lines.length <= MAXIMUM;
  return Option.match(isNote ? Option.all(lines.map(readLine)) : Option.none(), {
    onNone: () => Effect.fail(new NoteMalformed()),
    onSome: (signatures) => Effect.succeed({ text: note.slice(0, end + 1), signatures }),
  });
};

/** The note of its parts. */
export const format = ({ signatures, text }: Note): string => `${text}\n${signatures.map(writeLine).join("")}`;

/** The note of a text, signed by each key. The text ends in a newline, and has no other control character. */
export const sign = Effect.fn("SignedNote.sign")(function* (text: string, keys: NonEmptyReadonlyArray<SignerKey>) {
  if (!text.endsWith("\n") || !isText(text)) return yield* new NoteMalformed();
  const service = yield* Signature.Signature;
  const signatures = yield* Effect.forEach(keys, ({ privateKey, verifier: { id, name } }) =>
    Effect.map(Effect.orDie(service.sign(privateKey, utf8ToBytes(text))), (signature) => ({ name, id, signature })),
  );
  return format({ text, signatures });
});

/**
 * What a note says, and by which of the known keys it is signed: one at least. Signatures by others are passed over; one
 * that claims to be by a known key and is not spoils the note.
 */
export const open = Effect.fn("SignedNote.open")(function* (note: string, known: ReadonlyArray<VerifierKey>) {
  const { signatures, text } = yield* parse(note);
  const service = yield* Signature.Signature;
  const signers: Array<VerifierKey> = [];
  for (const { id, name, signature } of signatures) {
    for (const key of known.filter((key) => key.name === name && key.id === id)) {
      const isBy = yield* Effect.orDie(service.verify(key.publicKey, signature, utf8ToBytes(text)));
      if (!isBy) return yield* new NoteSignatureInvalid({ key: `${name}+${id}` });
      signers.push(key);
    }
  }
  if (signers.length === 0) return yield* new NoteKeyUnknown();
  return { text, signers };
});
