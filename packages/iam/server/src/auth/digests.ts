/** The digests by which rows are looked up that hold no secret themselves. */
import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { Digest } from "@beep/shared-domain";
import type * as Redacted from "effect/Redacted";
import { derivedKey } from "./derivedKey.ts";

/** Of what nobody can guess: 128 random bits and more. */
export const ofRandom = (text: string): string => Digest.make(createHash("sha256").update(text).digest("base64url"));

/** Of what could be found by trying, a code or an address: with a key that is not in the database, and another for each purpose. */
export const ofGuessable = (key: KeyObject, purpose: string, text: string): string =>
  Digest.make(createHmac("sha256", key).update(`${purpose}\0${text}`).digest("base64url"));

/** That key. What is looked up so lives for days at most, and so does not outlive the server's secret in any case. */
export const keyOf = (secret: Redacted.Redacted): KeyObject =>
  createSecretKey(Buffer.from(derivedKey(secret, "what is looked up"), "base64url"));
