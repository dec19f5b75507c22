/**
 * What a layer of `KeyManagement` must do, whatever keeps its keys: each check by its title, to be run by a test of one's
 * own.
 *
 * ```ts
 * for (const { title, check } of KeyManagementContract.checks) {
 *   it.effect(title, () => check(subject));
 * }
 * ```
 */
import { inspect } from "node:util";
import type { Errors } from "@beep/iam-domain";
import { KeyOwner } from "@beep/iam-domain";
import { KeyManagement } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import type * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { assert } from "vitest";

type Management = KeyManagement.KeyManagement;

/** What is examined. */
export interface Subject {
  /** One that has these versions, of which the last wraps. Behind a version is the same key each time. */
  readonly having: (...versions: readonly [string, ...ReadonlyArray<string>]) => Layer.Layer<Management, unknown>;
  /** One that has version `1` too, and another key behind it. */
  readonly another: Layer.Layer<Management, unknown>;
  /** One whose keys cannot be reached, where they are not in the process itself. */
  readonly unreachable?: Layer.Layer<Management, unknown> | undefined;
}

/** A check, and the title of its test. */
export interface Check {
  readonly title: string;
  readonly check: (subject: Subject) => Effect.Effect<void, unknown>;
}

type Unwrapping = Errors.KeyVersionMissing | Errors.KeyNotOpened | Errors.KeyManagementUnavailable;

const belonging = (): KeyManagement.Belonging => ({
  dataKey: IamEntityIds.DataKeyId.create(),
  owner: KeyOwner.user(SharedEntityIds.UserId.create()),
});

/** Not random, so that it can be looked for. */
const key = (length = 64): Redacted.Redacted<Uint8Array> =>
  Redacted.make(Uint8Array.from({ length }, (_, index) => (index * 7 + 13) % 256));

const management = KeyManagement.KeyManagement;

const opens = Effect.fnUntraced(function* (
  wrapped: KeyManagement.Wrapped,
  of: KeyManagement.Belonging,
  length?: number,
) {
  const { unwrap } = yield* management;
  const opened = yield* unwrap(wrapped, of);
  assert.deepStrictEqual([...Redacted.value(opened)], [...Redacted.value(key(length))]);
});

const refuses = Effect.fnUntraced(function* (
  wrapped: KeyManagement.Wrapped,
  of: KeyManagement.Belonging,
  tag: Unwrapping["_tag"],
  what: string,
) {
  const { unwrap } = yield* management;
  const error = yield* Effect.flip(unwrap(wrapped, of));
  assert.strictEqual(error._tag, tag, what);
  return error;
});

const wrap = Effect.fnUntraced(function* (of: KeyManagement.Belonging, length?: number) {
  return yield* (yield* management).wrap(key(length), of);
});

/** What stands in a text in whichever of the usual forms. */
const shows = (text: string, bytes: Uint8Array): boolean =>
  (["hex", "base64", "base64url", "latin1"] as const).some((form) => {
    const all = Buffer.from(bytes).toString(form);
    return text.includes(all.slice(0, 20)) || text.includes(all.slice(-20, -2));
  });

const check = (title: string, run: (subject: Subject) => Effect.Effect<void, unknown>): Check => ({
  title: `CRY-1: ${title}`,
  check: run,
});

