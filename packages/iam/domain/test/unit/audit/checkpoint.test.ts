/** Checkpoints, and what another's program says of ours and of what is under them. */
import { createPublicKey } from "node:crypto";
import { assert, layer } from "@effect/vitest";
import { verifyCheckpoint } from "@sigstore/verify/dist/tlog/checkpoint.js";
import { verifyMerkleInclusion } from "@sigstore/verify/dist/tlog/merkle.js";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Base64 from "effect/encoding/Base64";
import * as Checkpoint from "../../../src/audit/Checkpoint.ts";
import * as Merkle from "../../../src/audit/Merkle.ts";
import * as SignedNote from "../../../src/audit/SignedNote.ts";
import { altered, at, codeOf, log, signatures } from "./support.ts";

/** The example of the specification. */
const origin = "example.com/behind-the-sofa";
const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
const text = `${origin}\n20852163\n${root}\n`;

const all = log(13);
const tree = at(all.trees, 13);

layer(signatures)("a checkpoint", (it) => {
  it.effect("AUD-4: is read and written as the specification has it", () =>
    Effect.gen(function* () {
      const parsed = yield* Checkpoint.parse(text);
      assert.deepInclude(parsed, { origin, size: 20_852_163n });
      assert.strictEqual(Base64.encode(parsed.root), root);
      assert.strictEqual(Checkpoint.format(parsed), text);
      const empty = { origin, size: 0n, root: Merkle.emptyRoot };
      assert.deepStrictEqual(yield* Checkpoint.parse(Checkpoint.format(empty)), empty);
      const large = { origin, size: 2n ** 63n - 1n, root: Merkle.emptyRoot };
      assert.deepStrictEqual(yield* Checkpoint.parse(Checkpoint.format(large)), large);
    }),
  );

  it.effect("AUD-4: is nothing else", () =>
    Effect.gen(function* () {
      const malformed = [
        "",
        text.slice(0, -1),
        `${text}\n`,
        `${text}extension\n`,
        `\n${text}`,
        text.replace(origin, ""),
        ...["020852163", "+1", "-1", "1e3", "0x1", "1.0", "", " 1", "1n", "١", "9".repeat(20)].map((size) =>
          text.replace("20852163", size),
        ),
        ...["", root.slice(0, -1), root.replace("2I=", "2J="), `${root}AAAA`, root.slice(4)].map((other) =>
          text.replace(root, other),
        ),
      ];
      for (const other of malformed) {
        assert.strictEqual(yield* codeOf(Checkpoint.parse(other)), "CHECKPOINT_MALFORMED", JSON.stringify(other));
      }
    }),
  );

  it.effect("AUD-4: opens for the log's keys, old and new, whoever else has signed it", () =>
    Effect.gen(function* () {
      const before = yield* SignedNote.generateSignerKey(origin);
      const now = yield* SignedNote.generateSignerKey(origin);
      const witness = yield* SignedNote.generateSignerKey("witness.example.com");
      const known = [before.verifier, now.verifier];
      const signed = yield* Checkpoint.sign(tree, now);
      assert.deepStrictEqual(yield* Checkpoint.open(signed, origin, known), { origin, ...tree });
      const { text } = yield* SignedNote.parse(signed);
      const witnessed = yield* SignedNote.sign(text, [before, now, witness]);
      assert.deepStrictEqual(yield* Checkpoint.open(witnessed, origin, known), { origin, ...tree });
    }),
  );

  it.effect("AUD-4: of another log, by another's key or of another text does not open", () =>
    Effect.gen(function* () {
      const key = yield* SignedNote.generateSignerKey(origin);
      const other = yield* SignedNote.generateSignerKey("example.com/another");
      const known = [key.verifier, other.verifier];
      const open = (note: string) => codeOf(Checkpoint.open(note, origin, known));
      assert.strictEqual(yield* open(yield* Checkpoint.sign(tree, other)), "NOTE_KEY_UNKNOWN");
      assert.strictEqual(yield* open(yield* SignedNote.sign(text, [other])), "NOTE_KEY_UNKNOWN");
      const theirs = Checkpoint.format({ origin: other.verifier.name, ...tree });
      assert.strictEqual(yield* open(yield* SignedNote.sign(theirs, [key])), "CHECKPOINT_OF_ANOTHER_LOG");
      assert.strictEqual(yield* open(yield* SignedNote.sign("hello\n", [key])), "CHECKPOINT_MALFORMED");
      const larger = (yield* Checkpoint.sign(tree, key)).replace("\n13\n", "\n14\n");
      assert.strictEqual(yield* open(larger), "NOTE_SIGNATURE_INVALID");
    }),
  );

  it.effect("AUD-4: is read by another's program, which finds each leaf under it: @sigstore/verify", () =>
    Effect.gen(function* () {
      const key = yield* SignedNote.generateSignerKey(origin);
      const publicKey = yield* Signature.toBytes(key.verifier.publicKey);
      const authority = {
        baseURL: `https://${origin}`,
        logID: Buffer.from(key.verifier.id, "hex"),
        publicKey: createPublicKey({
          key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") },
          format: "jwk",
        }),
        validFor: { start: new Date(0), end: new Date(0) },
      };
      for (const tree of all.trees.slice(1)) {
        const size = Number(tree.size);
        const envelope = yield* Checkpoint.sign(tree, key);
        for (const index of Array.from({ length: size }, (_, index) => index)) {
          const proof = yield* Merkle.prove(Merkle.inclusionPlan(BigInt(index), tree.size), all.lookup);
          const entryOf = (data: Uint8Array, proof: Merkle.Proof, envelope: string) => ({
            logIndex: `${index}`,
            logId: { keyId: authority.logID },
            kindVersion: { kind: "", version: "" },
            integratedTime: "0",
            inclusionPromise: undefined,
            inclusionProof: {
              logIndex: `${index}`,
              rootHash: Buffer.from(tree.root),
              treeSize: `${size}`,
              hashes: proof.map((hash) => Buffer.from(hash)),
              checkpoint: { envelope },
            },
            canonicalizedBody: Buffer.from(data),
          });
          const verify = (entry: ReturnType<typeof entryOf>) =>
            verifyMerkleInclusion(entry, verifyCheckpoint(entry, [authority]));
          const leaf = at(all.leaves, index);
          assert.doesNotThrow(() => verify(entryOf(leaf, proof, envelope)), `${index} ${size}`);
          assert.throws(() => verify(entryOf(Uint8Array.of(1), proof, envelope)));
          assert.throws(() => verify(entryOf(leaf, [...proof, tree.root], envelope)));
          if (proof.length > 0)
            assert.throws(() =>
              verify(
                entryOf(
                  leaf,
                  proof.map((hash) => altered(hash)),
                  envelope,
                ),
              ),
            );
          assert.throws(() => verify(entryOf(leaf, proof, envelope.replace(/\n\d+\n/, "\n99\n"))));
        }
      }
    }),
  );
});
