/** Sending text messages (SMS). */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientRequest from "effect/http/HttpClientRequest";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { uuidv7 } from "uuidv7";

/** A text message to one number. */
export interface TextMessage {
  /** The number, with its country's code (E.164). */
  readonly to: string;
  readonly text: string;
}

/** A text message could not be handed over. */
export class TextMessageError extends Schema.TaggedError<TextMessageError>()("TextMessageError", {
  code: Schema.tag("TEXT_MESSAGE_FAILED"),
  cause: Schema.optional(Schema.Unknown),
}) {
  override get message() {
    return "The text message could not be sent.";
  }
}

/** Sends text messages. An application may provide its own, which speaks to its provider. */
export class TextMessages extends Context.Service<
  TextMessages,
  { readonly send: (message: TextMessage) => Effect.Effect<void, TextMessageError> }
>()("@beep/iam-server/auth/TextMessages") {}

/**
 * For development: writes each message to a folder, as a text. The files' names are in the order of sending.
 *
 * @param options.folder made when it is missing
 */
export const layerFolder = (options: { readonly folder: string }): Layer.Layer<TextMessages> =>
  Layer.succeed(TextMessages, {
    send: Effect.fn("TextMessages.send")(function* ({ to, text }: TextMessage) {
      const now = DateTime.formatIso(yield* DateTime.now);
      const name = `${now.replaceAll(":", "-")}-${uuidv7()}`;
      yield* Effect.tryPromise({
        try: async () => {
          await mkdir(options.folder, { recursive: true });
          // Under its name a message is there as a whole, or not at all.
          const draft = join(options.folder, `.${name}.draft`);
          await writeFile(draft, `To: ${to}\nDate: ${now}\n\n${text}\n`);
          await rename(draft, join(options.folder, `${name}.txt`));
        },
        catch: (cause) => new TextMessageError({ cause }),
      });
    }),
  });

/**
 * Hands each message to a gateway over HTTP: `POST` with `{ "to": "+49…", "text": "…" }` as JSON, to be answered with a
 * 2xx within ten seconds.
 *
 * @param options.url the gateway; what stands in front of a provider's own API
 * @param options.token sent as `Authorization: Bearer …`
 */
export const layerHttp = (options: {
  readonly url: URL;
  readonly token: Option.Option<Redacted.Redacted>;
}): Layer.Layer<TextMessages> =>
  Layer.effect(
    TextMessages,
    Effect.gen(function* () {
      const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient);
      const request = Option.match(options.token, {
        onNone: () => HttpClientRequest.post(options.url),
        onSome: (token) => HttpClientRequest.bearerToken(HttpClientRequest.post(options.url), token),
      });
      return TextMessages.of({
        send: Effect.fn("TextMessages.send")(function* ({ to, text }: TextMessage) {
          yield* client.execute(HttpClientRequest.bodyJsonUnsafe(request, { to, text })).pipe(
            Effect.timeout(Duration.seconds(10)),
            Effect.mapError((cause) => new TextMessageError({ cause })),
          );
        }),
      });
    }),
  ).pipe(
    Layer.provide(FetchHttpClient.layer),
    // A redirection is followed without the message, and whatever is there would then count as its answer.
    Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })),
  );
