/** The tree, by published examples, by properties, and by what others' programs say of our proofs. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { RFC9162 } from "@transmute/rfc9162";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Merkle from "../../../src/audit/Merkle.ts";
import { altered, at, hex, type Log, leafAt, log, logOf } from "./support.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

/** The leaves of the tree that implementations of Certificate Transparency are tested with. */
const published = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/** The roots of the trees with the first of those leaves, from one to all eight. */
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** `MTH` of section 2.1.1, word for word. */
const naiveRoot = (leaves: ReadonlyArray<Uint8Array>): Merkle.Hash => {
  const [first] = leaves;
  if (first === undefined) return Merkle.emptyRoot;
  if (leaves.length === 1) return Merkle.leafHash(first);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return Merkle.nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
};

const provenInclusion = ({ lookup }: Log, index: number, size: number) =>
  Merkle.prove(Merkle.inclusionPlan(BigInt(index), BigInt(size)), lookup);

const provenConsistency = ({ lookup }: Log, first: number, second: number) =>
  Merkle.prove(Merkle.consistencyPlan(BigInt(first), BigInt(second)), lookup);

/** Every proof that is not the proof and nearly is. */
const wrong = (proof: Merkle.Proof): ReadonlyArray<Merkle.Proof> => [
  ...proof.map((_, place) => proof.map((hash, other) => (other === place ? altered(hash, place * 31) : hash))),
  ...proof.map((_, place) => proof.filter((_, other) => other !== place)),
  ...proof.map((hash, place) => [...proof.slice(0, place), hash, ...proof.slice(place)]),
  ...proof.slice(1).map((hash, place) => [...proof.slice(0, place), hash, at(proof, place), ...proof.slice(place + 2)]),
  ...proof.map((_, place) => proof.map((hash, other) => (other === place ? hash.subarray(1) : hash))),
  [...proof, Merkle.emptyRoot],
  [Merkle.emptyRoot, ...proof],
];

const Size = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }));
const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 199 }));

