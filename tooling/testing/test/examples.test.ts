/** The examples of the READMEs: what stands there is what runs here. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, describe, layer, it as test } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { main as migrate } from "../../../packages/_internal/db-admin/test/example.ts";
import { main as serve } from "../../../packages/iam/server/test/example.ts";

const root = new URL("../../../", import.meta.url);

const pure = ["packages/shared/domain", "packages/shared/tables", "packages/iam/domain", "packages/iam/tables"];

const all = [...pure, "packages/_internal/db-admin", "packages/iam/server"];

/** A README's block of TypeScript, the first unless another is meant. */
const shown = (readme: string, block = 0): string =>
  [...readFileSync(new URL(readme, root), "utf8").matchAll(/```ts\n(.*?)```/gs)][block]?.[1] ?? "";

describe("the READMEs", () => {
  for (const folder of all) {
    test(`${folder} shows its example`, () => {
      const example = readFileSync(new URL(`${folder}/test/example.ts`, root), "utf8");
      assert.strictEqual(shown(`${folder}/README.md`), example);
    });
  }

  for (const [block, name] of ["example", "isolationExample"].entries()) {
    test(`tooling/testing shows its ${name}`, () => {
      const example = readFileSync(new URL(`tooling/testing/test/${name}.test.ts`, root), "utf8");
      assert.strictEqual(shown("tooling/testing/README.md", block), example);
    });
  }

  test("the first page shows the example of iam-server", () => {
    assert.strictEqual(shown("README.md"), shown("packages/iam/server/README.md"));
  });

  for (const folder of pure) {
    test(`the example of ${folder} runs`, async () => {
      await import(fileURLToPath(new URL(`${folder}/test/example.ts`, root)));
    });
  }
});

const configured = (values: Readonly<Record<string, string>>) =>
  Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(values)));

layer(TestDatabase.layer({ template: "empty" }), { excludeTestServices: true })("on an empty database", (it) => {
  it.effect("the examples of db-admin and iam-server run", () =>
    Effect.gen(function* () {
      const { appUrl, ownerUrl } = yield* TestDatabase;
      yield* migrate.pipe(configured({ IAM_MIGRATIONS_URL: Redacted.value(ownerUrl) }));
      const { inside, outside } = yield* serve.pipe(
        configured({
          DATABASE_URL: Redacted.value(appUrl),
          IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
          IAM_BASE_URL: "http://localhost:3000",
          IAM_SECRET: IamTest.secret,
          IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
        }),
      );
      assert.deepStrictEqual(
        inside.map((member) => member.role),
        ["owner"],
      );
      assert.deepStrictEqual(outside, []);
    }),
  );
});
