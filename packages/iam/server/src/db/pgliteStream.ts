/** Speaks PostgreSQL's wire protocol with an in-process PGlite, so that one client serves both kinds of database. */

import { Duplex } from "node:stream";
import type { PGlite } from "@electric-sql/pglite";

const SSL_REQUEST = 80877103;
const CANCEL_REQUEST = 80877102;
const TERMINATE = "X".charCodeAt(0);
const READY_FOR_QUERY = "Z".charCodeAt(0);
const IDLE = "I".charCodeAt(0);

/** The simple query ROLLBACK. */
const ROLLBACK = Buffer.from("Q\0\0\0\rROLLBACK\0", "latin1");

/**
 * A stream to give to `PgClient` in place of a socket. Only one may be in use at a time: PGlite is one session.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export const pgliteStream = (pglite: PGlite): Duplex => {
  let buffered: Buffer = Buffer.alloc(0);
  let started = false;
  /** The state of the session's transaction, as the last ReadyForQuery told it. */
  let state = IDLE;

  /** The next whole message, or none when more bytes must come. The first message of a session has no type byte. */
  const takeMessage = (): Buffer | undefined => {
    const header = started ? 1 : 0;
    if (buffered.length < header + 4) return undefined;
    const length = header + buffered.readInt32BE(header);
    if (buffered.length < length) return undefined;
    const message = buffered.subarray(0, length);
    buffered = buffered.subarray(length);
    return message;
  };

  const answer = async (message: Buffer): Promise<Uint8Array> => {
    if (!started) {
      const request = message.readInt32BE(4);
      if (request === SSL_REQUEST) return Buffer.from("N");
      if (request === CANCEL_REQUEST) return new Uint8Array();
      started = true;
    } else if (message[0] === TERMINATE) {
      return new Uint8Array();
    }
    const bytes = await pglite.execProtocolRaw(message);
    // ReadyForQuery ends an answer: its type, its length (5), the state.
    if (bytes.at(-6) === READY_FOR_QUERY) state = bytes.at(-1) ?? IDLE;
    return bytes;
  };

  /** The session outlives the stream, so a transaction that the stream left open has to be ended. */
  const leave = async (): Promise<void> => {
    if (state === IDLE) return;
    state = IDLE;
    await pglite.execProtocolRaw(ROLLBACK);
  };

  const drain = async (): Promise<void> => {
    for (let message = takeMessage(); message !== undefined; message = takeMessage()) {
      const bytes = await answer(message);
      if (bytes.length > 0) duplex.push(bytes);
    }
  };

  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      buffered = Buffer.concat([buffered, chunk]);
      drain().then(() => done(), done);
    },
    final(done) {
      duplex.push(null);
      leave().then(() => done(), done);
    },
    destroy(error, done) {
      leave().then(
        () => done(error),
        (failure: unknown) => done(error ?? (failure instanceof Error ? failure : new Error(String(failure)))),
      );
    },
  });
  return duplex;
};