describe("the tree", () => {
  it("AUD-4: has the published roots", () => {
    const { trees } = logOf(published.map(bytes));
    assert.strictEqual(hex(Merkle.emptyRoot), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert.deepStrictEqual(
      trees.map(({ root }) => hex(root)),
      [hex(Merkle.emptyRoot), ...roots],
    );
  });

  it("AUD-4: has the root that the definition gives, at every size", () => {
    const { leaves, trees } = log(130);
    for (const { root, size } of trees) {
      assert.strictEqual(hex(root), hex(naiveRoot(leaves.slice(0, Number(size)))), `${size}`);
    }
  });

  it("AUD-4: is the same by another SHA-256", () => {
    const native: Merkle.Sha256 = (data) => createHash("sha256").update(data).digest();
    let frontier = Merkle.empty;
    for (const data of published) {
      frontier = Merkle.append(frontier, Merkle.leafHash(bytes(data), native), native).frontier;
    }
    assert.strictEqual(hex(Merkle.root(frontier, native)), roots.at(-1));
  });

  it("AUD-4: stores each complete subtree once, with the leaf that completes it", () => {
    const { leaves, lookup, rows } = log(64);
    let stored = 0;
    for (let level = 0; 1 << level <= 64; level++) {
      for (let index = 0; (index + 1) << level <= 64; index++) {
        const hash = lookup({ level, index: BigInt(index) });
        const own = leaves.slice(index << level, (index + 1) << level);
        assert.strictEqual(hex(hash ?? assert.fail()), hex(naiveRoot(own)), `${level} ${index}`);
        stored++;
      }
    }
    assert.strictEqual(
      stored,
      [...rows.values()].reduce((sum, { completed }) => sum + 1 + completed.length, 0),
    );
    assert.deepStrictEqual(Merkle.storedAt({ level: 3, index: 2n }), { leaf: 23n, position: 3 });
  });

  it.effect.prop("AUD-4: is rebuilt from the rows and goes on as if it had never ended", [Size], ([size]) =>
    Effect.gen(function* () {
      const { frontier, lookup } = log(size);
      const rebuilt = yield* Merkle.frontier(BigInt(size), lookup);
      assert.deepStrictEqual(rebuilt, frontier);
      const next = Merkle.leafHash(bytes("00"));
      assert.deepStrictEqual(Merkle.append(rebuilt, next), Merkle.append(frontier, next));
    }),
  );

  it.effect("AUD-4: names the first row that is not there", () =>
    Effect.gen(function* () {
      const { lookup, rows } = log(8);
      rows.delete(3n);
      const error = yield* Effect.flip(Merkle.prove(Merkle.inclusionPlan(5n, 8n), lookup));
      assert.deepInclude(error, { code: "TREE_NODE_MISSING", level: 2, index: 0n });
      assert.deepStrictEqual(yield* Effect.flip(Merkle.frontier(7n, lookup)), error);
    }),
  );
});

describe("proofs", () => {
  it.effect.prop("AUD-4: of inclusion verify, and nothing near them does", [Size, Place], ([size, place]) =>
    Effect.gen(function* () {
      const all = log(size);
      const index = place % size;
      const tree = at(all.trees, size);
      const leaf = leafAt(all, index);
      const proof = yield* provenInclusion(all, index, size);
      const verify = Merkle.verifyInclusion;
      assert.isTrue(verify(tree, BigInt(index), leaf, proof));
      for (const other of wrong(proof)) assert.isFalse(verify(tree, BigInt(index), leaf, other));
      for (let other = -1; other <= size + 1; other++) {
        if (other !== index) assert.isFalse(verify(tree, BigInt(other), leaf, proof), `${other}`);
      }
      assert.isFalse(verify({ ...tree, root: altered(tree.root) }, BigInt(index), leaf, proof));
      assert.isFalse(verify(tree, BigInt(index), altered(leaf), proof));
      assert.isFalse(verify({ ...tree, size: 0n }, BigInt(index), leaf, proof));
    }),
  );

  it.effect("AUD-4: have no more hashes than the tree has levels, and no byte of one in another", () =>
    Effect.gen(function* () {
      const all = log(2);
      const { root } = at(all.trees, 2);
      const [left, right] = [leafAt(all, 0), leafAt(all, 1)];
      assert.isTrue(Merkle.verifyInclusion({ size: 2n, root }, 1n, right, [left]));
      assert.isFalse(Merkle.verifyInclusion({ size: 1n, root }, 0n, right, [left]));
      const both = Buffer.concat([left, right]);
      assert.isFalse(Merkle.verifyInclusion({ size: 2n, root }, 1n, both.subarray(31), [both.subarray(0, 31)]));
      assert.deepStrictEqual(yield* provenInclusion(all, 1, 2), [left]);
    }),
  );

  it.effect.prop("AUD-4: of consistency verify, and nothing near them does", [Size, Size], ([one, other]) =>
    Effect.gen(function* () {
      const [first, second] = [Math.min(one, other), Math.max(one, other)];
      const all = log(second);
      const [smaller, larger] = [at(all.trees, first), at(all.trees, second)];
      const proof = yield* provenConsistency(all, first, second);
      const verify = Merkle.verifyConsistency;
      assert.isTrue(verify(smaller, larger, proof));
      for (const other of wrong(proof)) assert.isFalse(verify(smaller, larger, other));
      assert.isFalse(verify({ ...smaller, root: altered(smaller.root) }, larger, proof));
      assert.isFalse(verify(smaller, { ...larger, root: altered(larger.root) }, proof));
      if (first !== second) assert.isFalse(verify(larger, smaller, proof));
      for (const { root, size } of all.trees) {
        if (size !== smaller.size) assert.isFalse(verify({ size, root }, larger, proof), `${size}`);
      }
    }),
  );

  it("AUD-4: of a tree without leaves do not exist, and of what is not in the tree neither", () => {
    const none = { size: 0n, root: Merkle.emptyRoot };
    const { trees } = log(4);
    assert.isFalse(Merkle.verifyConsistency(none, none, []));
    assert.isFalse(Merkle.verifyConsistency(none, at(trees, 4), []));
    assert.isFalse(Merkle.verifyConsistency(none, at(trees, 4), [at(trees, 4).root]));
    assert.throws(() => Merkle.consistencyPlan(0n, 4n), RangeError);
    assert.throws(() => Merkle.consistencyPlan(5n, 4n), RangeError);
    assert.throws(() => Merkle.inclusionPlan(4n, 4n), RangeError);
    assert.throws(() => Merkle.inclusionPlan(-1n, 4n), RangeError);
  });

  // Where all leaves are alike, all subtrees of a level are, so that a tree of any size is known without being built.
  const levels = Array.from({ length: 62 }).reduce<ReadonlyArray<Merkle.Hash>>(
    (below) => [...below, Merkle.nodeHash(at(below, below.length - 1), at(below, below.length - 1))],
    [Merkle.leafHash(bytes("00"))],
  );
  const Large = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 1n, maximum: 2n ** 62n }));

  it.effect.prop("AUD-4: hold for trees larger than any number of JavaScript", [Large, Large], ([one, other]) =>
    Effect.gen(function* () {
      const lookup: Merkle.Lookup = ({ level }) => levels[level];
      const treeOf = (size: bigint) =>
        Effect.map(Merkle.frontier(size, lookup), (frontier) => ({ size, root: Merkle.root(frontier) }));
      const [first, second] = one < other ? [one, other] : [other, one];
      const [smaller, larger] = [yield* treeOf(first), yield* treeOf(second)];
      const consistency = yield* Merkle.prove(Merkle.consistencyPlan(first, second), lookup);
      assert.isTrue(Merkle.verifyConsistency(smaller, larger, consistency));
      const inclusion = yield* Merkle.prove(Merkle.inclusionPlan(first - 1n, second), lookup);
      assert.isTrue(Merkle.verifyInclusion(larger, first - 1n, at(levels, 0), inclusion));
      assert.isAtMost(inclusion.length, 62);
    }),
  );
});

