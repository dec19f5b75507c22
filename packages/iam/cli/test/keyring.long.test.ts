/** The keyring that a data directory keeps. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Iam from "./support/iam.ts";
import { json } from "./support/operator.ts";

const entryForm = /^(\d+):[A-Za-z0-9+/]{43}=\n$/;

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "CRY-2: a keyring that the data directory keeps is added to by a line",
    () =>
      Effect.gen(function* () {
        const environment = { IAM_DATA_DIR: yield* Iam.folder };
        const fresh = yield* Iam.run(["keys", "generate"], environment);
        assert.strictEqual(entryForm.exec(fresh.stdout)?.[1], "1");
        // Makes the data directory, and the keyring in it.
        yield* Iam.run(["migrate"], environment);
        const file = join(environment.IAM_DATA_DIR, "key-encryption-keys");
        const listed = yield* Iam.run(["keys", "list", "--json"], environment);
        assert.deepInclude(json(listed.stdout).summary, { keyVersion: "1" });
        const kept = yield* Effect.promise(() => readFile(file, "utf8"));
        const next = yield* Iam.run(["keys", "generate"], environment);
        assert.strictEqual(entryForm.exec(next.stdout)?.[1], "2");
        assert.include(next.stderr, file);
        yield* Effect.promise(() => writeFile(file, kept + next.stdout));
        const after = yield* Iam.run(["keys", "list", "--json"], environment);
        assert.deepInclude(json(after.stdout).summary, { keyVersion: "2" });
      }).pipe(Effect.scoped),
    120_000,
  );
});
