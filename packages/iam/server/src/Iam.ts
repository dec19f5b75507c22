/** Everything composed, as Config says. Each part is a Layer of its own, for applications that compose differently. */

import { join, resolve } from "node:path";
import type { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Struct from "effect/Struct";
import * as Auth from "./auth/Auth.ts";
import * as FirstAdministrator from "./auth/FirstAdministrator.ts";
import * as Mailer from "./auth/Mailer.ts";
import * as Operator from "./auth/Operator.ts";
import * as Misspelt from "./config/Misspelt.ts";
import * as Setting from "./config/Setting.ts";
import { IamDb } from "./db/Db.ts";
import * as server from "./db/server.ts";
import * as Telemetry from "./telemetry/Telemetry.ts";

/** Where things are. */
export const places = {
  dataDir: Setting.withDefault("IAM_DATA_DIR", Config.NonEmptyString, {
    type: "folder",
    value: ".iam",
    says: "Where the embedded database and development mail are kept.",
  }),
  databaseUrl: Setting.optional("DATABASE_URL", Config.Redacted, {
    type: server.keys.url.entry.type,
    fallback: "the embedded database",
    says: server.keys.url.entry.says,
  }),
  smtpUrl: Setting.optional("IAM_SMTP_URL", (key) => Config.schema(Mailer.SmtpUrl, key), {
    type: "`smtp://` or `smtps://` address",
    fallback: "mail is written to a folder",
    says: "The SMTP server that takes the mail: `smtps://user:password@mail.example.com`. With `smtp:`, `?requireTLS=true` refuses a server without STARTTLS.",
  }),
  mailDir: Setting.optional("IAM_MAIL_DIR", Config.NonEmptyString, {
    type: "folder",
    fallback: "`mail` in the data directory",
    says: "The folder to which mail is written, where there is no `IAM_SMTP_URL`.",
  }),
  mailFrom: Setting.withDefault("IAM_MAIL_FROM", Config.NonEmptyString, {
    type: "mail address",
    value: "iam@localhost",
    says: "The sender of mail.",
  }),
};

/** What Config says of where things are. */
export const settings = Config.all(places);

/** Every key that the services read. */
export const keys: Readonly<Record<string, Setting.Setting<unknown>>> = {
  ...places,
  // Of the two that read `DATABASE_URL` the one that need not be set.
  ...Struct.omit(server.keys, ["url"]),
  ...Auth.keys,
  ...Telemetry.keys,
};

/** The folder to which mail is written. */
export const mailFolder = Effect.map(settings, ({ dataDir, mailDir }) =>
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
  Effect.gen(function* (): Effect.fn.Return<typeof IamDb.layer, Config.ConfigError> {
    const { databaseUrl, dataDir } = yield* settings;
    if (Option.isSome(databaseUrl)) return IamDb.layer;
    return IamDb.layerEmbedded({ dataDir, migrate: yield* server.keys.runMigrations });
  }),
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
export type Services = Auth.Auth | FirstAdministrator.FirstAdministrator | Operator.Operator;

/** The identity services, on a database and a mailer. */
export const services: Layer.Layer<Services, Config.ConfigError, IamDb.Provided | Mailer.Mailer> = Layer.merge(
  FirstAdministrator.layer,
  Operator.layer,
).pipe(Layer.provideMerge(Auth.layer));

/** All that `layer` provides. */
export type Provided = Services | Mailer.Mailer | IamDb.Provided;

/** The identity services, with the database and the mailer that Config names. A misspelt key is refused first. */
export const layer: Layer.Layer<Provided, Errors.StartupError | Config.ConfigError> = Layer.unwrap(
  Effect.as(
    Misspelt.demandNoSlip(Object.values(keys).map(({ entry }) => entry.key)),
    services.pipe(Layer.provideMerge(Layer.merge(database, mailer))),
  ),
);
