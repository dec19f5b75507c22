/** By what the services of tests keep secrets. */
import { Secrets } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as digests from "../../src/auth/digests.ts";

/** The same, for an adapter or a look-up that a test makes itself: what one has written the other reads. */
export const means = Effect.map(Secrets.Secrets, (secrets) => ({
  secrets,
  digestingKey: digests.keyOf(Redacted.make(IamTest.secret)),
}));
