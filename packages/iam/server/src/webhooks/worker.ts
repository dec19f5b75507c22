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
    const making = Effect.catchCause(make, (cause) => Effect.logError("Webhooks could not be made.", cause));
    // What is sealed already has its deliveries before the start is over.
    yield* making;
    yield* working({ name: "What webhooks wait for", hands: HANDS, take, deliver, awaken });
    // Apart from the taking, which every delivery that ends gives cause for.
    const every = yield* Outbox.PollEvery;
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(every), making)));
  }),
);

/** The worker, unless Config says that others do the work. */
export const configured: Layer.Layer<never, ConfigError, Deliveries> = Layer.unwrap(
  Effect.map(
    Effect.suspend(() => Outbox.keys.outboxWorker),
    (isWanted) => (isWanted ? worker : Layer.empty),
  ),
);
