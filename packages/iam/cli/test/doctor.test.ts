/** `iam doctor`, as a person and as a program reads it. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Findings } from "@beep/iam-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Iam from "./support/iam.ts";

const patience = 60_000;

const reportIn = Schema.decodeUnknownEffect(Schema.fromJsonString(Findings.Report));

/** So broken that nothing can be opened, and nothing of the command itself is as it should be either. */
const broken = {
  IAM_LOG_LEVEL: "loud",
  PORT: "none",
  IAM_BASE_URL: "here",
  IAM_SECRET: "canary",
  IAM_KEY_ENCRYPTION_KEYS: "1:canary",
  DATABASE_URL: "mysql://user:canary@localhost/iam",
  IAM_SMTP_URL: "smtp://user:canary@localhost:1",
  IAM_RATE_LIMIT: "false",
};

describe("OPS-3: iam doctor", () => {
  it.live(
    "says that everything is in order where nothing is there yet, and makes nothing",
    () =>
      Effect.gen(function* () {
        const folder = yield* Iam.folder;
        const ended = yield* Iam.run(["doctor"], { IAM_DATA_DIR: join(folder, "iam") });
        assert.deepInclude(ended, { code: 0, stderr: "" });
        assert.include(ended.stdout, "Examining the configuration …\n");
        assert.match(ended.stdout, /\nEverything is in order\.\n$/);
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(folder)), []);
      }).pipe(Effect.scoped),
    patience,
  );

  it.live(
    "names all that is wrong at once, in 80 columns and as JSON, and ends with 1",
    () =>
      Effect.gen(function* () {
        const ended = yield* Iam.run(["doctor"], broken);
        assert.deepInclude(ended, { code: 1, stderr: "" });
        for (const line of ended.stdout.split("\n")) assert.isAtMost(line.length, 80, line);
        assert.match(ended.stdout, /\n8 errors, 1 warning\.\n$/);

        const json = yield* Iam.run(["doctor", "--json"], broken);
        assert.deepInclude(json, { code: 1, stderr: "" });
        const { findings } = yield* reportIn(json.stdout);
        assert.deepStrictEqual(
          findings.map(({ code, message }) => `${code} ${/^[A-Z_]+/.exec(message)?.[0] ?? ""}`.trim()).sort(),
          [
            "CONFIGURATION_INVALID DATABASE_URL",
            "CONFIGURATION_INVALID IAM_BASE_URL",
            "CONFIGURATION_INVALID IAM_KEY_ENCRYPTION_KEYS",
            "CONFIGURATION_INVALID IAM_LOG_LEVEL",
            "CONFIGURATION_INVALID IAM_SECRET",
            "CONFIGURATION_INVALID PORT",
            "MAIL_SENDER_INVALID M",
            "RATE_LIMIT_OFF IAM_RATE_LIMIT",
            "SMTP_UNREACHABLE T",
          ],
        );
        const shown = ended.stdout.replaceAll(/\s+/g, " ");
        for (const { code, message, remedy } of findings) {
          for (const part of [`[${code}]`, message, remedy]) assert.include(shown, part.replaceAll(/\s+/g, " "));
        }
        assert.notInclude(ended.stdout + json.stdout, "canary");
      }),
    patience,
  );

  it.live(
    "ends with 0 where there are only warnings",
    () =>
      Effect.gen(function* () {
        const folder = yield* Iam.folder;
        const environment = { IAM_DATA_DIR: join(folder, "iam"), IAM_RATE_LIMIT: "false" };
        const ended = yield* Iam.run(["doctor"], environment);
        assert.deepInclude(ended, { code: 0, stderr: "" });
        assert.match(ended.stdout, /warning \[RATE_LIMIT_OFF\][\s\S]*\n0 errors, 1 warning\.\n$/);
        assert.include((yield* Iam.run(["doctor", "--help"], {})).stdout.replaceAll(/\s+/g, " "), "only warnings");
      }).pipe(Effect.scoped),
    patience,
  );
});
