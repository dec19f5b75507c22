/** Named points at which one side of a race stops until the other side has done something. */
import * as Effect from "effect/Effect";
import * as Latch from "effect/Latch";

/** The points of a race. Each serves once: after its release whoever comes by passes. */
export interface Checkpoint<Name extends string> {
  /** Called by a side: says that it has come here, and suspends it until it is released. */
  readonly reach: (name: Name) => Effect.Effect<void>;
  /** Called by the script: waits until a side has come here. */
  readonly reached: (name: Name) => Effect.Effect<void>;
  /** Called by the script: lets the side go on; also before it has come here. */
  readonly release: (name: Name) => Effect.Effect<void>;
}

interface Point {
  readonly reached: Latch.Latch;
  readonly released: Latch.Latch;
}

/** Points for one run of a race: `Race.points<"read" | "written">()`. */
export const points = <Name extends string>(): Effect.Effect<Checkpoint<Name>> =>
  Effect.sync(() => {
    const known = new Map<Name, Point>();
    const at = (name: Name): Point => {
      const point = known.get(name) ?? { reached: Latch.makeUnsafe(), released: Latch.makeUnsafe() };
      known.set(name, point);
      return point;
    };
    return {
      reach: (name) => Effect.suspend(() => Effect.andThen(at(name).reached.open, at(name).released.await)),
      reached: (name) => Effect.suspend(() => at(name).reached.await),
      release: (name) => Effect.suspend(() => Effect.asVoid(at(name).released.open)),
    };
  });
