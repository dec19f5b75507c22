/** Sending mail. */

import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { createTransport } from "nodemailer";
import { uuidv7 } from "uuidv7";
import type { Content } from "./mails.ts";

/** A mail to one address. */
export interface Message extends Content {
  readonly to: string;
}

/** A message could not be handed over. */
export class MailError extends Schema.TaggedError<MailError>()("MailError", {
  code: Schema.tag("MAIL_FAILED"),
  cause: Schema.optional(Schema.Unknown),
}) {
  override get message() {
    return "The message could not be sent.";
  }
}

/** Sends mail. An application may provide a mailer of its own. */
export class Mailer extends Context.Service<
  Mailer,
  { readonly send: (message: Message) => Effect.Effect<void, MailError> }
>()("@beep/iam-server/auth/Mailer") {}

/**
 * Whether an operation waits until its mail is sent, or could not be: for programs that end with the operation, and say
 * what became of it. A server does not wait: its mail leaves behind its answers, so that nobody measures whether there is
 * one, and is tried again for some minutes where a mail server does not take it.
 */
export const Awaited = Context.Reference<boolean>("@beep/iam-server/auth/Mailer/Awaited", {
  defaultValue: () => false,
});

/**
 * For development: writes each message to a folder, as a file that a mail program opens (RFC 5322, `.eml`). The files'
 * names are in the order of sending.
 *
 * @param options.folder made when it is missing
 * @param options.from the sender's address
 */
export const layerFolder = (options: { readonly folder: string; readonly from: string }) =>
  Layer.succeed(Mailer, {
    send: Effect.fn("Mailer.send")(function* (message: Message) {
      const now = yield* DateTime.now;
      yield* Effect.tryPromise({
        try: async () => {
          const composer = createTransport({ streamTransport: true, buffer: true, newline: "unix" });
          const { message: composed } = await composer.sendMail({
            ...message,
            from: options.from,
            date: DateTime.toDateUtc(now),
          });
          const name = `${DateTime.formatIso(now).replaceAll(":", "-")}-${uuidv7()}`;
          await mkdir(options.folder, { recursive: true });
          // Under its name a message is there as a whole, or not at all.
          const draft = join(options.folder, `.${name}.draft`);
          const whole = composed.toString();
          await writeFile(draft, message.html === undefined ? readable(whole, message.text) : whole);
          await rename(draft, join(options.folder, `${name}.eml`));
        },
        catch: (cause) => new MailError({ cause }),
      });
    }),
  });

/** The text as it is, where the composer would break its links over several lines: it is read in an editor, too. */
const readable = (composed: string, text: string): string => {
  const [head = ""] = composed.split("\n\n", 1);
  return `${head.replace(/^Content-Transfer-Encoding: .*$/m, "Content-Transfer-Encoding: 8bit")}\n\n${text}`;
};

/**
 * Hands each message to an SMTP server, over a few connections that are kept open until the layer's scope closes.
 * `smtps:` is TLS from the first byte; `smtp:` becomes TLS (STARTTLS) where the server offers it, and with
 * `?requireTLS=true` nothing is sent where it does not.
 *
 * @param options.url the server, with the user and password where it asks for them
 * @param options.from the sender's address
 */
export const layerSmtp = (options: { readonly url: Redacted.Redacted; readonly from: string }) =>
  Layer.effect(
    Mailer,
    Effect.gen(function* () {
      const transport = yield* Effect.acquireRelease(
        Effect.sync(() =>
          createTransport({
            url: Redacted.value(options.url),
            pool: true,
            connectionTimeout: 10_000,
            greetingTimeout: 10_000,
            socketTimeout: 30_000,
          }),
        ),
        (opened) => Effect.sync(() => opened.close()),
      );
      return Mailer.of({
        send: Effect.fn("Mailer.send")(function* ({ to, ...content }: Message) {
          const now = yield* DateTime.now;
          yield* Effect.tryPromise({
            try: (signal) =>
              transport.sendMail({
                ...content,
                // As an object it is one address, whatever characters it has.
                to: { name: "", address: to },
                from: options.from,
                date: DateTime.toDateUtc(now),
                signal,
              }),
            catch: (cause) => new MailError({ cause }),
          });
        }),
      });
    }),
  );

export { type Content, type InvitationData, Mails, type MailTexts, type UserData } from "./mails.ts";
