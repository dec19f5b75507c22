/** Everything composed, as Config says. Each part is a Layer of its own, for applications that compose differently. */

import { resolve } from "node:path";
import type { Errors } from "@beep/iam-domain";
import type * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Struct from "effect/Struct";
import * as Envelopes from "./audit/Envelopes.ts";
import * as Erasure from "./audit/Erasure.ts";
import * as AuditLog from "./audit/Log.ts";
import * as originDigests from "./audit/originDigests.ts";
import * as retention from "./audit/retention.ts";
import * as signer from "./audit/signer.ts";
import * as AuditWorker from "./audit/Worker.ts";
import * as Auth from "./auth/Auth.ts";
import * as FirstAdministrator from "./auth/FirstAdministrator.ts";
import * as Mailer from "./auth/Mailer.ts";
import * as Operator from "./auth/Operator.ts";
import * as Outgoing from "./auth/Outgoing.ts";
import * as Pages from "./auth/pages.ts";
import * as TextMessages from "./auth/TextMessages.ts";
import * as Authorization from "./authorization/Authorization.ts";
import * as Models from "./authorization/Models.ts";
import * as Misspelt from "./config/Misspelt.ts";
import * as places from "./config/places.ts";
import type * as Setting from "./config/Setting.ts";
import * as KeyManagement from "./crypto/KeyManagement.ts";
import * as Keys from "./crypto/Keys.ts";
import * as Secrets from "./crypto/Secrets.ts";
import * as SigningKeys from "./crypto/SigningKeys.ts";
import { IamDb } from "./db/Db.ts";
import * as server from "./db/server.ts";
import * as Idempotency from "./idempotency/Idempotency.ts";
import * as Invitations from "./organizations/Invitations.ts";
import * as Members from "./organizations/Members.ts";
import * as Organizations from "./organizations/Organizations.ts";
import * as Roles from "./organizations/Roles.ts";
import * as Teams from "./organizations/Teams.ts";
import * as Outbox from "./outbox/Outbox.ts";
import * as Telemetry from "./telemetry/Telemetry.ts";
import * as address from "./webhooks/address.ts";
import * as Deliveries from "./webhooks/Deliveries.ts";
import * as Webhooks from "./webhooks/Webhooks.ts";
import * as WebhookWorker from "./webhooks/worker.ts";

/** Every key that the services read. */
export const keys: Readonly<Record<string, Setting.Setting<unknown>>> = {
  ...Auth.keys,
  ...KeyManagement.keys,
  ...SigningKeys.keys,
  ...signer.keys,
  ...retention.keys,
  ...Pages.keys,
  ...places.keys,
  ...Outbox.keys,
  ...Idempotency.keys,
  ...address.keys,
  // Of the two that read `DATABASE_URL` the one that need not be set.
  ...Struct.omit(server.keys, ["url"]),
  ...Telemetry.keys,
};

/** Where mail goes, to be told to a person: without the server's password. */
export const mailDestination = Effect.gen(function* () {
  const { smtpUrl } = yield* places.settings;
  return Option.isSome(smtpUrl)
    ? `goes to the SMTP server ${new URL(Redacted.value(smtpUrl.value)).host}`
    : `lands in ${resolve(yield* places.mailFolder)}`;
});

/** Where text messages go, likewise: without the gateway's path, which may hold a key. */
export const textMessagesDestination = Effect.gen(function* () {
  const { textMessagesUrl } = yield* places.settings;
  return Option.isSome(textMessagesUrl)
    ? `go to the gateway ${textMessagesUrl.value.host}`
    : `land in ${resolve(yield* places.mailFolder)}`;
});

/** The database that Config names. */
export const database: Layer.Layer<IamDb.Provided, Errors.StartupError | Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* (): Effect.fn.Return<typeof IamDb.layer, Config.ConfigError> {
    const { databaseUrl, dataDir } = yield* places.settings;
    if (Option.isSome(databaseUrl)) return IamDb.layer;
    return IamDb.layerEmbedded({ dataDir, migrate: yield* server.keys.runMigrations });
  }),
);

/** The mailer that Config names: an SMTP server, or else the folder. */
export const mailer: Layer.Layer<Mailer.Mailer, Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* () {
    const { mailFrom, smtpUrl } = yield* places.settings;
    if (Option.isSome(smtpUrl)) return Mailer.layerSmtp({ url: smtpUrl.value, from: mailFrom });
    return Mailer.layerFolder({ folder: yield* places.mailFolder, from: mailFrom });
  }),
);