/** Every check. */
export const checks: ReadonlyArray<Check> = [
  check("a key is unwrapped as it was wrapped, whatever its length", ({ having }) =>
    Effect.gen(function* () {
      for (const length of [1, 32, 64, 512]) {
        const of = belonging();
        yield* opens(yield* wrap(of, length), of, length);
      }
    }).pipe(Effect.provide(having("1"))),
  ),
  check("it is wrapped into another text each time, which does not show it", ({ having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const [one, two] = [yield* wrap(of), yield* wrap(of)];
      assert.notStrictEqual(one.wrapped, two.wrapped);
      for (const { wrapped } of [one, two]) {
        // As a column of text can hold it.
        assert.match(wrapped, /^[\x21-\x7e]+$/);
        assert.isFalse(shows(wrapped, Redacted.value(key())));
        assert.isFalse(shows(Buffer.from(wrapped, "base64").toString("latin1"), Redacted.value(key())));
      }
    }).pipe(Effect.provide(having("1"))),
  ),
  check("it is unwrapped for nothing but what it was wrapped for", ({ having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const wrapped = yield* wrap(of);
      const { dataKey, owner } = of;
      const others: Readonly<Record<string, KeyManagement.Belonging>> = {
        "another data key": { dataKey: IamEntityIds.DataKeyId.create(), owner },
        "another owner": { dataKey, owner: belonging().owner },
        "another kind of owner": { dataKey, owner: { ...owner, type: "organization" } },
        "the same characters, parted elsewhere": {
          dataKey,
          owner: { type: `${owner.type}${owner.id[0]}`, id: owner.id.slice(1) },
        },
      };
      for (const [what, other] of Object.entries(others)) yield* refuses(wrapped, other, "KeyNotOpened", what);
      yield* opens(wrapped, of);
    }).pipe(Effect.provide(having("1"))),
  ),
  check("with any character another it is not unwrapped, nor cut or prolonged", ({ having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const { version, wrapped } = yield* wrap(of);
      const altered = [...wrapped].map(
        (character, at) => `${wrapped.slice(0, at)}${character === "A" ? "B" : "A"}${wrapped.slice(at + 1)}`,
      );
      for (const text of [...altered, wrapped.slice(0, -1), `${wrapped}A`, "", "A"]) {
        yield* refuses({ wrapped: text, version }, of, "KeyNotOpened", text);
      }
    }).pipe(Effect.provide(having("1"))),
  ),
  check("the current version wraps, and is one of those that there are", ({ having }) =>
    Effect.gen(function* () {
      const { current, versions } = yield* management;
      assert.strictEqual(yield* current, "2");
      assert.includeMembers([...(yield* versions)], ["1", "2"]);
      assert.strictEqual((yield* wrap(belonging())).version, "2");
    }).pipe(Effect.provide(having("1", "2"))),
  ),
  check("what an old version has wrapped is unwrapped beside a new one, and by no other", ({ another, having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const old = yield* Effect.provide(wrap(of), having("1"));
      yield* Effect.gen(function* () {
        yield* opens(old, of);
        yield* refuses({ ...old, version: "2" }, of, "KeyNotOpened", "said to be of another version");
      }).pipe(Effect.provide(having("1", "2")));
      const missing = yield* Effect.provide(refuses(old, of, "KeyVersionMissing", "taken away"), having("2"));
      assert.propertyVal(missing, "keyVersion", "1");
      yield* Effect.provide(refuses(old, of, "KeyNotOpened", "another key of that name"), another);
    }),
  ),
  check("a version that never was is missing", ({ having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const wrapped = yield* wrap(of);
      for (const version of ["999", "", "1 ", "../1", "é"]) {
        yield* refuses({ ...wrapped, version }, of, "KeyVersionMissing", version);
      }
    }).pipe(Effect.provide(having("1"))),
  ),
  check("neither an unwrapped key nor an error shows one", ({ having }) =>
    Effect.gen(function* () {
      const of = belonging();
      const wrapped = yield* wrap(of);
      const opened = yield* (yield* management).unwrap(wrapped, of);
      const errors = [
        yield* refuses(wrapped, belonging(), "KeyNotOpened", "another"),
        yield* refuses({ ...wrapped, version: "2" }, of, "KeyVersionMissing", "missing"),
      ];
      for (const shown of [opened, ...errors]) {
        for (const text of [String(shown), JSON.stringify(shown), inspect(shown, { depth: 9 })]) {
          assert.isFalse(shows(text, Redacted.value(key())));
          assert.notInclude(text, wrapped.wrapped);
        }
      }
    }).pipe(Effect.provide(having("1"))),
  ),
  check("many at once do not get into each other's way", ({ having }) =>
    Effect.forEach(
      Array.from({ length: 50 }, belonging),
      (of) => Effect.flatMap(wrap(of), (wrapped) => opens(wrapped, of)),
      { concurrency: "unbounded", discard: true },
    ).pipe(Effect.provide(having("1"))),
  ),
  check("where the keys cannot be reached, that is what it says", ({ having, unreachable }) =>
    unreachable === undefined
      ? Effect.void
      : Effect.gen(function* () {
          const of = belonging();
          const wrapped = yield* Effect.provide(wrap(of), having("1"));
          yield* Effect.gen(function* () {
            yield* refuses(wrapped, of, "KeyManagementUnavailable", "unreachable");
            assert.strictEqual((yield* Effect.flip(wrap(of)))._tag, "KeyManagementUnavailable");
          }).pipe(Effect.provide(unreachable));
        }),
  ),
];
