/** A server whose log is read. */
import { IamTest, TestDatabase } from "@beep/testing";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Iam from "./iam.ts";
import * as Process from "./process.ts";

/** A server on a database of its own. */
export const served = Effect.fnUntraced(function* (
  environment: Iam.Environment,
  serve: typeof Iam.serve = Process.serve,
) {
  const database = yield* TestDatabase.make();
  const dataDir = yield* Iam.folder;
  const server = yield* serve({
    DATABASE_URL: Redacted.value(database.appUrl),
    IAM_RUN_MIGRATIONS: "false",
    IAM_RATE_LIMIT: "false",
    IAM_SECRET: IamTest.secret,
    IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
    IAM_DATA_DIR: dataDir,
    IAM_LOG_LEVEL: "all",
    ...environment,
  });
  return { server, dataDir, database };
});
