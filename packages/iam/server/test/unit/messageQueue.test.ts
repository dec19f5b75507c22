import { Mailer } from "@beep/iam-server";
import { assert, describe, it } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Queue from "effect/Queue";
import * as Scope from "effect/Scope";
import * as TestClock from "effect/testing/TestClock";
import * as MessageQueue from "../../src/auth/messageQueue.ts";

const message = { to: "ann@example.com", subject: "Hello", text: "Hello." };

/** A mailer that refuses as long as it is down, and says when it was asked. */
const makeMailer = Effect.gen(function* () {
  const asked = yield* Queue.unbounded<string>();
  const state = { down: false, sent: [] as Array<string> };
  const mailer: Mailer.Mailer["Service"] = {
    send: ({ to }) =>
      Effect.gen(function* () {
        yield* Queue.offer(asked, to);
        if (state.down) return yield* new Mailer.MailError({});
        state.sent.push(to);
      }),
  };
  return { asked, mailer, state };
});

describe("AUTH-7: mail", () => {
  it.effect("is tried again when the mail server is back", () =>
    Effect.gen(function* () {
      const { asked, mailer, state } = yield* makeMailer;
      const { offer } = yield* MessageQueue.make(mailer.send);
      state.down = true;
      yield* offer(message);
      for (const seconds of [0, 1, 4]) {
        yield* TestClock.adjust(seconds * 1_000);
        yield* Queue.take(asked);
      }
      state.down = false;
      yield* TestClock.adjust(16_000);
      yield* Queue.take(asked);
      assert.deepStrictEqual(state.sent, [message.to]);
    }),
  );

  it.effect("is given up in the end", () =>
    Effect.gen(function* () {
      const { asked, mailer, state } = yield* makeMailer;
      const { offer } = yield* MessageQueue.make(mailer.send);
      state.down = true;
      yield* offer(message);
      for (const seconds of [0, 1, 4, 16, 64, 256]) {
        yield* TestClock.adjust(seconds * 1_000);
        yield* Queue.take(asked);
      }
      yield* TestClock.adjust(3_600_000);
      assert.strictEqual(yield* Queue.size(asked), 0);
    }),
  );

  it.effect("to one that is refused keeps nobody else's waiting", () =>
    Effect.gen(function* () {
      const { asked, mailer, state } = yield* makeMailer;
      const { offer } = yield* MessageQueue.make(mailer.send);
      state.down = true;
      for (let count = 0; count < 10; count++) {
        yield* offer({ ...message, to: "nobody@example.com" });
        yield* Queue.take(asked);
      }
      state.down = false;
      yield* offer(message);
      assert.strictEqual(yield* Queue.take(asked), message.to);
    }),
  );

  it.effect("that waits is sent before the end, also what waits for better times", () =>
    Effect.gen(function* () {
      const { asked, mailer, state } = yield* makeMailer;
      const scope = yield* Scope.make();
      const { offer } = yield* Scope.provide(MessageQueue.make(mailer.send), scope);
      state.down = true;
      yield* offer(message);
      yield* Queue.take(asked);
      state.down = false;
      yield* offer({ ...message, to: "bob@example.com" });
      yield* Scope.close(scope, Exit.void);
      assert.sameMembers(state.sent, [message.to, "bob@example.com"]);
    }),
  );

  it.effect("keeps the end waiting for so long and not longer", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>();
      const scope = yield* Scope.make();
      const { offer } = yield* Scope.provide(
        MessageQueue.make(() => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)),
        scope,
      );
      yield* offer(message);
      yield* Deferred.await(begun);
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void));
      yield* TestClock.adjust(10_000);
      yield* Fiber.join(closing);
    }),
  );
});
