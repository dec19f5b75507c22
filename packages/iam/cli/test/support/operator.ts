/** An operator's commands on the database that a test's own services use. */
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Iam from "./iam.ts";

/** Where the commands work. */
export const environmentOf = ({ appUrl }: Pick<TestDatabase["Service"], "appUrl">, dataDir: string) => ({
  DATABASE_URL: Redacted.value(appUrl),
  IAM_DATA_DIR: dataDir,
  IAM_RATE_LIMIT: "false",
  // Those of the test's own services.
  IAM_SECRET: IamTest.secret,
  IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
});

/** The operator of the test's database. */
export const operator = Effect.gen(function* () {
  const dataDir = yield* Iam.folder;
  const environment = environmentOf(yield* TestDatabase, dataDir);
  const run = (args: ReadonlyArray<string>, input?: string) => Iam.run(args, environment, input);
  return {
    dataDir,
    environment,
    run,
    /** Runs a command that does what it is asked for, and gives what it prints. */
    does: (args: ReadonlyArray<string>, input?: string) =>
      Effect.map(run(args, input), (ended) => {
        assert.strictEqual(ended.code, 0, ended.stderr);
        return ended.stdout;
      }),
    /** Runs a command that is refused, in one line. */
    refused: (args: ReadonlyArray<string>, line: RegExp, input?: string) =>
      Effect.map(run(args, input), (ended) => {
        assert.match(ended.stderr, line);
        assert.match(ended.stderr, /^iam: [^\n]+ \[[A-Z_]+\]\n$/);
        assert.deepInclude(ended, { code: 1, stdout: "" });
      }),
  };
});

/** In whose names the log has what was done, each as `action intent actor`. */
export const logged = Effect.gen(function* () {
  const sql = yield* connect((yield* TestDatabase).adminUrl);
  const rows = yield* sql<{ readonly done: string }>`
    select distinct concat_ws(' ', action, context ->> 'intent', coalesce(context ->> 'actor', 'nobody')) as done
    from iam_audit_events`;
  return rows.map(({ done }) => done);
});

/** What a command printed for a program. */
export const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text);
