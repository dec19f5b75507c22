/**
 * The Merkle tree of a log (RFC 9162, section 2.1; RFC 6962 has the same): short proofs that a leaf is in the tree, and that
 * a tree begins with all of an earlier one.
 *
 * Only complete subtrees are ever stored, since they never change. Each is completed by one leaf, its last, and is stored
 * with it: leaf `i`'s row has the leaf's hash and those of the subtrees that it completes, by level. What a proof needs of
 * them is known beforehand, so that it can be fetched at once.
 */
import { sha256 as portable } from "@noble/hashes/sha2.js";
import * as Bytes from "effect/Bytes";
import * as Effect from "effect/Effect";
import { TreeNodeMissing } from "../errors.ts";

/** A SHA-256 hash: 32 bytes. */
export type Hash = Uint8Array;

/** SHA-256. One in JavaScript is taken where none is given; who hashes by the million gives the platform's own. */
export type Sha256 = (bytes: Uint8Array) => Hash;

/** What is known of a tree by who trusts it: how many leaves it has, and its root. */
export interface Tree {
  readonly size: bigint;
  readonly root: Hash;
}

/** A complete subtree: the `index`th of those with `2 ** level` leaves. On level 0 it is a leaf. */
export interface Node {
  readonly level: number;
  readonly index: bigint;
}

/** The hashes that prove something, in the order of the RFC. */
export type Proof = ReadonlyArray<Hash>;

const isOdd = (number: bigint): boolean => number % 2n === 1n;

const leafTag = Uint8Array.of(0);

/** The root of the tree without leaves. */
export const emptyRoot: Hash = portable(new Uint8Array());

/** The hash of a leaf (section 2.1.1). */
export const leafHash = (data: Uint8Array, sha256: Sha256 = portable): Hash => sha256(Bytes.concat([leafTag, data]));

/** What is hashed of two subtrees: memory of its own for each would take longer than hashing it. */
const pair = Uint8Array.of(1, ...new Uint8Array(64));

/** The hash of what is above two subtrees (section 2.1.1). */
export const nodeHash = (left: Hash, right: Hash, sha256: Sha256 = portable): Hash => {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
};

/** The hash above complete subtrees that follow each other, each smaller than the one before it. */
const join = (hashes: ReadonlyArray<Hash>, sha256?: Sha256): Hash =>
  hashes.reduceRight((right, left) => nodeHash(left, right, sha256));

/** A tree that grows: the hashes of the complete subtrees that make it up, those of `frontierNodes`. */
export interface Frontier {
  readonly size: bigint;
  readonly hashes: ReadonlyArray<Hash>;
}

/** The tree without leaves. */
export const empty: Frontier = { size: 0n, hashes: [] };

/** The tree with one leaf more, and the hashes of the subtrees that this leaf completes: of level 1, 2, and so on. */
export const append = (
  { hashes, size }: Frontier,
  leaf: Hash,
  sha256?: Sha256,
): { readonly frontier: Frontier; readonly completed: ReadonlyArray<Hash> } => {
  const rest = [...hashes];
  const completed: Array<Hash> = [];
  let last = leaf;
  // As in adding 1: each complete subtree of a size meets another of its size, as long as the bits are set.
  for (let bits = size; isOdd(bits); bits /= 2n) {
    const left = rest.pop();
    if (left === undefined) throw new RangeError("A frontier has a hash for each bit of its size.");
    last = nodeHash(left, last, sha256);
    completed.push(last);
  }
  return { frontier: { size: size + 1n, hashes: [...rest, last] }, completed };
};

/** The root of a tree that grows (section 2.1.1). */
export const root = ({ hashes }: Frontier, sha256?: Sha256): Hash =>
  hashes.length === 0 ? emptyRoot : join(hashes, sha256);

/** The leaves from one index to before another. */
interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

const floorLog2 = (count: bigint): number => count.toString(2).length - 1;

/** The parts of a tree of these leaves: the left one has the largest power of two that is smaller than their number. */
const halves = ({ from, to }: Range): readonly [left: Range, right: Range] => {
  const middle = from + (1n << BigInt(floorLog2(to - from - 1n)));
  return [
    { from, to: middle },
    { from: middle, to },
  ];
};

/** The complete subtrees that make up a range, the largest first: the RFC's ranges begin at a multiple of the largest. */
const nodesOf = ({ from, to }: Range): ReadonlyArray<Node> => {
  const nodes: Array<Node> = [];
  for (let at = from; at < to; ) {
    const level = floorLog2(to - at);
    nodes.push({ level, index: at >> BigInt(level) });
    at += 1n << BigInt(level);
  }
  return nodes;
};

/** The complete subtrees that make up a tree of this size: what its frontier is rebuilt from. */
export const frontierNodes = (size: bigint): ReadonlyArray<Node> => nodesOf({ from: 0n, to: size });

/** What a proof is made of: for each of its hashes, the complete subtrees that it is computed from. */
export type Plan = ReadonlyArray<ReadonlyArray<Node>>;

/** `PATH` of section 2.1.3.1. */
const path = (index: bigint, range: Range): ReadonlyArray<Range> => {
  if (range.to - range.from === 1n) return [];
  const [left, right] = halves(range);
  return index < right.from ? [...path(index, left), right] : [...path(index, right), left];
};

/** What the proof needs that a leaf is in a tree (section 2.1.3.1). An index that is not in the tree is a defect. */
export const inclusionPlan = (index: bigint, size: bigint): Plan => {
  if (index < 0n || index >= size) throw new RangeError(`There is no leaf ${index} in a tree of ${size}.`);
  return path(index, { from: 0n, to: size }).map(nodesOf);
};

