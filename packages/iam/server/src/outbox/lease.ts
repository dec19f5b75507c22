/**
 * Leases: how any number of processes share what is to be done, and any of them may die. A row is somebody's for a while.
 * Whoever dies lets go of it when that is over, and whoever is too late finds that it is another's by now: so each thing is
 * done at least once, and what came of it is written down by one.
 */
import * as Duration from "effect/Duration";

/** For how long a row is somebody's: what a death may delay at most. */
export const LEASE = Duration.seconds(60);

/** What runs longer is broken off, so that it ends within its lease. */
export const PATIENCE = Duration.seconds(45);

/** The form of a code; anything else might quote what nobody is to read. */
const isCode = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The stable code of a failure. */
export const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "FAILED";
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "string" && isCode.test(code)) return code;
  return "_tag" in error && error._tag === "TimeoutError" ? "TIMED_OUT" : "FAILED";
};
