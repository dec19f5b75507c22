/** Where an installation keeps its data, and where its mail goes. */
import { join } from "node:path";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as Setting from "./Setting.ts";

/** The address of an SMTP server: `smtp:` or `smtps:`. */
const SmtpUrl = Schema.RedactedFromValue(
  Schema.String.check(
    Schema.makeFilter(
      (text) => /^smtps?:\/\/[^/?#]/.test(text) && URL.canParse(text) && new URL(text).hostname !== "",
      {
        expected: "smtp:// or smtps:// with a host",
      },
    ),
  ),
);

const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter(({ protocol }) => /^https?:$/.test(protocol), { expected: "http:// or https:// with a host" }),
);

/** Where things are. */
export const keys = {
  dataDir: Setting.withDefault("IAM_DATA_DIR", Config.NonEmptyString, {
    type: "folder",
    value: ".iam",
    says: "Where the embedded database and development mail are kept.",
  }),
  databaseUrl: Setting.optional("DATABASE_URL", Config.Redacted, {
    type: "`postgres://` address",
    fallback: "the embedded database",
    says: "The PostgreSQL server (15 or later) and the application's login.",
  }),
  smtpUrl: Setting.optional("IAM_SMTP_URL", (key) => Config.schema(SmtpUrl, key), {
    type: "`smtp://` or `smtps://` address",
    fallback: "mail is written to a folder",
    says: "The SMTP server that takes the mail: `smtps://user:password@mail.example.com`. With `smtp:`, `?requireTLS=true` refuses a server without STARTTLS.",
  }),
  mailDir: Setting.optional("IAM_MAIL_DIR", Config.NonEmptyString, {
    type: "folder",
    fallback: "`mail` in the data directory",
    says: "The folder to which mail is written, where there is no `IAM_SMTP_URL`.",
  }),
  textMessagesUrl: Setting.optional("IAM_TEXT_MESSAGES_URL", (key) => Config.schema(HttpUrl, key), {
    type: "`http` or `https` address",
    fallback: "text messages are written to the folder of the mail",
    says: 'The gateway that takes text messages: each is posted as `{ "to": "+49…", "text": "…" }`.',
  }),
  textMessagesToken: Setting.optional("IAM_TEXT_MESSAGES_TOKEN", Config.Redacted, {
    type: "text",
    fallback: "no token is sent",
    says: "The bearer token for the gateway.",
  }),
  mailFrom: Setting.withDefault("IAM_MAIL_FROM", Config.NonEmptyString, {
    type: "mail address",
    value: "iam@localhost",
    says: "The sender of mail.",
  }),
};

/** What Config says of where things are. */
export const settings = Config.all(keys);

/** The folder to which mail is written. */
export const mailFolder = Effect.map(settings, ({ dataDir, mailDir }) =>
  Option.getOrElse(mailDir, () => join(dataDir, "mail")),
);
