/** What an operator does with the keys that sign tokens. */
import { SigningKeys } from "@beep/iam-server";
import { IamEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Iam from "./support/iam.ts";
import { json, operator } from "./support/operator.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "CRY-4: keys are listed, rotated and revoked by command, and servers that run know of it at once",
    () =>
      Effect.gen(function* () {
        const { current } = yield* SigningKeys.SigningKeys;
        const { does, environment, refused, run } = yield* operator;
        assert.match((yield* run(["signing-keys", "list"])).stderr, /none yet/);
        const { signer } = yield* current;

        const next = (yield* does(["signing-keys", "rotate"])).trim();
        const waiting = yield* run(["signing-keys", "rotate", "--json"]);
        assert.deepInclude(Object(json(waiting.stdout).key), { id: next });
        assert.match(waiting.stderr, /^It signs from \d{4}-\d\d-\d\d \d\d:\d\dZ on\.\n$/);
        const listed = yield* does(["signing-keys", "list"]);
        assert.match(listed, new RegExp(`^${signer.id} +signing .*\\n${next} +published `, "m"));
        assert.notInclude(yield* does(["signing-keys", "list", "--json"]), "privateKey");
        assert.strictEqual((yield* current).signer.id, signer.id);
        assert.lengthOf((yield* current).published, 2);

        const revoked = yield* run(["signing-keys", "revoke", signer.id]);
        assert.deepInclude(revoked, { code: 0, stdout: `${next}\n` });
        assert.strictEqual((yield* current).signer.id, next);
        assert.lengthOf((yield* current).published, 1);
        for (const gone of [signer.id, IamEntityIds.SigningKeyId.create(), "key"]) {
          yield* refused(["signing-keys", "revoke", gone], /iam signing-keys list.*\[SIGNING_KEY_NOT_FOUND\]/);
        }
        assert.match(yield* does(["signing-keys", "list"]), new RegExp(`^${signer.id} +revoked `, "m"));

        for (const command of ["list", "rotate", "revoke"]) {
          assert.include(yield* does(["signing-keys", command, "--help"]), `iam signing-keys ${command}`);
        }
        const early = { ...environment, IAM_SIGNING_KEY_PERIOD: "1 hour", IAM_SIGNING_KEY_PUBLISHED_BEFORE: "2 hours" };
        const { stderr } = yield* Iam.run(["signing-keys", "list"], early);
        assert.match(stderr, /IAM_SIGNING_KEY_PUBLISHED_BEFORE .*\[CONFIGURATION_INVALID\]/);
      }).pipe(Effect.scoped),
    120_000,
  );
});
