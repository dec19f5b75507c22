/** What an operator and an auditor do with the log by command. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Merkle, SignedNote } from "@beep/iam-domain";
import { AuditSealer } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Iam from "./support/iam.ts";
import { json, operator } from "./support/operator.ts";

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AUD-4, AUD-5, AUD-9: the log is verified, kept, exported, proven from and looked into by command",
    () =>
      Effect.gen(function* () {
        const { dataDir, environment, run } = yield* operator;
        const ann = yield* IamTest.signedUp("ann");
        const { id: acme } = yield* IamTest.organizationOf(ann, "acme");
        const at = (name: string) => join(dataDir, name);
        // To some programs a line ends here.
        const admin = yield* connect((yield* TestDatabase).adminUrl);
        yield* admin`update iam_organizations set name = ${"a\u2028b\u0085c"} where slug = 'acme'`;

        const made = yield* run(["audit", "key", "log.example.com"]);
        const signing = { ...environment, IAM_AUDIT_SIGNING_KEY: made.stdout.trim() };
        const audit = (...args: ReadonlyArray<string>) => Iam.run(["audit", ...args], signing);
        const says = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
          const { code, stderr, stdout } = yield* audit(...args);
          assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
          return stdout;
        });
        const refuses = Effect.fnUntraced(function* (line: RegExp, ...args: ReadonlyArray<string>) {
          const { code, stderr } = yield* audit(...args);
          assert.strictEqual(code, 1, args.join(" "));
          assert.match(stderr, line);
        });
        const key = (yield* says("key")).trim();
        assert.include(made.stderr, key);

        yield* refuses(/\[LOG_EMPTY\]/, "checkpoint");
        const signer = yield* SignedNote.parseSignerKey(Redacted.make(made.stdout.trim()));
        yield* Effect.flatMap(AuditSealer.Sealer, ({ seal }) => seal).pipe(
          Effect.provide(AuditSealer.layer({ key: signer })),
        );

        assert.match(
          yield* says("verify"),
          /^Log +log\.example\.com\n[\s\S]*nothing was changed, removed, moved or added/,
        );
        const checkpoint = yield* says("checkpoint");
        yield* Effect.promise(() => writeFile(at("kept"), checkpoint));
        const exported = yield* says("export");
        yield* Effect.promise(() => writeFile(at("log"), exported));

        // Without the database, and without a secret.
        const offline = (file: string, ...args: ReadonlyArray<string>) =>
          Iam.run(["audit", "verify", at(file), ...args], {});
        const kept = ["--key", key, "--checkpoint", at("kept"), "--state", at("state"), "--json"];
        const first = json((yield* offline("log", ...kept)).stdout);
        assert.deepInclude(first, { origin: "log.example.com", retired: "0" });
        assert.include(yield* Effect.promise(() => readFile(at("state"), "utf8")), `"size":"${String(first.size)}"`);
        const tampered = Effect.fnUntraced(function* (text: string, line: RegExp) {
          yield* Effect.promise(() => writeFile(at("tampered"), text));
          const { code, stderr } = yield* offline("tampered", "--key", key);
          assert.strictEqual(code, 1);
          assert.match(stderr, line);
        });
        yield* tampered(
          exported.replace("user.created", "user.deleted"),
          /broken at \d+: auditevent_\w+ .*\[AUDIT_LOG_BROKEN\]/,
        );
        yield* tampered(exported.split("\n").slice(0, -2).join("\n"), /\[AUDIT_EXPORT_MALFORMED\]/);
        assert.match((yield* offline("log")).stderr, /\[LOG_KEY_MISSING\]/);
        assert.match((yield* offline("nowhere", "--key", key)).stderr, /\[FILE_UNREADABLE\]/);

        const tail: ReadonlyArray<{ id: string; action: string; organization: string }> = JSON.parse(
          yield* says("tail", "--org", "acme", "--json"),
        );
        assert.includeMembers(
          tail.map(({ action }) => action),
          ["organization.created", "member.created"],
        );
        assert.isTrue(tail.every(({ organization }) => organization === acme));
        assert.match(yield* says("tail", "--lines", "1"), /^INDEX +AT +WHO +WHAT/);
        const proof = json(yield* says("prove", tail[0]?.id ?? ""));
        const bytes = (text: unknown) => Buffer.from(String(text), "base64");
        const { text } = yield* SignedNote.open(String(proof.checkpoint), [signer.verifier]);
        const [, size = "", root = ""] = text.split("\n");
        assert.isTrue(
          Merkle.verifyInclusion(
            { size: BigInt(size), root: bytes(root) },
            BigInt(String(proof.index)),
            Merkle.leafHash(bytes(proof.hash)),
            Array.isArray(proof.proof) ? proof.proof.map(bytes) : [],
          ),
        );
        yield* refuses(/\[EVENT_NOT_FOUND\]/, "prove", "auditevent_01h455vb4pex5vsknk084sn02q");

        const siem = (yield* says("export", "--format", "ocsf")).trim().split("\n");
        assert.strictEqual(BigInt(siem.length), BigInt(String(first.size)));
        for (const line of siem) assert.strictEqual(JSON.parse(line).metadata.version, "1.3.0");
        assert.notMatch(siem.join(), /[\u0085\u2028\u2029]/);
      }).pipe(Effect.scoped, Effect.provide(crypto)),
    60_000,
  );
});
