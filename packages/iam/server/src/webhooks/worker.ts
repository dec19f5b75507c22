/** What makes and delivers webhooks: any process may run it, and any may die. */
import type { ConfigError } from "effect/Config";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Outbox from "../outbox/Outbox.ts";
import { working } from "../outbox/worker.ts";
import { Deliveries } from "./Deliveries.ts";

/** So many are under way at once: more than one organization can have hanging. */
const HANDS = 64;

/** Delivers until its scope closes; then what runs is waited for. */
const worker: Layer.Layer<never, never, Deliveries> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { awaken, deliver, make, take } = yield* Deliveries;
    yield* working({
      name: "What webhooks wait for",
      hands: HANDS,
      take: (count) => Effect.andThen(make, take(count)),
      deliver,
      awaken,
    });
  }),
);

/** The worker, unless Config says that others do the work. */
export const configured: Layer.Layer<never, ConfigError, Deliveries> = Layer.unwrap(
  Effect.map(
    Effect.suspend(() => Outbox.keys.outboxWorker),
    (isWanted) => (isWanted ? worker : Layer.empty),
  ),
);
