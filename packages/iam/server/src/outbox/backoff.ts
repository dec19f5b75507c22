/** When to try again: exponentially later, at a time drawn from the whole of the span, so that what failed together does not come back together. */
import * as Duration from "effect/Duration";

/** The span after the first failure; each further one doubles it, up to the longest. */
const FIRST = Duration.toMillis("1 second");
const LONGEST = Duration.toMillis("10 minutes");

/** So often something is tried before it is a dead letter. */
export const MAX_ATTEMPTS = 20;

/**
 * Milliseconds until the next attempt.
 *
 * @param attempts how many there were
 * @param lot from 0 to 1
 */
export const pause = (attempts: number, lot: number): number =>
  Math.ceil(lot * Math.min(LONGEST, FIRST * 2 ** Math.min(attempts - 1, 30)));
