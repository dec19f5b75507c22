/** Webhooks: which events they have, and why a delivery failed. */
import * as Schema from "effect/Schema";

/** The events that a webhook has: one action (`member.created`), all of one kind of thing (`member.*`), or all (`*`). */
export const Actions = Schema.Array(
  Schema.String.check(
    Schema.isPattern(/^(?:\*|[a-z][a-z_]{0,62}\.(?:\*|[a-z][a-z_]{0,62}))$/, {
      expected: "an action like member.created, all of a kind like member.*, or *",
    }),
  ),
).check(Schema.isMinLength(1), Schema.isMaxLength(100));

/**
 * What was wrong with a delivery. `ANSWER_CUT_OFF` alone stands beside one that was delivered: its answer was a success, and
 * longer, or went on for longer, than is read.
 */
export const Failure = Schema.Literals([
  "ADDRESS_REFUSED",
  "ANSWER_CUT_OFF",
  "ANSWER_NO_SUCCESS",
  "EVENT_MISSING",
  "HOST_UNKNOWN",
  "HOST_UNREACHABLE",
  "REDIRECTED",
  "TIMED_OUT",
]);
export type Failure = typeof Failure.Type;
