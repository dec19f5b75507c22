/**
 * Mail and text messages that speak of a change: they are put in the outbox in the transaction of the change, so that they
 * are there if it is. They leave behind the answer, so that nobody measures whether there is one or how long a server takes,
 * and a server that is down delays the message and nothing else.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as Outbox from "../outbox/Outbox.ts";
import { Awaited, Mailer, type Message } from "./Mailer.ts";
import { type TextMessage, TextMessages } from "./TextMessages.ts";

/** What leaves once the change that it speaks of is committed. A message that cannot be put is a defect, and undoes the change. */
export class Outgoing extends Context.Service<
  Outgoing,
  {
    readonly mail: (message: Message) => Effect.Effect<void>;
    readonly text: (message: TextMessage) => Effect.Effect<void>;
    /** Puts a message for nobody, where somebody else would have got one, and it is not to be told who. */
    readonly nothing: Effect.Effect<void>;
  }
>()("@beep/iam-server/auth/Outgoing") {}

const Mail = Schema.fromJsonString(
  Schema.Struct({
    to: Schema.String,
    subject: Schema.String,
    text: Schema.String,
    html: Schema.optionalKey(Schema.String),
  }),
);

const Text = Schema.fromJsonString(Schema.Struct({ to: Schema.String, text: Schema.String }));

const kinds = { mail: "mail", text: "text message", nothing: "nothing" };

/** About as long as a mail is that would have gone to somebody. */
const nothing = "-".repeat(512);

const make = Effect.gen(function* () {
  const { put, putAwaited } = yield* Outbox.Outbox;
  const putting = (yield* Awaited) ? putAwaited : put;
  const leaving =
    <A>(kind: string, schema: Schema.Codec<A, string>) =>
    (message: A) =>
      Effect.orDie(
        Effect.flatMap(Schema.encodeEffect(schema)(message), (text) =>
          putting({ kind, payload: Redacted.make(text, { label: kind }) }),
        ),
      );
  return Outgoing.of({
    mail: leaving(kinds.mail, Mail),
    text: leaving(kinds.text, Text),
    nothing: Effect.orDie(putting({ kind: kinds.nothing, payload: Redacted.make(nothing) })),
  });
});

/** By the outbox. */
export const layer: Layer.Layer<Outgoing, never, Outbox.Outbox> = Layer.effect(Outgoing, make);

/** Sends what was put. */
export const handlers: Layer.Layer<never, never, Outbox.Outbox | Mailer | TextMessages> = Layer.mergeAll(
  Outbox.handling(kinds.mail, (payload) =>
    Effect.gen(function* () {
      const { send } = yield* Mailer;
      yield* send(yield* Effect.orDie(Schema.decodeEffect(Mail)(Redacted.value(payload))));
    }),
  ),
  Outbox.handling(kinds.text, (payload) =>
    Effect.gen(function* () {
      const { send } = yield* TextMessages;
      yield* send(yield* Effect.orDie(Schema.decodeEffect(Text)(Redacted.value(payload))));
    }),
  ),
  Outbox.handling(kinds.nothing, () => Effect.void),
);
