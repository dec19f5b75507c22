/** The code samples of the document that this package came from, compiled as they stand. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "@effect/vitest";
import { getTableConfig } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import { IamDbSchema } from "../../src/index.ts";
import { compile, packageRoot, workspace } from "../fixtures/compile.ts";

const document = readFileSync(join(packageRoot, "test/fixtures/seed-samples.txt"), "utf8");

const sample = (heading: string) => {
  const found = new RegExp(`### ${heading}\n\`\`\`typescript\n(.*?)\`\`\``, "s").exec(document)?.[1];
  if (found === undefined) throw new Error(`There is no sample "${heading}".`);
  return found;
};

const table = sample("Define Tenant-Scoped Table");
const check = sample("Add Type Check Coverage");

const files = {
  "sample/notificationPreference.table.ts": table,
  "sample/schema.ts": 'export { notificationPreference } from "./notificationPreference.table.ts";\n',
  "sample/_check.ts": check,
  // The same with a table that the sample's checks must refuse.
  "nullable/schema.ts": table.replace('pg.text("channel").notNull()', 'pg.text("channel")'),
  "nullable/_check.ts": check,
  "renamed/schema.ts": table.replace("channel:", "medium:").replace("t.channel", "t.medium"),
  "renamed/_check.ts": check,
  "run.ts": `
    import { getTableConfig } from "drizzle-orm/pg-core";
    import { notificationPreference } from "./sample/notificationPreference.table.ts";
    const { columns, indexes, name } = getTableConfig(notificationPreference);
    process.stdout.write(JSON.stringify({
      name,
      columns: columns.map((column) => [column.name, column.getSQLType(), column.notNull, column.hasDefault]),
      indexes: indexes.map(({ config }) => [config.name, config.unique]),
    }));
  `,
};

describe("the seed's samples", () => {
  it.live(
    "ALN-7: of a table and of its check compile as they stand, and the check refuses a table that drifts",
    () =>
      Effect.gen(function* () {
        const root = yield* workspace(files);
        // The sample imports "./schema" without its extension, as bundlers let it.
        const options = { module: "ESNext", moduleResolution: "Bundler" };
        const found = yield* compile(root, Object.keys(files), options);
        expect(found.filter(({ file }) => !/^(?:nullable|renamed)\//.test(file))).toEqual([]);
        expect(found.map(({ code, file }) => `${file} ${code}`).sort()).toEqual([
          "nullable/_check.ts TS2322",
          "nullable/_check.ts TS2322",
          "renamed/_check.ts TS2741",
          "renamed/_check.ts TS2741",
        ]);
      }),
    60_000,
  );

  it.live(
    "ALN-7: of a table runs, and makes the table of this package",
    () =>
      Effect.gen(function* () {
        const root = yield* workspace(files);
        const { stdout } = yield* Effect.promise(() =>
          promisify(execFile)(process.execPath, ["--conditions=@beep/source", join(root, "run.ts")]),
        );
        const { columns, indexes, name } = getTableConfig(IamDbSchema.notificationPreference);
        expect(JSON.parse(stdout)).toEqual({
          name,
          columns: columns.map((column) => [column.name, column.getSQLType(), column.notNull, column.hasDefault]),
          indexes: indexes.map(({ config }) => [config.name, config.unique]),
        });
      }),
    60_000,
  );
});