/** `SUBPROOF` of section 2.1.4.1; `known` is whether the range begins with the whole first tree, whose root the verifier has. */
const subproof = (size: bigint, range: Range, known: boolean): ReadonlyArray<Range> => {
  if (size === range.to) return known ? [] : [range];
  const [left, right] = halves(range);
  return size <= right.from ? [...subproof(size, left, known), right] : [...subproof(size, right, false), left];
};

/**
 * What the proof needs that a tree begins with a smaller one (section 2.1.4.1). The smaller one has a leaf at least, and is
 * not larger: otherwise it is a defect.
 */
export const consistencyPlan = (first: bigint, second: bigint): Plan => {
  if (first < 1n || first > second)
    throw new RangeError(`No tree of ${second} leaves is proven to begin with ${first}.`);
  return subproof(first, { from: 0n, to: second }, true).map(nodesOf);
};

/** What is stored with a leaf: its hash, and what `append` says that it completes. */
export interface Row {
  readonly leaf: Hash;
  readonly completed: ReadonlyArray<Hash>;
}

/** Where a complete subtree's hash is stored: with which leaf, and at which position; at 0 is the hash of the leaf itself. */
export const storedAt = ({ index, level }: Node): { readonly leaf: bigint; readonly position: number } => ({
  leaf: ((index + 1n) << BigInt(level)) - 1n,
  position: level,
});

/** Finds the hash of a complete subtree. */
export type Lookup = (node: Node) => Hash | undefined;

/** Finds hashes in rows by the index of their leaf. */
export const lookupIn =
  (rows: ReadonlyMap<bigint, Row>): Lookup =>
  (node) => {
    const { leaf, position } = storedAt(node);
    const row = rows.get(leaf);
    return position === 0 ? row?.leaf : row?.completed[position - 1];
  };

const find = (nodes: ReadonlyArray<Node>, lookup: Lookup): Effect.Effect<ReadonlyArray<Hash>, TreeNodeMissing> =>
  Effect.forEach(nodes, (node) => {
    const hash = lookup(node);
    return hash === undefined ? Effect.fail(new TreeNodeMissing(node)) : Effect.succeed(hash);
  });

/** The proof by its plan. */
export const prove = (plan: Plan, lookup: Lookup): Effect.Effect<Proof, TreeNodeMissing> =>
  Effect.forEach(plan, (nodes) => Effect.map(find(nodes, lookup), (hashes) => join(hashes)));

/** The tree of a size, to go on with. */
export const frontier = (size: bigint, lookup: Lookup): Effect.Effect<Frontier, TreeNodeMissing> =>
  Effect.map(find(frontierNodes(size), lookup), (hashes) => ({ size, hashes }));

const isHash = (bytes: Uint8Array): boolean => bytes.length === 32;

type Side = "left" | "right";

/**
 * On which side of the way up from a node each hash of a proof stands: the loop of sections 2.1.3.2 and 2.1.4.2, by their
 * names. Nothing where the proof has more hashes or fewer than the way.
 */
const sidesOf = (node: bigint, last: bigint, count: number): ReadonlyArray<Side> | undefined => {
  const sides: Array<Side> = [];
  let [fn, sn] = [node, last];
  while (sides.length < count) {
    if (sn === 0n) return undefined;
    if (isOdd(fn) || fn === sn) {
      sides.push("left");
      for (; !isOdd(fn) && fn !== 0n; fn /= 2n) sn /= 2n;
    } else {
      sides.push("right");
    }
    fn /= 2n;
    sn /= 2n;
  }
  return sn === 0n ? sides : undefined;
};

const climb = (start: Hash, proof: Proof, sides: ReadonlyArray<Side>): Hash =>
  proof.reduce((hash, other, at) => (sides[at] === "left" ? nodeHash(other, hash) : nodeHash(hash, other)), start);

/** Whether a proof shows that a leaf is in a tree at an index (section 2.1.3.2). */
export const verifyInclusion = (tree: Tree, index: bigint, leaf: Hash, proof: Proof): boolean => {
  if (index < 0n || index >= tree.size || ![leaf, ...proof].every(isHash)) return false;
  const sides = sidesOf(index, tree.size - 1n, proof.length);
  return sides !== undefined && Bytes.Equivalence(climb(leaf, proof, sides), tree.root);
};

/**
 * Whether a proof shows that the second tree begins with all of the first (section 2.1.4.2). Nothing shows it of a first tree
 * without leaves: each tree begins so, whatever root is said to be its own.
 */
export const verifyConsistency = (first: Tree, second: Tree, proof: Proof): boolean => {
  if (first.size < 1n || first.size > second.size || !proof.every(isHash)) return false;
  if (first.size === second.size) return proof.length === 0 && Bytes.Equivalence(first.root, second.root);
  if (proof.length === 0) return false;
  let [fn, sn] = [first.size - 1n, second.size - 1n];
  for (; isOdd(fn); fn /= 2n) sn /= 2n;
  // A first tree that is complete is a subtree of the second, and the proof begins with it.
  const [start, ...rest] = fn === 0n ? [first.root, ...proof] : proof;
  const sides = sidesOf(fn, sn, rest.length);
  if (start === undefined || sides === undefined) return false;
  // What is on the left is in both trees, and what is on the right in the second only.
  const inBoth = rest.filter((_, at) => sides[at] === "left");
  const lefts = sides.filter((side) => side === "left");
  return (
    Bytes.Equivalence(climb(start, inBoth, lefts), first.root) &&
    Bytes.Equivalence(climb(start, rest, sides), second.root)
  );
};
