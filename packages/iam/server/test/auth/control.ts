/** The same services with one control taken away, by which a test proves that the control is what it sees. */
import { type Auth, Mailer, Plugins, SigningKeys, Transaction } from "@beep/iam-server";
import { Principal } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { makeAdapter } from "../../src/auth/adapter.ts";
import { makeAdmission } from "../../src/auth/admission.ts";
import { makeBetterAuth } from "../../src/auth/betterAuth.ts";
import { makeCredentials } from "../../src/auth/credentials.ts";
import * as Directories from "../../src/auth/directories/Directories.ts";
import * as Pages from "../../src/auth/pages.ts";
import * as promises from "../../src/auth/promises.ts";
import type { Settings } from "../../src/auth/settings.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { means } from "./means.ts";

/** A control that can be taken away. */
type Missing = "transactions" | "savepoints" | "locks" | "admission";

/** Better Auth over the database of the test, as `Auth.layer` makes it. */
export const betterAuth = Effect.fnUntraced(function* (missing?: Missing, more: Partial<Settings> = {}) {
  const connection = yield* ServiceConnection;
  const client = yield* PgClient;
  const mailer = yield* Mailer.Mailer;
  // Without savepoints what runs inside a transaction simply joins it.
  const used: typeof connection =
    missing !== "savepoints"
      ? connection
      : {
          ...connection,
          transaction: (effect) =>
            Effect.flatMap(Transaction.isOpen(client), (open) => (open ? effect : connection.transaction(effect))),
        };
  const settings: Settings = {
    appName: "iam",
    baseUrl: new URL("http://localhost:3000"),
    secret: Redacted.make("c2VjcmV0IG9mIHRoZSBjb250cm9sIGdyb3VwIG9ubHk"),
    trustedOrigins: [],
    rateLimit: false,
    plugins: Plugins.all,
    deviceClients: [],
    oauthScopes: [],
    ssoOrigins: [],
    clientAddressHeader: Option.none(),
    passwordHashMemory: 19,
    passwordHashIterations: 2,
    pwnedPasswordsUrl: Option.none(),
    organizationMembers: 10_000,
    organizationInvitations: 100,
    ...more,
  };
  const admission = makeAdmission(used);
  return makeBetterAuth({
    settings,
    pages: yield* Pages.settings.pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_BASE_URL: "http://localhost:3000" }))),
    ),
    credentials: yield* makeCredentials(settings, used, Effect.void),
    adapter: makeAdapter(used, yield* means),
    admission: {
      ...admission,
      letIn: (who, named, lock) =>
        admission.letIn(
          missing === "admission" ? Principal.system("anybody") : who,
          named,
          missing === "locks" ? false : lock,
        ),
    },
    directories: yield* Directories.make,
    organizationMayAct: () => Promise.resolve(true),
    mails: yield* Mailer.Mails,
    transaction: missing === "transactions" ? (run) => run() : promises.inTransaction(used),
    signingKeys: yield* SigningKeys.SigningKeys,
    sendText: () => Effect.void,
    upgraded: () => Effect.void,
    send: (message) => client.afterCommit(Effect.orDie(mailer.send(message))),
  });
});

/** The service with a control missing; as much of it as browsers use. */
export const without = (missing: Missing, more: Partial<Settings> = {}) =>
  Effect.map(betterAuth(missing, more), (auth): Auth.Auth["Service"] => ({
    handler: (request) => Effect.orDie(promises.enter(() => auth.handler(request))),
    get api(): never {
      throw new Error("The control group is reached over HTTP.");
    },
    session: () => Effect.die("The control group is reached over HTTP."),
    authenticate: () => Effect.die("The control group is reached over HTTP."),
    principal: () => Effect.die("The control group is reached over HTTP."),
    isTrustedOrigin: () => false,
    paths: [],
    actingAs: () => () => Effect.die("The control group is reached over HTTP."),
    openApi: Effect.die("The control group is reached over HTTP."),
  }));
