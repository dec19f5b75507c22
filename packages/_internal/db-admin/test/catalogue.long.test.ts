/** Whether it would be noticed if the database were not what the tables say. */
import { TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Admin, differences, Expected } from "./catalogue/differences.ts";
import { mutations } from "./catalogue/mutations.ts";

/** What is different while a change is there; it is undone afterwards. */
const differencesAfter = Effect.fnUntraced(function* (change: string) {
  const client = yield* PgClient;
  let seen: ReadonlyArray<string> = [];
  yield* Effect.gen(function* () {
    for (const statement of change.split(";\n")) yield* client.unsafe(statement);
    seen = yield* differences;
    return yield* Effect.fail("undo" as const);
  }).pipe(
    client.withTransaction,
    Effect.catchIf(
      (error) => error === "undo",
      () => Effect.void,
    ),
  );
  return seen;
});

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  layer(Layer.merge(Expected.on(major), Layer.provide(Admin, TestDatabase.layer({ major }))))((it) => {
    it.effect.each(mutations)("ALN-2: the comparison sees $title", ({ seen, sql }) =>
      Effect.gen(function* () {
        const objects = (yield* differencesAfter(sql)).map((difference) => difference.split(" is\n", 1)[0]);
        assert.deepStrictEqual(objects, [...seen]);
        assert.deepStrictEqual(yield* differences, [], "the change was undone");
      }),
    );
  });
});
