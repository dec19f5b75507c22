/** Everything composed, as Config says. Each part is a Layer of its own, for applications that compose differently. */

import { join, resolve } from "node:path";
import type { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Auth from "./auth/Auth.ts";
import * as FirstAdministrator from "./auth/FirstAdministrator.ts";
import * as Mailer from "./auth/Mailer.ts";
import { IamDb } from "./db/Db.ts";

/** What Config says of where things are. */
export const settings = Config.all({
  /** Where the embedded database and development mail are kept. */
  dataDir: Config.withDefault(Config.NonEmptyString("IAM_DATA_DIR"), ".iam"),
  /** The folder to which mail is written. */
  mailDir: Config.option(Config.NonEmptyString("IAM_MAIL_DIR")),
  /** The SMTP server to which mail is handed; without one it is written to the folder. */
  smtpUrl: Config.option(Config.schema(Mailer.SmtpUrl, "IAM_SMTP_URL")),
  /** The sender of mail. */
  mailFrom: Config.withDefault(Config.NonEmptyString("IAM_MAIL_FROM"), "iam@localhost"),
  /** With a server's address that server is used; without one the embedded database in the data directory. */
  databaseUrl: Config.option(Config.Redacted("DATABASE_URL")),
});

/** The folder to which mail is written. */
const mailFolder = Effect.map(settings, ({ dataDir, mailDir }) =>
  Option.getOrElse(mailDir, () => join(dataDir, "mail")),
);

/** Where mail goes, to be told to a person: without the server's password. */
export const mailDestination = Effect.gen(function* () {
  const { smtpUrl } = yield* settings;
  return Option.isSome(smtpUrl)
    ? `goes to the SMTP server ${new URL(Redacted.value(smtpUrl.value)).host}`
    : `lands in ${resolve(yield* mailFolder)}`;
});

/** The database that Config names. */
export const database: Layer.Layer<IamDb.Provided, Errors.StartupError | Config.ConfigError> = Layer.unwrap(
  Effect.map(settings, ({ databaseUrl, dataDir }): typeof IamDb.layer =>
    Option.isSome(databaseUrl) ? IamDb.layer : IamDb.layerEmbedded({ dataDir }),
  ),
);

/** The mailer that Config names: an SMTP server, or else the folder. */
export const mailer: Layer.Layer<Mailer.Mailer, Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* () {
    const { mailFrom, smtpUrl } = yield* settings;
    if (Option.isSome(smtpUrl)) return Mailer.layerSmtp({ url: smtpUrl.value, from: mailFrom });
    return Mailer.layerFolder({ folder: yield* mailFolder, from: mailFrom });
  }),
);

/** Migrates the database that Config names and leaves it. Gives the names of the migrations that it lacked. */
export const migrate: Effect.Effect<ReadonlyArray<string>, Errors.StartupError | Config.ConfigError> = Effect.flatMap(
  settings,
  ({ databaseUrl, dataDir }) => (Option.isSome(databaseUrl) ? IamDb.migrate : IamDb.migrateEmbedded({ dataDir })),
);

/** The services. */
export type Services = Auth.Auth | FirstAdministrator.FirstAdministrator;

/** The identity services, on a database and a mailer. */
export const services: Layer.Layer<Services, Config.ConfigError, IamDb.Provided | Mailer.Mailer> =
  FirstAdministrator.layer.pipe(Layer.provideMerge(Auth.layer));

/** All that `layer` provides. */
export type Provided = Services | Mailer.Mailer | IamDb.Provided;

/** The identity services, with the database and the mailer that Config names. */
export const layer: Layer.Layer<Provided, Errors.StartupError | Config.ConfigError> = services.pipe(
  Layer.provideMerge(Layer.merge(database, mailer)),
);
