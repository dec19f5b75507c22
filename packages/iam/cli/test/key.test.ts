/** What an operator does with API keys. */
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { json, operator } from "./support/operator.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AUTH-9: a key is printed once and alone; what is rotated or revoked is refused",
    () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { does, refused, run } = yield* operator;
        const ann = yield* IamTest.signedUp("ann");
        yield* IamTest.organizationOf(ann, "acme");
        const permissions = { files: ["read", "write"] };
        for (const [whose, configId] of [
          [["--user", ann.email], "default"],
          [["--org", "acme"], "organization"],
        ] as const) {
          const works = (key: string, asked?: Record<string, Array<string>>) =>
            Effect.map(
              api.verifyApiKey({ body: { configId, key, ...(asked !== undefined && { permissions: asked }) } }),
              ({ valid }) => valid,
            );
          const printed = yield* does([
            ...["key", "create", ...whose, "--name", "build", "--prefix", "ci_", "--expires-in", "90 days"],
            ...["--permission", "files=read,write", "--requests", "100", "--per", "1 minute"],
          ]);
          assert.match(printed, /^ci_\w{64}\n$/);
          const old = printed.trim();
          assert.isTrue(yield* works(old, permissions));
          assert.isFalse(yield* works(old, { files: ["delete"] }));

          const listed = yield* does(["key", "list", ...whose, "--json"]);
          assert.notInclude(listed, old);
          const [id] = /apikey_\w+/.exec(listed) ?? [""];
          assert.include(yield* does(["key", "list", ...whose]), id);

          const rotated = json(yield* does(["key", "rotate", id, "--json"]));
          const key = String(rotated.key);
          assert.deepInclude(rotated, { name: "build", prefix: "ci_", permissions });
          assert.isTrue(yield* works(key, permissions));
          assert.isFalse(yield* works(old));
          yield* refused(["key", "rotate", id], /iam key list.*\[KEY_NOT_FOUND\]/);
          assert.isTrue(yield* works(key));
          yield* does(["key", "revoke", String(rotated.id)]);
          assert.isFalse(yield* works(key));
          assert.deepStrictEqual(json(yield* does(["key", "list", ...whose, "--json"])), { keys: [] });
        }
        const both = yield* run(["key", "list", "--user", ann.email, "--org", "acme"]);
        assert.strictEqual(both.code, 1);
        assert.include(both.stderr, "--user or --org");
      }).pipe(Effect.scoped),
    120_000,
  );
});
