/** The embedded database: its directory, and the tables in it. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as places from "../config/places.ts";
import * as embedded from "../db/embedded.ts";
import * as Progress from "../db/Progress.ts";
import { examineDirectory } from "./dataDirectory.ts";
import type * as Expected from "./Expected.ts";
import { error } from "./finding.ts";
import { examineKeys } from "./keys.ts";
import { looking } from "./notExamined.ts";
import { examineTables } from "./tables.ts";

/** What is wrong with it. */
export const examineEmbedded = Effect.fnUntraced(function* (healthy: Expected.Find) {
  yield* Progress.begin("Examining the data directory");
  const dataDir = yield* Effect.option(places.keys.dataDir);
  if (Option.isNone(dataDir)) return [];
  const { copy, findings } = yield* examineDirectory(dataDir.value);
  if (copy === undefined) return findings;
  yield* Progress.begin("Examining the tables");
  const opened = yield* Effect.result(embedded.openFiles(copy));
  if (Result.isFailure(opened)) {
    const { message, remedy } = embedded.unusable(dataDir.value, opened.failure);
    return [...findings, error("DATA_DIRECTORY_UNUSABLE", message, remedy)];
  }
  const tables = yield* looking(
    "the tables",
    examineTables(opened.success, {
      login: embedded.LOGIN,
      owner: embedded.OWNER,
      ownerUrl: undefined,
      runMigrations: true,
      expected: healthy,
    }),
  );
  if (tables.length > 0) return [...findings, ...tables];
  yield* Progress.begin("Examining the keys");
  return [...findings, ...(yield* looking("the keys", examineKeys(opened.success)))];
}, Effect.scoped);
