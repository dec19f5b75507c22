/**
 * What events say of where a request came from: digests of the address and of the agent, by which two can be told to be the
 * same, and neither can be read. Their key is the acting user's, so that erasing the user makes them nobody's. Of who is not
 * known, the key is that of the day, which is destroyed in time.
 */
import type { KeyOwner } from "@beep/iam-domain";
import type { Actor } from "@beep/shared-domain";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { Secrets } from "../crypto/Secrets.ts";
import { DescribeOrigin } from "../db/Change.ts";

/** Of who is not known, on a day. */
export const visitorsOf = (day: DateTime.Utc): KeyOwner.KeyOwner => ({
  type: "visitors",
  id: DateTime.formatIsoDateUtc(day),
});

/** Whose key digests the origin of an actor's requests. */
const ownerOf = (actor: Actor, day: DateTime.Utc): KeyOwner.KeyOwner =>
  actor._tag === "User" ? { type: "user", id: actor.userId } : visitorsOf(day);

const make = Effect.gen(function* () {
  const { mac } = yield* Secrets;
  const digest = (owner: KeyOwner.KeyOwner, purpose: string, value: string | undefined) =>
    value === undefined
      ? Effect.succeed({})
      : Effect.map(mac(owner, purpose, Redacted.make(value)), (digested) => ({ [purpose]: digested }));
  return DescribeOrigin.of((origin, actor) =>
    Effect.gen(function* () {
      if (origin.address === undefined && origin.agent === undefined) return {};
      const owner = ownerOf(actor, yield* DateTime.now);
      return {
        ...(yield* digest(owner, "address", origin.address)),
        ...(yield* digest(owner, "agent", origin.agent)),
      };
    }).pipe(
      // The change is not refused for it: that it was made, and by whom, is known without.
      Effect.catch((error) => Effect.as(Effect.logWarning("Events do not say where a request came from.", error), {})),
    ),
  );
});

/** Digests by the keys of the installation. */
export const layer: Layer.Layer<never, never, Secrets> = Layer.effect(DescribeOrigin, make);
