/** What could not be looked at. */
import { SqlState } from "@beep/db-admin";
import type { Errors, Findings } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { warning } from "./finding.ts";

/** Something that could not be looked at. */
export const notExamined = (what: string): Findings.Finding =>
  warning("NOT_EXAMINED", `Not examined: ${what}`, "Examine again; if it stays, look into the database's log.");

/** Whatever keeps from looking at something is found, too. */
export const looking = <R>(
  what: string,
  findings: Effect.Effect<ReadonlyArray<Findings.Finding>, Errors.StartupError | SqlError, R>,
) =>
  Effect.catch(findings, (failure) =>
    Effect.succeed([
      notExamined(`${what}: ${failure._tag === "SqlError" ? SqlState.message(failure) : failure.message}`),
    ]),
  );
