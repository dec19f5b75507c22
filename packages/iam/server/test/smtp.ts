/** An SMTP server on this machine, which keeps what it is given. */
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A message as it arrived. */
export interface Arrived {
  readonly session: string;
  readonly user: string | undefined;
  readonly tls: boolean;
  readonly from: string;
  readonly to: ReadonlyArray<string>;
  readonly head: string;
  /** As it was composed: with its transfer encoding undone. */
  readonly body: string;
}

const decoded = (head: string, body: string): string => {
  const encoding = /^Content-Transfer-Encoding: (.*)$/im.exec(head)?.[1];
  if (encoding === "base64") return Buffer.from(body, "base64").toString();
  if (encoding !== "quoted-printable") return body;
  const bytes = body
    .replaceAll("=\n", "")
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, "latin1").toString();
};

/**
 * Starts a server, which the scope stops.
 *
 * @param options as `smtp-server` has them; without TLS unless they say so: nobody signed its certificate
 * @param port the port to listen on; any, unless it is stated
 */
export const smtpServer = Effect.fn("smtpServer")(function* (options: SMTPServerOptions = {}, port = 0) {
  const arrived: Array<Arrived> = [];
  const closed = yield* Deferred.make<void>();
  const messages = yield* Queue.unbounded<Arrived>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    closeTimeout: 100,
    onData: (stream, session, done) => {
      text(stream).then((raw) => {
        const [head = "", ...rest] = raw.replaceAll("\r\n", "\n").split("\n\n");
        const message: Arrived = {
          session: session.id,
          user: session.user === undefined ? undefined : String(session.user),
          tls: session.secure,
          from: session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          head,
          body: decoded(head, rest.join("\n\n")),
        };
        arrived.push(message);
        Queue.offerUnsafe(messages, message);
        done();
      }, done);
    },
    onClose: (_, done) => {
      Deferred.doneUnsafe(closed, Effect.void);
      done();
    },
    ...options,
  });
  // A client that does not trust the certificate leaves in the middle of the handshake, which is an error here.
  server.on("error", () => {});
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(port, "127.0.0.1", () => resume(Effect.void));
    }),
    () => Effect.callback<void>((resume) => server.close(() => resume(Effect.void))),
  );
  // The address of a socket that listens on a port is no string.
  const address = server.server.address() as AddressInfo;
  return { port: address.port, arrived, next: Queue.take(messages), closed: Deferred.await(closed) };
});
