/**
 * Sends one request to an address that somebody else chose. The name is resolved here, every address that it leads to is
 * looked at, and the connection goes to those and to no other: a name that leads elsewhere a moment later changes nothing.
 * No redirection is followed, no proxy of the environment is used, and whatever the other side does, it has an end.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Webhook } from "@beep/iam-domain";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as address from "./address.ts";

/** For how long an answer is waited for: from the name's resolution to the last of its headers. */
export const Patience = Context.Reference<Duration.Duration>("@beep/iam-server/webhooks/send/Patience", {
  defaultValue: () => Duration.seconds(10),
});

/** And for how long the rest of it is read. */
const READING = Duration.seconds(1);

/** How much of the answer is read, in bytes, so that the other side can end it properly; and how long its headers may be. */
const READ = 16_384;

/** Nothing came of an attempt to deliver. */
export class DeliveryFailed extends Schema.TaggedError<DeliveryFailed>()("DeliveryFailed", {
  code: Webhook.Failure,
  /** The status of the answer, where there was one. */
  status: Schema.NullOr(Schema.Int),
}) {}

const failed = (code: Webhook.Failure, status: number | null = null) => new DeliveryFailed({ code, status });

/** What is sent. */
export interface Request {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer that was a success, and whether it was cut off. */
export interface Answer {
  readonly status: number;
  readonly isCutOff: boolean;
}

/** The addresses of a host, each of which may be connected to. */
const resolved = Effect.fnUntraced(function* (url: URL, allowed: address.Allowed) {
  const host = address.hostOf(url);
  const resolve = yield* address.Resolve;
  const family = isIP(host);
  const found = family === 0 ? yield* resolve(host) : [{ address: host, family }];
  if (found.length === 0) return yield* failed("HOST_UNKNOWN");
  if (!found.every((one) => address.isReachable(one.address, allowed))) return yield* failed("ADDRESS_REFUSED");
  return found;
});

/** Begins a request that is broken off when the scope closes. */
const begun = ({ body, headers, url }: Request, lookup: LookupFunction) =>
  Effect.acquireRelease(
    Effect.sync((): ClientRequest => {
      const request = url.protocol === "https:" ? httpsRequest : httpRequest;
      const sent = request(url, {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        // A connection of its own, which no setting of the process sends through a proxy.
        agent: false,
        lookup,
        maxHeaderSize: READ,
        rejectUnauthorized: true,
      });
      // Whatever breaks afterwards is nobody's to handle.
      sent.on("error", () => {});
      sent.end(body);
      return sent;
    }),
    (sent) => Effect.sync(() => sent.destroy()),
  );

const answerTo = (sent: ClientRequest) =>
  Effect.callback<IncomingMessage, DeliveryFailed>((resume) => {
    sent.once("response", (response) => resume(Effect.succeed(response)));
    sent.once("close", () => resume(Effect.fail(failed("HOST_UNREACHABLE"))));
  });

/** Reads what is left of an answer, and says whether that was all. */
const isRead = (response: IncomingMessage) =>
  Effect.callback<boolean>((resume) => {
    let length = 0;
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > READ) resume(Effect.succeed(false));
    });
    response.once("close", () => resume(Effect.succeed(response.complete)));
  }).pipe(Effect.timeoutOption(READING), Effect.map(Option.getOrElse(() => false)));

const isRedirection = (status: number): boolean => status >= 300 && status < 400;
const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/**
 * Posts a body, and gives the answer where it is a success (2xx), at the latest after eleven seconds.
 *
 * @param allowed what may be connected to beside the public's addresses
 */
export const post = (request: Request, allowed: address.Allowed): Effect.Effect<Answer, DeliveryFailed> =>
  Effect.gen(function* () {
    const answering = Effect.gen(function* () {
      const found = yield* resolved(request.url, allowed);
      const lookup: LookupFunction = (_host, { all }, callback) => {
        const [first] = found;
        if (all === true) callback(null, [...found]);
        else callback(null, first?.address ?? "", first?.family);
      };
      return yield* answerTo(yield* begun(request, lookup));
    });
    const response = yield* Effect.timeoutOrElse(answering, {
      duration: yield* Patience,
      orElse: () => Effect.fail(failed("TIMED_OUT")),
    });
    const status = response.statusCode ?? 0;
    if (isRedirection(status)) return yield* failed("REDIRECTED", status);
    if (!isSuccess(status)) return yield* failed("ANSWER_NO_SUCCESS", status);
    return { status, isCutOff: !(yield* isRead(response)) };
  }).pipe(Effect.scoped);
