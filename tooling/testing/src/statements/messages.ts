/**
 * Cuts what one side of a session sends into messages.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** A message: the letter that is its type, and what follows its length. */
export type Tell = (type: string, body: Buffer) => void;

/**
 * Takes bytes as they come, and tells each message that is whole.
 *
 * @param isTyped whether the next message has a type: what a client sends before its session begins has none
 */
export const messages = (isTyped: () => boolean, tell: Tell): ((bytes: Buffer) => void) => {
  let buffered: Buffer = Buffer.alloc(0);
  return (bytes) => {
    buffered = Buffer.concat([buffered, bytes]);
    for (;;) {
      const header = isTyped() ? 1 : 0;
      if (buffered.length < header + 4) return;
      const length = header + buffered.readInt32BE(header);
      if (buffered.length < length) return;
      const message = buffered.subarray(0, length);
      buffered = buffered.subarray(length);
      tell(message.toString("latin1", 0, header), message.subarray(header + 4));
    }
  };
};
