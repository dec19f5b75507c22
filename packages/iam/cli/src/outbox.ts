/** The mails of a command: they are sent after the commit, when nothing that the services do can fail by them any more. */
import { Iam, Mailer } from "@beep/iam-server";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Ref from "effect/Ref";
import * as Output from "./output.ts";
import { Unsent } from "./Refused.ts";

/** Whether a mail of this command was not sent. */
export class Outbox extends Context.Service<Outbox, { readonly failed: Ref.Ref<boolean> }>()("@beep/iam-cli/Outbox") {}

/** The mailer as it is, and what became of its mails. */
export const layer: Layer.Layer<Mailer.Mailer | Outbox, never, Mailer.Mailer> = Layer.effectContext(
  Effect.gen(function* () {
    const { send } = yield* Mailer.Mailer;
    const failed = yield* Ref.make(false);
    return Context.make(Outbox, { failed }).pipe(
      Context.add(Mailer.Mailer, { send: (message) => Effect.tapError(send(message), () => Ref.set(failed, true)) }),
      Context.add(Mailer.Awaited, true),
    );
  }),
);

/** Says where the mail has gone, or fails, where what was done is done and its mail was not sent. */
export const told = Effect.fnUntraced(function* (mail: {
  /** What was done. */
  readonly done: string;
  readonly sent: (where: string) => string;
  /** What sends it again. */
  readonly again: string;
}) {
  if (yield* Effect.flatMap(Outbox, ({ failed }) => Ref.get(failed))) {
    return yield* new Unsent({
      message: `${mail.done}, but the mail was not sent.`,
      remedy: `Correct IAM_SMTP_URL, IAM_MAIL_FROM or IAM_MAIL_DIR, then ${mail.again}.`,
    });
  }
  yield* Output.say(mail.sent(yield* Iam.mailDestination));
});
