/** Wrapping many keys anew while others seal and open, and a process that is killed in the middle of it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { KeyOwner } from "@beep/iam-domain";
import { Keys, Secrets } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";
import * as drawers from "./drawers.ts";
import * as keyring from "./keyring.ts";

const script = fileURLToPath(new URL("../fixtures/crypto/rewrap.ts", import.meta.url));

const both = keyring.ring(keyring.first, keyring.version(2));

/** A process of its own, and what it prints. */
const start = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const { appUrl } = yield* TestDatabase;
  return yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--conditions=@beep/source", script, ...args], {
        env: {
          ...process.env,
          ...both,
          DATABASE_URL: Redacted.value(appUrl),
          IAM_RUN_MIGRATIONS: "false",
          IAM_BASE_URL: "http://localhost:3000",
          IAM_SECRET: IamTest.secret,
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let printed = "";
      const waiting: Array<() => void> = [];
      const tell = () => {
        for (const look of waiting) look();
      };
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        tell();
      });
      const exited = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
      return {
        child,
        exited: Effect.promise(() => exited),
        printed: () => printed,
        until: (text: string) =>
          Effect.callback<void>((resume) => {
            const look = () => {
              if (printed.includes(text)) resume(Effect.void);
            };
            waiting.push(look);
            look();
          }),
      };
    }),
    ({ child, exited }) =>
      Effect.andThen(
        Effect.sync(() => child.kill("SIGKILL")),
        exited,
      ),
  );
});

/** Owners with a key each, of whom some have something in a drawer. */
const populated = Effect.fnUntraced(function* (number: number) {
  const secrets = yield* Secrets.Secrets;
  const owners = Array.from({ length: number }, () => KeyOwner.user(SharedEntityIds.UserId.create()));
  const sealed: Array<Secrets.Sealed> = [];
  for (let at = 0; at < number; at += 1000) {
    const values = owners.slice(at, at + 1000).map((owner) => ({
      owner,
      place: Secrets.at(drawers.drawer.content, drawers.DrawerId.create()),
      value: Redacted.make(owner.id),
    }));
    const envelopes = yield* asService(secrets.seal(values));
    sealed.push(...values.map(({ owner, place }, index) => ({ owner, place, envelope: envelopes[index] ?? "" })));
  }
  return sealed;
});

/** How many keys each version wraps. */
const counted = Effect.gen(function* () {
  const { summary } = yield* Keys.Keys;
  const { versions } = yield* summary;
  return Object.fromEntries(versions.map(({ keyVersion, keys }) => [keyVersion, keys]));
});

/**
 * Makes so many keys under version 1, and wraps them anew by several processes, one of which is killed, while others seal
 * and open all the time.
 */
export const rewrapped = Effect.fnUntraced(function* (number: number) {
  const sealed = yield* populated(number);
  assert.deepStrictEqual(yield* counted, { "1": number });

  const others = yield* drawers.another(both);
  let read = 0;
  let written = 0;
  let at = 0;
  const some = () => {
    at = (at + 20) % (number - 20);
    return sealed.slice(at, at + 20);
  };
  const reading = Effect.gen(function* () {
    const { open } = yield* Secrets.Secrets;
    const asked = some();
    const opened = yield* open(asked);
    assert.deepStrictEqual(
      opened.map(Redacted.value),
      asked.map(({ owner }) => owner.id),
    );
    read += asked.length;
  });
  const writing = Effect.gen(function* () {
    const { open, seal } = yield* Secrets.Secrets;
    const asked = some().map((one) => ({ ...one, value: Redacted.make("again") }));
    const envelopes = yield* asService(seal(asked));
    const opened = yield* open(asked.map((one, index) => ({ ...one, envelope: envelopes[index] ?? "" })));
    for (const text of opened) assert.strictEqual(Redacted.value(text), "again");
    written += asked.length;
  });
  const busy = yield* Effect.forkChild(
    Effect.all([Effect.forever(reading), Effect.forever(reading), Effect.forever(writing)], {
      concurrency: "unbounded",
    }).pipe(Effect.provideContext(others)),
  );

  // One is killed in the middle of its second batch: the first one stays, and of the second one nothing does.
  const killed = yield* start("300");
  yield* killed.until("stopped");
  killed.child.kill("SIGKILL");
  yield* killed.exited;
  assert.deepStrictEqual(yield* counted, { "1": number - 200, "2": 200 });

  const began = yield* Clock.currentTimeMillis;
  const two = [yield* start(), yield* start()];
  const codes = yield* Effect.forEach(two, ({ exited }) => exited, { concurrency: "unbounded" });
  assert.deepStrictEqual(codes, [0, 0]);
  const took = (yield* Clock.currentTimeMillis) - began;
  assert.deepStrictEqual(yield* counted, { "2": number });
  const shares = two.map(({ printed }): { rewrapped: number; failed: number } => JSON.parse(printed()));
  assert.strictEqual(
    shares.reduce((sum, share) => sum + share.rewrapped, 0),
    number - 200,
  );
  assert.deepStrictEqual(
    shares.map(({ failed }) => failed),
    [0, 0],
  );

  assert.isUndefined(busy.pollUnsafe(), "a reader or a writer failed");
  yield* Fiber.interrupt(busy);
  assert.isAbove(Math.min(read, written), 0);
  // Whoever starts with the new version alone opens all of it.
  const alone = yield* drawers.another(keyring.ring(keyring.version(2)));
  yield* Effect.gen(function* () {
    const { open } = yield* Secrets.Secrets;
    for (let from = 0; from < number; from += 1000) {
      const part = sealed.slice(from, from + 1000);
      assert.deepStrictEqual(
        (yield* open(part)).map(Redacted.value),
        part.map(({ owner }) => owner.id),
      );
    }
  }).pipe(Effect.provideContext(alone));
  console.log(
    `${number} keys wrapped anew in ${Duration.format(Duration.millis(took))}, with the start of two processes, which did ${shares
      .map((share) => share.rewrapped)
      .join(" and ")}; meanwhile ${read} values opened and ${written} sealed.`,
  );
});
