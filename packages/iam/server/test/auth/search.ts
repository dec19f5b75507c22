/** Looks for secrets in files, whatever they are written in. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Base64 of bytes that stand anywhere in what is encoded: what of it does not depend on their neighbours. */
const within = (secret: Buffer, encoding: "base64" | "base64url"): ReadonlyArray<string> =>
  [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString(encoding);
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
  });

/** The forms in which a secret may be written. */
const formsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  return [...new Set([secret, hex, hex.toUpperCase(), ...within(bytes, "base64"), ...within(bytes, "base64url")])];
};

interface Pattern {
  readonly bytes: Buffer;
  readonly secret: string;
}

/** So many bytes tell whether it is worth looking. */
const HEAD = 3;

/**
 * Finds secrets in all files below a directory: raw, and as base64, base64url and hex.
 *
 * @returns the files in which each was found, by the secret
 */
export const search = async (
  directory: string,
  secrets: Iterable<string>,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const patterns = new Map<number, Array<Pattern>>();
  const begins = new Uint8Array(1 << (8 * HEAD));
  for (const secret of secrets) {
    for (const form of formsOf(secret)) {
      const bytes = Buffer.from(form);
      const head = bytes.readUIntBE(0, HEAD);
      begins[head] = 1;
      patterns.set(head, [...(patterns.get(head) ?? []), { bytes, secret }]);
    }
  }
  const found = new Map<string, Set<string>>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const content = await readFile(file);
    let head = 0;
    for (let end = 0; end < content.length; end++) {
      head = ((head << 8) | (content[end] ?? 0)) & 0xff_ff_ff;
      if (begins[head] !== 1) continue;
      const at = end - HEAD + 1;
      for (const { bytes, secret } of patterns.get(head) ?? []) {
        if (at < 0 || !content.subarray(at, at + bytes.length).equals(bytes)) continue;
        found.set(secret, (found.get(secret) ?? new Set()).add(file.slice(directory.length + 1)));
      }
    }
  }
  return found;
};