describe("another's program", () => {
  const all = log(20);
  const sizes = all.trees.slice(1).map(({ size }) => Number(size));

  it.effect("AUD-4: makes the same trees and proofs, and finds ours right: @transmute/rfc9162", () =>
    Effect.gen(function* () {
      for (const second of sizes) {
        const leaves = all.leaves.slice(0, second);
        const { root } = at(all.trees, second);
        assert.strictEqual(hex(yield* Effect.promise(() => RFC9162.treeHead([...leaves]))), hex(root));
        for (const first of sizes.slice(0, second)) {
          const path = yield* provenInclusion(all, first - 1, second);
          const theirPath = yield* Effect.promise(() => RFC9162.PATH(first - 1, [...leaves]));
          assert.deepStrictEqual(path.map(hex), theirPath.map(hex), `${first} ${second}`);
          const proof = yield* provenConsistency(all, first, second);
          // It proves and wants the first root too where that is a subtree of the second, which the RFC leaves out.
          const isKnown = (first & (first - 1)) === 0 || first === second;
          const whole = isKnown ? [at(all.trees, first).root, ...proof] : [...proof];
          const theirs = yield* Effect.promise(() => RFC9162.PROOF(first, [...leaves]));
          assert.deepStrictEqual(whole.map(hex), theirs.map(hex), `${first} ${second}`);
          const verified = yield* Effect.promise(() =>
            RFC9162.verifyConsistencyProof(at(all.trees, first).root, root, {
              log_id: "",
              tree_size_1: first,
              tree_size_2: second,
              consistency_path: whole,
            }),
          );
          if (first !== second) assert.isTrue(verified, `${first} ${second}`);
        }
      }
    }),
  );
});

/** Published by transparency-dev, and laid beside the repository. */
const conformance = resolve(import.meta.dirname, "../../../../../../../shared/conformance/merkle");
const isThere = existsSync(conformance);

describe.skipIf(!isThere)(
  isThere ? "proofs of others" : "proofs of others (left out: there is no conformance data)",
  () => {
    const Bytes = Schema.Uint8ArrayFromBase64;
    const common = { proof: Schema.NullOr(Schema.Array(Bytes)), desc: Schema.String, wantErr: Schema.Boolean };
    const Case = Schema.Union([
      Schema.Struct({
        ...common,
        leafIdx: Schema.BigIntFromString,
        treeSize: Schema.BigIntFromString,
        root: Bytes,
        leafHash: Bytes,
      }),
      Schema.Struct({
        ...common,
        size1: Schema.BigIntFromString,
        size2: Schema.BigIntFromString,
        root1: Bytes,
        root2: Bytes,
      }),
    ]);
    const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Case));
    // Numbers as texts: some exceed those of JavaScript.
    const read = (path: string) =>
      decode(readFileSync(join(conformance, path), "utf8").replaceAll(/": (\d+)/g, '": "$1"'));
    const paths = globSync("**/*.json", { cwd: conformance });

    it("AUD-4: are all there", () => assert.strictEqual(paths.length, 196));

    for (const path of paths) {
      it(`AUD-4: ${path}`, () => {
        const given = read(path);
        const proof = given.proof ?? [];
        const verified =
          "leafIdx" in given
            ? Merkle.verifyInclusion({ size: given.treeSize, root: given.root }, given.leafIdx, given.leafHash, proof)
            : Merkle.verifyConsistency(
                { size: given.size1, root: given.root1 },
                { size: given.size2, root: given.root2 },
                proof,
              );
        assert.strictEqual(verified, !given.wantErr, given.desc);
      });
    }
  },
);
