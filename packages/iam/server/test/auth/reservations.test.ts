/** What may be used once: Better Auth makes the id of its row a digest, and takes the second row's refusal for an answer. */
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as promises from "../../src/auth/promises.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { betterAuth } from "./control.ts";
import { identifierOf } from "./means.ts";

const reservation = Effect.gen(function* () {
  const auth = yield* betterAuth();
  const { internalAdapter } = yield* Effect.promise(() => auth.$context);
  return (identifier: string) =>
    promises.enter(() =>
      internalAdapter.reserveVerificationValue({
        identifier,
        value: "taken",
        expiresAt: new Date(Date.now() + 60_000),
      }),
    );
});

layer(IamTest.postgres(), { excludeTestServices: true })("a reservation", (it) => {
  it.effect("AUTH-8: is given to one of many at once, and its row has an id of ours", () =>
    Effect.gen(function* () {
      const reserve = yield* reservation;
      const answers = yield* Effect.all(
        Array.from({ length: 12 }, () => reserve("assertion")),
        { concurrency: "unbounded" },
      );
      assert.lengthOf(answers.filter(Boolean), 1);
      assert.isTrue(yield* reserve("another"));

      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const reserved = [identifierOf("assertion"), identifierOf("another")];
      assert.lengthOf(yield* admin`select id from iam_verifications where ${admin.in("identifier", reserved)}`, 2);
    }),
  );

  it.effect("AUTH-8: that is refused leaves the transaction in which it was asked for whole", () =>
    Effect.gen(function* () {
      const reserve = yield* reservation;
      const { transaction } = yield* ServiceConnection;
      const answers = yield* transaction(Effect.forEach(["first", "first", "second"], reserve));
      assert.deepStrictEqual(answers, [true, false, true]);
      assert.isFalse(yield* reserve("second"));
    }),
  );
});
