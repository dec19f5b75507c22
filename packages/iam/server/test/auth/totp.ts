/** An authenticator app: RFC 6238 by the book, so that the codes are not Better Auth's own. */
import { createHmac } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const fromBase32 = (encoded: string): Buffer => {
  const bits = [...encoded].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** The code that the app shows at a time, by default now, for the address that its user scanned. */
export const codeAt = (uri: string, time: number): string => {
  const parameters = new URL(uri).searchParams;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 1000 / Number(parameters.get("period")))));
  const digest = createHmac("sha1", fromBase32(parameters.get("secret") ?? ""))
    .update(counter)
    .digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  const digits = Number(parameters.get("digits"));
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, "0");
};

export const codeNow = (uri: string): string => codeAt(uri, Date.now());
