/** When to try again: exponentially later, at a time drawn from the whole of the span, so that what failed together does not come back together. */
import * as Duration from "effect/Duration";

/** The span after the first failure, in milliseconds; each further one doubles it, up to the longest. */
export interface Spans {
  readonly first: number;
  readonly longest: number;
}

/** Of what leaves by the outbox: over within the hour, in the mean. */
const spans: Spans = { first: Duration.toMillis("1 second"), longest: Duration.toMillis("10 minutes") };

/** So often something is tried before it is a dead letter. */
export const MAX_ATTEMPTS = 20;

/**
 * Milliseconds until the next attempt.
 *
 * @param attempts how many there were
 * @param lot from 0 to 1
 */
export const pause = (attempts: number, lot: number, { first, longest }: Spans = spans): number =>
  Math.ceil(lot * Math.min(longest, first * 2 ** Math.min(attempts - 1, 30)));
