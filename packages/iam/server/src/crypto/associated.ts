/**
 * Associated data: what a ciphertext is bound to without containing it. The texts are told apart by their lengths, so that
 * no two lists of texts give the same bytes, whatever is in them: four bytes say how many there are, and four bytes before
 * each how long it is in UTF-8. That is the pre-authentication encoding of PASETO and DSSE, with smaller numbers.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Encodes a list of texts. */
export const associated = (...texts: ReadonlyArray<string>): Buffer =>
  Buffer.concat([
    number(texts.length),
    ...texts.flatMap((text) => {
      const bytes = Buffer.from(text, "utf8");
      return [number(bytes.length), bytes];
    }),
  ]);
