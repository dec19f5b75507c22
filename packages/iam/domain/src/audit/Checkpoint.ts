/**
 * Checkpoints (c2sp.org/tlog-checkpoint): a log's size and root at some time, as a signed note. Ours have three lines and no
 * extension, and their origin is the name of the key that signs them.
 */
import * as Effect from "effect/Effect";
import * as Base64 from "effect/encoding/Base64";
import * as Option from "effect/Option";
import { CheckpointMalformed, CheckpointOfAnotherLog } from "../errors.ts";
import type { Tree } from "./Merkle.ts";
import * as SignedNote from "./SignedNote.ts";
import * as strictBase64 from "./strictBase64.ts";

/** The tree of a log. */
export interface Checkpoint extends Tree {
  /** Which log it is. */
  readonly origin: string;
}

/** The text that is signed. */
export const format = ({ origin, root, size }: Checkpoint): string => `${origin}\n${size}\n${Base64.encode(root)}\n`;

/** A number as it is written without leading zeros; one of 19 digits counts more leaves than can ever be. */
const decimal = /^(?:0|[1-9][0-9]{0,18})$/;

/** What a text says that `SignedNote.open` gave. */
export const parse = (text: string): Effect.Effect<Checkpoint, CheckpointMalformed> => {
  const [origin = "", size = "", encoded = "", end, ...more] = text.split("\n");
  const root = Option.filter(strictBase64.decode(encoded), (bytes) => bytes.length === 32);
  return origin !== "" && decimal.test(size) && end === "" && more.length === 0 && Option.isSome(root)
    ? Effect.succeed({ origin, size: BigInt(size), root: root.value })
    : Effect.fail(new CheckpointMalformed());
};

/** The checkpoint of the log that the key is named after. */
export const sign = ({ root, size }: Tree, key: SignedNote.SignerKey) =>
  // A key's name has no newline in it, and the rest has no character that a note could not have.
  Effect.catchTag(
    SignedNote.sign(format({ origin: key.verifier.name, size, root }), [key]),
    "NoteMalformed",
    Effect.die,
  );

/**
 * The checkpoint that a note has, signed by a known key of the log that is asked for. Keys of other names do not count, so
 * that no other log's checkpoint passes for one of this log, and what witnesses add is passed over.
 */
export const open = Effect.fn("Checkpoint.open")(function* (
  note: string,
  origin: string,
  known: ReadonlyArray<SignedNote.VerifierKey>,
) {
  const { text } = yield* SignedNote.open(
    note,
    known.filter(({ name }) => name === origin),
  );
  const checkpoint = yield* parse(text);
  return checkpoint.origin === origin ? checkpoint : yield* new CheckpointOfAnotherLog();
});
