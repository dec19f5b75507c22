/** By what the services of tests keep secrets, for what tests put into the database and look for there. */
import type { KeyOwner } from "@beep/iam-domain";
import { Secrets } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as digests from "../../src/auth/digests.ts";
import { asService } from "../../src/tenancy/asService.ts";

const digestingKey = digests.keyOf(Redacted.make(IamTest.secret));

/** The same, for an adapter or a look-up that a test makes itself: what one has written the other reads. */
export const means = Effect.map(Secrets.Secrets, (secrets) => ({ secrets, digestingKey }));

/** By what a verification of an identifier is found in the database. */
export const identifierOf = (identifier: string): string =>
  digests.ofGuessable(digestingKey, "verification.identifier", identifier);

/** Seals a text for a row that a test writes itself. */
export const sealed = Effect.fnUntraced(function* (
  owner: KeyOwner.KeyOwner,
  column: PgColumn,
  row: string,
  text: string,
) {
  const secrets = yield* Secrets.Secrets;
  const [envelope = ""] = yield* asService(
    secrets.seal([{ owner, place: Secrets.at(column, row), value: Redacted.make(text) }]),
  );
  return envelope;
});
