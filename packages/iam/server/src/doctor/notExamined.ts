/** What could not be looked at. */
import { SqlState } from "@beep/db-admin";
import type { Errors, Findings } from "@beep/iam-domain";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { warning } from "./finding.ts";

/** Something that could not be looked at. */
export const notExamined = (what: string): Findings.Finding =>
  warning("NOT_EXAMINED", `Not examined: ${what}`, "Examine again; if it stays, look into the database's log.");

/** Some of the catalogue waits for whoever has a table locked, as a migration that hangs does. */
const PATIENCE = Duration.seconds(30);

const tooLong = `it took more than ${Duration.format(PATIENCE)}; somebody may have a table locked (pg_locks)`;

/** Whatever keeps from looking at something is found, too. */
export const looking = <R>(
  what: string,
  findings: Effect.Effect<ReadonlyArray<Findings.Finding>, Errors.StartupError | SqlError, R>,
) =>
  findings.pipe(
    Effect.timeout(PATIENCE),
    Effect.catch((failure) => {
      const why = failure._tag === "SqlError" ? SqlState.message(failure) : failure.message;
      return Effect.succeed([notExamined(`${what}: ${failure._tag === "TimeoutError" ? tooLong : why}`)]);
    }),
  );
