/** Everything composed, as Config says. Each part is a Layer of its own, for applications that compose differently. */
import type { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { join } from "node:path";
import * as Auth from "./auth/Auth.ts";
import * as Mailer from "./auth/Mailer.ts";
import { IamDb } from "./db/Db.ts";

export const settings = Config.all({
  /** Where the embedded database and development mail are kept. */
  dataDir: Config.withDefault(Config.NonEmptyString("IAM_DATA_DIR"), ".iam"),
  /** The folder to which mail is written. */
  mailDir: Config.option(Config.NonEmptyString("IAM_MAIL_DIR")),
  /** The sender of mail. */
  mailFrom: Config.withDefault(Config.NonEmptyString("IAM_MAIL_FROM"), "iam@localhost"),
  /** With a server's address that server is used; without one the embedded database in the data directory. */
  databaseUrl: Config.option(Config.Redacted("DATABASE_URL")),
});

/** The folder to which mail is written. */
export const mailFolder = Effect.map(settings, ({ dataDir, mailDir }) =>
  Option.getOrElse(mailDir, () => join(dataDir, "mail")),
);

/** The database that Config names. */
export const database: Layer.Layer<IamDb.Provided, Errors.StartupError | Config.ConfigError> = Layer.unwrap(
  Effect.map(
    settings,
    ({ databaseUrl, dataDir }): typeof IamDb.layer =>
      Option.isSome(databaseUrl) ? IamDb.layer : IamDb.layerEmbedded({ dataDir }),
  ),
);

/** The mailer that Config names. */
export const mailer: Layer.Layer<Mailer.Mailer, Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* () {
    const { mailFrom } = yield* settings;
    return Mailer.layerFolder({ folder: yield* mailFolder, from: mailFrom });
  }),
);

export type Provided = Auth.Auth | Mailer.Mailer | IamDb.Provided;

/** The identity services. */
export const layer: Layer.Layer<Provided, Errors.StartupError | Config.ConfigError> = Auth.layer.pipe(
  Layer.provideMerge(Layer.merge(database, mailer)),
);
