/** What the tests of proofs share: a log of some leaves, and signing by the platform. */
import { assert } from "@effect/vitest";
import * as SecureRandom from "effect/crypto/SecureRandom";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Merkle from "../../../src/audit/Merkle.ts";

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A log as a database holds it: the rows, and the trees of each size. */
export const logOf = (leaves: ReadonlyArray<Uint8Array>) => {
  const rows = new Map<bigint, Merkle.Row>();
  let frontier = Merkle.empty;
  const trees: Array<Merkle.Tree> = [{ size: 0n, root: Merkle.root(frontier) }];
  for (const data of leaves) {
    const leaf = Merkle.leafHash(data);
    const appended = Merkle.append(frontier, leaf);
    rows.set(frontier.size, { leaf, completed: appended.completed });
    frontier = appended.frontier;
    trees.push({ size: frontier.size, root: Merkle.root(frontier) });
  }
  return { leaves, rows, lookup: Merkle.lookupIn(rows), trees, frontier };
};

export type Log = ReturnType<typeof logOf>;

/** The `count` leaves `leaf 0`, `leaf 1`, and so on. */
export const log = (count: number): Log =>
  logOf(Array.from({ length: count }, (_, index) => new TextEncoder().encode(`leaf ${index}`)));

export const at = <A>(list: ReadonlyArray<A>, index: number): A => {
  const found = list[index];
  return found === undefined ? assert.fail(`There is nothing at ${index}.`) : found;
};

export const leafAt = ({ leaves }: Log, index: number) => Merkle.leafHash(at(leaves, index));

/** A hash with one bit of it turned. */
export const altered = (hash: Merkle.Hash, bit = 0): Merkle.Hash =>
  hash.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

/** Ed25519 of the platform. */
export const signatures = Layer.provide(Signature.layerWebCrypto, SecureRandom.layerWebCrypto);

/** The code by which something fails. */
export const codeOf = <A, E extends { readonly code: string }, R>(
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<string, A, R> => Effect.map(Effect.flip(effect), ({ code }) => code);
