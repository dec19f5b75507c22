/** A data directory, which one process has at a time: a server has it, and others come. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Findings } from "@beep/iam-domain";
import { freePort } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Iam from "./support/iam.ts";
import * as Process from "./support/process.ts";

class Started extends Context.Service<Started, { readonly server: Process.Serving; readonly dataDir: string }>()(
  "Started",
) {}

const started = Layer.effect(
  Started,
  Effect.gen(function* () {
    const dataDir = join(yield* Iam.folder, "iam");
    return { server: yield* Process.serve({ IAM_DATA_DIR: dataDir }), dataDir };
  }),
);

const reportIn = Schema.decodeUnknownEffect(Schema.fromJsonString(Findings.Report));

layer(started, { excludeTestServices: true, timeout: 60_000 })("a data directory that a server uses", (it) => {
  it.effect("OPS-1: keeps another server from starting; and so does one that cannot be opened", () =>
    Effect.gen(function* () {
      const { dataDir, server } = yield* Started;
      const port = String(yield* freePort);
      const inUse = yield* Iam.run(["serve"], { IAM_DATA_DIR: dataDir, PORT: port });
      assert.strictEqual(inUse.code, 1);
      assert.match(inUse.stderr, new RegExp(`^iam: .*process ${server.process.pid}.* \\[DATA_DIRECTORY_IN_USE\\]\n$`));
      const file = yield* Iam.run(["serve"], { IAM_DATA_DIR: join(dataDir, "secret"), PORT: port });
      assert.match(file.stderr, /^iam: .* \[DATA_DIRECTORY_UNUSABLE\]\n$/);
    }),
  );

  it.effect("OPS-3: the doctor names the server, and does not touch it", () =>
    Effect.gen(function* () {
      const { dataDir, server } = yield* Started;
      const ended = yield* Iam.run(["doctor", "--json"], { IAM_DATA_DIR: dataDir });
      const { findings } = yield* reportIn(ended.stdout);
      assert.deepStrictEqual(
        findings.map(({ code }) => code),
        ["DATA_DIRECTORY_IN_USE"],
      );
      assert.include(findings[0]?.message, `process ${server.process.pid}`);
      assert.strictEqual((yield* Effect.promise(() => fetch(`${server.url}/ready`))).status, 200);
    }),
  );

  it.effect("OPS-1: it is left alone, who uses it is named, and one that is missing is not made", () =>
    Effect.gen(function* () {
      const { dataDir, server } = yield* Started;
      const folder = yield* Iam.folder;
      const absent = yield* Iam.run(["user", "list"], { IAM_DATA_DIR: join(folder, "missing") });
      assert.match(absent.stderr, /^iam: .*iam migrate.* \[MIGRATION_PENDING\]\n$/);
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), []);

      const state = Effect.promise(async () => [
        await readdir(dataDir, { recursive: true }),
        await readFile(join(dataDir, "pid"), "utf8"),
      ]);
      const before = yield* state;
      const refused = yield* Iam.run(["seed"], { IAM_DATA_DIR: dataDir });
      assert.deepInclude(refused, { code: 1, stdout: "" });
      const line = `\`iam serve\` (process ${server.process.pid}). Stop that process, use its API at ${server.url}, or`;
      assert.include(refused.stderr, line);
      assert.match(refused.stderr, /^iam: [^\n]+ \[DATA_DIRECTORY_IN_USE\]\n$/);
      assert.deepStrictEqual(yield* state, before);
    }).pipe(Effect.scoped),
  );

  // Longer than usual, because the embedded database is opened twice.
  it.effect(
    "OPS-1: once the server has ended it is there for others",
    () =>
      Effect.gen(function* () {
        const { dataDir, server } = yield* Started;
        yield* Iam.stop(server);
        const examined = yield* Iam.run(["doctor", "--json"], { IAM_DATA_DIR: dataDir });
        assert.deepInclude(examined, { code: 0, stdout: '{"findings":[]}\n' });
        const listed = yield* Iam.run(["user", "list"], { IAM_DATA_DIR: dataDir });
        assert.match(listed.stderr, /^iam: .*iam user create --admin.* \[ADMINISTRATOR_MISSING\]\n$/);
      }),
    60_000,
  );
});
