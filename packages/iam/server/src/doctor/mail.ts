/** Whether mail can leave. */
import type { Findings } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import { createTransport } from "nodemailer";
import addressparser from "nodemailer/lib/addressparser";
import * as places from "../config/places.ts";
import * as Progress from "../db/Progress.ts";
import { isWritable } from "./files.ts";
import { error, warning } from "./finding.ts";
import { isLoopback } from "./loopback.ts";

/** An SMTP server that takes longer is as good as away. */
const PATIENCE = 10_000;

/**
 * What is wrong with where mail goes.
 *
 * @param onServer whether the database is on a server, so that people other than the developer wait for mail
 */
export const examineMail = Effect.fnUntraced(function* (onServer: boolean) {
  yield* Progress.begin("Examining the mail");
  const smtpUrl = Option.getOrUndefined(yield* Effect.option(places.keys.smtpUrl));
  const from = yield* Effect.option(places.keys.mailFrom);
  const mailDir = Option.flatten(yield* Effect.option(places.keys.mailDir));
  const folder = yield* Effect.option(places.mailFolder);
  // What the configuration does not say as it should has been found.
  if (smtpUrl === undefined || Option.isNone(folder)) return [];
  const findings = Option.isSome(from) ? examineSender(from.value, Option.isSome(smtpUrl)) : [];
  if (Option.isSome(smtpUrl)) return [...findings, ...(yield* examineSmtp(smtpUrl.value))];
  // In the data directory the folder is as good as that one, which is examined itself.
  if (!onServer && Option.isNone(mailDir)) return findings;
  return [...findings, ...(yield* examineFolder(folder.value, onServer))];
});

/**
 * Mail that is written to a folder.
 *
 * @param serving whether the database is on a server, so that people other than the developer wait for mail
 */
const examineFolder = Effect.fnUntraced(function* (folder: string, serving: boolean) {
  const findings: Array<Findings.Finding> = [];
  if (serving) {
    findings.push(
      warning(
        "MAIL_TO_FOLDER",
        `Mail is written to ${folder}, and reaches nobody.`,
        "Set IAM_SMTP_URL to the SMTP server that takes the mail, or provide a Mailer of your own.",
      ),
    );
  }
  if (!(yield* isWritable(folder))) {
    findings.push(
      error(
        "MAIL_FOLDER_UNUSABLE",
        `Mail cannot be written to ${folder}.`,
        "Let this user write there, or name another folder by IAM_MAIL_DIR.",
      ),
    );
  }
  return findings;
});

/** Mail that an SMTP server takes. Nothing is sent. */
const examineSmtp = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const { host, hostname } = new URL(Redacted.value(url));
  const refusal = yield* Effect.flip(verify(url, {})).pipe(Effect.option);
  if (refusal._tag === "Some") {
    const { code, said } = refusal.value;
    if (code === "EAUTH") {
      return [
        error(
          "SMTP_REFUSED",
          `The SMTP server ${host} refuses the login: ${said}`,
          "Correct the user and the password in IAM_SMTP_URL; special characters in them are percent-encoded.",
        ),
      ];
    }
    return [
      code === "ETLS"
        ? error(
            "SMTP_WITHOUT_TLS",
            `The SMTP server ${host} offers no TLS, or none that can be trusted: ${said}`,
            "Let the server offer STARTTLS with a certificate that this machine trusts.",
          )
        : error(
            "SMTP_UNREACHABLE",
            `The SMTP server ${host} cannot be reached: ${said}`,
            "Correct host and port in IAM_SMTP_URL, or start the server.",
          ),
    ];
  }
  if (isLoopback(hostname)) return [];
  const withoutTls = yield* Effect.flip(verify(url, { requireTLS: true })).pipe(Effect.option);
  return withoutTls._tag === "None"
    ? []
    : [
        warning(
          "SMTP_WITHOUT_TLS",
          `The SMTP server ${host} offers no TLS: mail and its password travel where others can read them.`,
          "Use a server that offers TLS: smtps://, or smtp:// with ?requireTLS=true.",
        ),
      ];
});

const verify = (url: Redacted.Redacted, options: { readonly requireTLS?: true }) =>
  Effect.tryPromise({
    try: async () => {
      const transport = createTransport({
        url: Redacted.value(url),
        connectionTimeout: PATIENCE,
        greetingTimeout: PATIENCE,
        socketTimeout: PATIENCE,
        ...options,
      });
      try {
        await transport.verify();
      } finally {
        transport.close();
      }
    },
    catch: (cause) => ({
      code: Predicate.hasProperty(cause, "code") ? cause.code : undefined,
      said: cause instanceof Error ? cause.message : String(cause),
    }),
  });

/**
 * The sender of mail.
 *
 * @param leaving whether an SMTP server takes the mail
 */
const examineSender = (from: string, leaving: boolean): ReadonlyArray<Findings.Finding> => {
  const [sender, ...others] = addressparser(from, { flatten: true });
  const address = sender?.address ?? "";
  const remedy = "Set IAM_MAIL_FROM to an address of yours, like iam@example.com or Example <iam@example.com>.";
  if (others.length > 0 || !/^[^\s@]+@[^\s@]+$/.test(address)) {
    return [error("MAIL_SENDER_INVALID", `IAM_MAIL_FROM is no mail address: ${from}`, remedy)];
  }
  return leaving && /@localhost$/i.test(address)
    ? [error("MAIL_SENDER_INVALID", `Mail leaves with the sender ${address}, which servers refuse.`, remedy)]
    : [];
};
