/** Mail and text messages that speak of a change: they leave when it is committed, and behind the answer. */
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Awaited, Mailer, type Message } from "./Mailer.ts";
import * as MessageQueue from "./messageQueue.ts";
import { type TextMessage, TextMessages } from "./TextMessages.ts";

/** What leaves once the change that it speaks of is committed. */
export class Outgoing extends Context.Service<
  Outgoing,
  {
    readonly mail: (message: Message) => Effect.Effect<void>;
    readonly text: (message: TextMessage) => Effect.Effect<void>;
  }
>()("@beep/iam-server/auth/Outgoing") {}

const make = Effect.gen(function* () {
  const client = yield* PgClient;
  const mailer = yield* Mailer;
  const { send } = yield* TextMessages;
  const deliver = (yield* Awaited)
    ? (message: Message) =>
        Effect.catch(mailer.send(message), (error) => Effect.logError("A message was not sent.", error))
    : (yield* MessageQueue.make(mailer.send)).offer;
  const texts = yield* MessageQueue.make(send);
  return Outgoing.of({
    mail: (message) => client.afterCommit(deliver(message)),
    text: (message) => client.afterCommit(texts.offer(message)),
  });
});

/** By queues in this process, before what sends. */
export const layer: Layer.Layer<Outgoing, never, PgClient | Mailer | TextMessages> = Layer.effect(Outgoing, make);
