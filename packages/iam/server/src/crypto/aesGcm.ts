/**
 * AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits before the ciphertext and the tag of 128 bits behind it, as
 * one text in base64url.
 *
 * By `node:crypto` and not by WebCrypto, which gives each value to a thread and back: a page of rows has hundreds of values
 * of a few dozen bytes. A `KeyObject` shows nobody its bytes, neither a log nor `inspect`.
 *
 * With random nonces a key is good for 2^32 values (section 8.3); `iam keys rotate` gives an owner another one.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";

/** The bytes of a key. */
export const KEY_LENGTH = 32;

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** Encrypts, and binds to associated data. */
export const seal = (key: KeyObject, plaintext: Uint8Array, associated: Uint8Array): string => {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_LENGTH }).setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString("base64url");
};

/** Decrypts; nothing, where anything is not as it was sealed. */
export const open = (key: KeyObject, sealed: string, associated: Uint8Array): Buffer | undefined => {
  const bytes = Buffer.from(sealed, "base64url");
  // Other texts have the same bytes: by bits that the last character has to spare, or by characters that are skipped.
  if (bytes.length < NONCE_LENGTH + TAG_LENGTH || bytes.toString("base64url") !== sealed) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_LENGTH), { authTagLength: TAG_LENGTH })
    .setAAD(associated)
    .setAuthTag(bytes.subarray(-TAG_LENGTH));
  const plaintext = decipher.update(bytes.subarray(NONCE_LENGTH, -TAG_LENGTH));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
};
