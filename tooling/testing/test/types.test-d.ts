import { Race, TestDatabase } from "@beep/testing";
import * as Effect from "effect/Effect";
import { describe, expectTypeOf, it } from "vitest";

describe("a race", () => {
  it("knows its points by name", () => {
    const race = Race.points<"read" | "written">();
    expectTypeOf<Effect.Success<typeof race>>().toEqualTypeOf<Race.Checkpoint<"read" | "written">>();
  });

  it("gives how each side ended", () => {
    const ends = Race.bothOrders(
      () => Effect.succeed(1),
      (pause) => Effect.as(pause, "one"),
    );
    expectTypeOf<Effect.Success<typeof ends>>().toEqualTypeOf<Race.BothOrders<number, never, string, never>>();
  });
});

describe("a database", () => {
  it("is of a major version that is tested", () => {
    // @ts-expect-error 14 is older than what is supported
    expectTypeOf(TestDatabase.make({ major: 14 })).not.toBeAny();
  });
});
