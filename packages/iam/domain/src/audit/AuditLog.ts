/**
 * The log: chains of events, one for each organization and one for the installation, and a Merkle tree over all of them in
 * the order in which they were sealed. An event's hash covers the one before it in its chain; the hashes are the tree's
 * leaves. Who knows a signed root knows that nothing below it was changed, removed, moved or added.
 */
import { sha256 as portable } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import * as Bytes from "effect/Bytes";
import * as Result from "effect/Result";
import { AuditLogBroken } from "../errors.ts";
import * as Merkle from "./Merkle.ts";

/** What comes before the first event of a chain. */
const genesis: Merkle.Hash = new Uint8Array(32);

/** So that no hash of anything else is ever one of an event; with the version of what is hashed. */
const tag = utf8ToBytes("iam audit event 1\n");

/** Each runtime has it; what the compiler knows here is none's in particular. */
declare const TextEncoder: new () => { encodeInto(text: string, into: Uint8Array): { readonly written: number } };
const utf8 = new TextEncoder();
/** What is hashed next: memory of its own for each would take longer than hashing it. */
let preimage = new Uint8Array(4_096);

/**
 * An event's hash: over the tag, the hash of the event before it in its chain, and its canonical form.
 *
 * @param previous nothing for the first of a chain
 */
export const hashOf = (
  previous: Merkle.Hash = genesis,
  event: string,
  sha256: Merkle.Sha256 = portable,
): Merkle.Hash => {
  const begin = tag.length + previous.length;
  // UTF-8 has three bytes at most for each unit of UTF-16.
  if (preimage.length < begin + event.length * 3) preimage = new Uint8Array(begin + event.length * 3);
  preimage.set(tag);
  preimage.set(previous, tag.length);
  const { written } = utf8.encodeInto(event, preimage.subarray(begin));
  return sha256(preimage.subarray(0, begin + written));
};

/** Where a log stands, to go on from: its tree, and the last hash of each chain by the organization, or by "". */
export interface State {
  readonly tree: Merkle.Frontier;
  readonly heads: ReadonlyMap<string, Merkle.Hash>;
}

/** The log without events. */
export const empty: State = { tree: Merkle.empty, heads: new Map() };

/** What sealing an event makes. */
export interface Seal {
  readonly index: bigint;
  readonly hash: Merkle.Hash;
  /** The hashes of the subtrees that it completes. */
  readonly completed: ReadonlyArray<Merkle.Hash>;
}

/** A log that grows by events in their order. */
export interface Growing {
  /** Puts an event at the end. */
  readonly append: (chain: string | null, event: string) => Seal;
  /** Puts the hash of one at the end that is not kept any more. */
  readonly retired: (chain: string | null, hash: Merkle.Hash) => Seal;
  /** Where it stands. */
  readonly state: () => State;
  readonly tree: () => Merkle.Tree;
}

/**
 * Goes on with a log.
 *
 * @param state where it stands; of the chains only those that grow need be known
 * @param sha256 the platform's own where there is one: the portable one takes thrice as long
 */
export const grow = (state: State, sha256: Merkle.Sha256 = portable): Growing => {
  let { tree } = state;
  const heads = new Map(state.heads);
  const put = (chain: string | null, hash: Merkle.Hash): Seal => {
    heads.set(chain ?? "", hash);
    const index = tree.size;
    const { completed, frontier } = Merkle.append(tree, Merkle.leafHash(hash, sha256), sha256);
    tree = frontier;
    return { index, hash, completed };
  };
  return {
    append: (chain, event) => put(chain, hashOf(heads.get(chain ?? ""), event, sha256)),
    retired: put,
    state: () => ({ tree, heads }),
    tree: () => ({ size: tree.size, root: Merkle.root(tree, sha256) }),
  };
};

/** An event with the hash that it was sealed by. */
export interface Sealed {
  readonly chain: string | null;
  /** In its canonical form. */
  readonly event: string;
  readonly hash: Merkle.Hash;
}

/** Compares events with the hashes that they were sealed by. */
export interface Verifier extends Omit<Growing, "append"> {
  /**
   * Takes the next event.
   *
   * @param idOf says the event's id, where it does not fit
   */
  readonly entry: (sealed: Sealed, idOf: () => string | null) => Result.Result<Seal, AuditLogBroken>;
}

/**
 * Begins to verify.
 *
 * @param from where it was verified up to before, by who trusts that
 */
export const verifier = (from: State = empty, sha256?: Merkle.Sha256): Verifier => {
  const log = grow(from, sha256);
  return {
    ...log,
    entry: ({ chain, event, hash }, idOf) => {
      const seal = log.append(chain, event);
      return Bytes.Equivalence(seal.hash, hash)
        ? Result.succeed(seal)
        : Result.fail(new AuditLogBroken({ says: "changed", index: seal.index, last: seal.index, event: idOf() }));
    },
  };
};

/**
 * Compares a log with a tree that was signed.
 *
 * @param own the log's tree when it had as many events, or all that it has
 * @param proven up to where it is known to be as it was signed
 */
export const compare = (own: Merkle.Tree, signed: Merkle.Tree, proven: bigint): Result.Result<void, AuditLogBroken> => {
  const last = signed.size - 1n;
  if (own.size < signed.size) {
    return Result.fail(new AuditLogBroken({ says: "truncated", index: own.size, last, event: null }));
  }
  return own.size === signed.size && Bytes.Equivalence(own.root, signed.root)
    ? Result.void
    : Result.fail(new AuditLogBroken({ says: "rewritten", index: proven < last ? proven : last, last, event: null }));
};