/** What sends the text messages that Config names: a gateway, or else the folder of the mail. */
export const textMessages: Layer.Layer<TextMessages.TextMessages, Config.ConfigError> = Layer.unwrap(
  Effect.gen(function* () {
    const { textMessagesToken, textMessagesUrl } = yield* places.settings;
    if (Option.isSome(textMessagesUrl)) {
      return TextMessages.layerHttp({ url: textMessagesUrl.value, token: textMessagesToken });
    }
    return TextMessages.layerFolder({ folder: yield* places.mailFolder });
  }),
);

/** Migrates the database that Config names and leaves it. Gives the names of the migrations that it lacked. */
export const migrate: Effect.Effect<ReadonlyArray<string>, Errors.StartupError | Config.ConfigError> = Effect.flatMap(
  places.settings,
  ({ databaseUrl, dataDir }) => (Option.isSome(databaseUrl) ? IamDb.migrate : IamDb.migrateEmbedded({ dataDir })),
);

/** The services. */
export type Services =
  | Auth.Auth
  | Authorization.Authorization
  | Models.Models
  | AuditLog.Log
  | Envelopes.Envelopes
  | Erasure.Erasure
  | Secrets.Secrets
  | Outbox.Outbox
  | Idempotency.Idempotency
  | Keys.Keys
  | SigningKeys.SigningKeys
  | FirstAdministrator.FirstAdministrator
  | Operator.Operator
  | Organizations.Organizations
  | Members.Members
  | Invitations.Invitations
  | Teams.Teams
  | Roles.Roles
  | Webhooks.Webhooks;

/** What the services stand on. */
export type Needed = IamDb.Provided | KeyManagement.KeyManagement | Mailer.Mailer | TextMessages.TextMessages;

/**
 * What lets messages leave, where Config says that this process is to, and it does not end with its one operation: such a
 * program sends itself what it put, and nothing else.
 */
const working = Layer.unwrap(Effect.map(Mailer.Awaited, (isAwaited) => (isAwaited ? Layer.empty : Outbox.configured)));

/** What mail and text messages wait in, and what sends them; with the secrets, because they are sealed until then. */
export const sending: Layer.Layer<Outbox.Outbox | Secrets.Secrets, Errors.StartupError | Config.ConfigError, Needed> =
  Layer.provideMerge(working, Outgoing.handlers).pipe(
    Layer.provideMerge(Outbox.layer),
    Layer.provideMerge(Secrets.layer),
  );

/** The identity services, on a database, on what wraps data keys, and on what sends mail and text messages. */
export const services: Layer.Layer<Services, Errors.StartupError | Config.ConfigError, Needed> = Layer.mergeAll(
  FirstAdministrator.layer,
  Operator.layer,
  Organizations.layer,
  Members.layer,
  Invitations.layer,
  Teams.layer,
  Roles.layer,
  Webhooks.layer,
).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      Auth.layer,
      Layer.provideMerge(Authorization.layer, Models.layer),
      AuditLog.layer,
      Erasure.layer,
      originDigests.layer,
      Idempotency.layer,
    ),
  ),
  Layer.provideMerge(Envelopes.layer),
  Layer.provideMerge(Keys.layer),
  Layer.provideMerge(SigningKeys.layer),
  Layer.provideMerge(sending),
);

/**
 * What goes on behind the services, for as long as its scope is open: keeping the audit log, and sending webhooks what stands
 * in it. Any number of processes may run it, beside the services or by itself.
 */
export const workers: Layer.Layer<never, Errors.StartupError | Config.ConfigError, Needed | Services> = Layer.merge(
  AuditWorker.layer,
  Layer.provide(WebhookWorker.configured, Deliveries.layer),
);

/** All that `layer` provides. */
export type Provided = Services | Needed;

/**
 * The identity services, with the workers behind them, and the database, the keyring and the senders of mail and text
 * messages that Config names. A misspelt key is refused first.
 */
export const layer: Layer.Layer<Provided, Errors.StartupError | Config.ConfigError> = Layer.unwrap(
  Effect.as(
    Misspelt.demandNoSlip(Object.values(keys).map(({ entry }) => entry.key)),
    workers.pipe(
      Layer.provideMerge(services),
      Layer.provideMerge(Layer.mergeAll(database, KeyManagement.layerLocal, mailer, textMessages)),
    ),
  ),
);
