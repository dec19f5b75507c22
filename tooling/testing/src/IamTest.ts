/** The identity services as an application gets them, on a database of the test's own. */

import { openAsBlob } from "node:fs";
import type { Errors } from "@beep/iam-domain";
import { Auth, Iam, IamDb, KeyManagement, Mailer, Outbox, Plugins, TextMessages } from "@beep/iam-server";
import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Queue from "effect/Queue";
import * as Redacted from "effect/Redacted";
import { inject } from "vitest";
import * as PgBouncer from "./PgBouncer.ts";
import { type Options, TestDatabase } from "./TestDatabase.ts";

/** Where the mail and the text messages of a test land. `next` waits for a mail, `nextText` for a text message. */
export class Mailbox extends Context.Service<
  Mailbox,
  { readonly next: Effect.Effect<Mailer.Message>; readonly nextText: Effect.Effect<TextMessages.TextMessage> }
>()("@beep/testing/Mailbox") {}

const mail: Layer.Layer<Mailer.Mailer | TextMessages.TextMessages | Mailbox> = Layer.effectContext(
  Effect.gen(function* () {
    const messages = yield* Queue.unbounded<Mailer.Message>();
    const texts = yield* Queue.unbounded<TextMessages.TextMessage>();
    return Context.make(Mailer.Mailer, { send: (message) => Effect.asVoid(Queue.offer(messages, message)) }).pipe(
      Context.add(TextMessages.TextMessages, { send: (text) => Effect.asVoid(Queue.offer(texts, text)) }),
      Context.add(Mailbox, { next: Queue.take(messages), nextText: Queue.take(texts) }),
    );
  }),
);

/** What the services of tests sign with; long and varied enough for the doctor. */
export const secret = "NkJ3ZzV4Rk5mSDRxT2tYd1pVbFRtRGhSc0FwUXlC";

/** What wraps the data keys of tests. */
export const keyEncryptionKeys = "1:dGhlIGtleSB0aGF0IHdyYXBzIHRoZSBrZXlzIG9mIHQ=";

const config = (values: Readonly<Record<string, string>>) =>
  ConfigProvider.layer(
    ConfigProvider.fromUnknown({
      IAM_BASE_URL: "http://localhost:3000",
      IAM_SECRET: secret,
      IAM_KEY_ENCRYPTION_KEYS: keyEncryptionKeys,
      IAM_RATE_LIMIT: "false",
      IAM_PLUGINS: Plugins.all.join(),
      IAM_DEVICE_CLIENTS: "television",
      ...values,
    }),
  );

const services = Iam.services.pipe(
  Layer.provideMerge(mail),
  Layer.provideMerge(KeyManagement.layerLocal),
  // Of what is put here the worker is told at once, and looks in between would be counted as a test's own statements.
  Layer.provide(Layer.succeed(Outbox.PollEvery, Duration.hours(1))),
);

/** All that a test may ask for. */
export type Provided = Iam.Provided | Mailbox;

const onAddress = (url: Redacted.Redacted, more: Readonly<Record<string, string>> = {}) =>
  services.pipe(
    Layer.provideMerge(IamDb.layer),
    Layer.provide(config({ DATABASE_URL: Redacted.value(url), IAM_RUN_MIGRATIONS: "false", ...more })),
  );

/** On a database that is given, used by the login that owns nothing, with what the configuration says otherwise. */
export const configured = (more: Readonly<Record<string, string>>): Layer.Layer<Provided, unknown, TestDatabase> =>
  Layer.unwrap(Effect.map(TestDatabase, ({ appUrl }) => onAddress(appUrl, more)));

/** On a database that is given, used by the login that owns nothing. */
export const onDatabase: Layer.Layer<Provided, unknown, TestDatabase> = configured({});

/** On PostgreSQL: a copy of the migrated template. */
export const postgres = (options?: Options): Layer.Layer<Provided | TestDatabase, unknown> =>
  Layer.provideMerge(onDatabase, TestDatabase.layer(options));

/** On PostgreSQL behind a PgBouncer in transaction mode. */
export const pooled: Layer.Layer<Provided | TestDatabase, unknown> = Layer.unwrap(
  Effect.gen(function* () {
    const { appUrl } = yield* TestDatabase;
    const url = yield* PgBouncer.make(appUrl);
    return onAddress(url, { IAM_DATABASE_POOLER: "transaction" });
  }),
).pipe(Layer.provideMerge(TestDatabase.layer()));

/** On the embedded database, in memory; with further keys of the configuration. */
export const configuredEmbedded = (more: Readonly<Record<string, string>>): Layer.Layer<Provided, unknown> =>
  services.pipe(Layer.provideMerge(embeddedDatabase), Layer.provide(config(more)));

const embeddedDatabase = Layer.unwrap(
  Effect.map(
    Effect.promise(() => openAsBlob(inject("embeddedImage"))),
    (image) => IamDb.layerEmbedded({ image }),
  ),
);

/** On the embedded database, in memory. */
export const embedded: Layer.Layer<Provided, unknown> = configuredEmbedded({});

/** PostgreSQL behind a pooler, where this machine has one. */
export const poolers: ReadonlyArray<{ readonly name: string; readonly layer: typeof pooled }> = inject("pgBouncer")
  ? [{ name: "PostgreSQL behind PgBouncer", layer: pooled }]
  : [];

/** Every kind of database that runs here, for suites that must pass on each. */
export const databases: ReadonlyArray<{ readonly name: string; readonly layer: Layer.Layer<Provided, unknown> }> = [
  ...TestDatabase.majors.map((major) => ({ name: `PostgreSQL ${major}`, layer: postgres({ major }) })),
  ...poolers,
  { name: "embedded", layer: embedded },
];

/** A server and the embedded database, for suites that do not depend on the server's version and the way to it. */
export const serverAndEmbedded: typeof databases = databases.filter(
  ({ name }) => name === "PostgreSQL 18" || name === "embedded",
);

export { digestOf } from "./Population.ts";

export const password = "correct horse battery staple";

/** A user with a session. */
export interface SignedUp {
  readonly id: SharedEntityIds.UserId;
  readonly name: string;
  readonly email: string;
  readonly headers: Headers;
}

/** Signs a user up, confirms the address by the mailed link, and signs in. The headers carry the session. */
export const signedUp = Effect.fn("IamTest.signedUp")(function* (
  name: string,
): Effect.fn.Return<SignedUp, Errors.AuthError, Auth.Auth | Mailbox> {
  const { api, handler, session } = yield* Auth.Auth;
  const mailbox = yield* Mailbox;
  const email = `${name}@example.com`;
  yield* api.signUpEmail({ body: { name, email, password } });
  yield* handler(new Request(linkIn(yield* mailbox.next)));
  const headers = yield* signedIn(email);
  const { user } = Option.getOrThrow(yield* session(headers));
  return { id: user.id, name, email, headers };
});

/** Signs in over HTTP; the headers carry the session as a browser would. */
export const signedIn = Effect.fn("IamTest.signedIn")(function* (
  email: string,
): Effect.fn.Return<Headers, never, Auth.Auth> {
  const { handler } = yield* Auth.Auth;
  const response = yield* handler(
    new Request("http://localhost:3000/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json", origin: "http://localhost:3000" },
      body: JSON.stringify({ email, password }),
    }),
  );
  const cookie = response.headers.getSetCookie().map((setCookie) => setCookie.split(";", 1)[0]);
  return new Headers({ cookie: cookie.join("; "), origin: "http://localhost:3000" });
});

/** The link in a message. */
export const linkIn = (message: Mailer.Message): string => {
  const link = /https?:\/\/\S+/.exec(message.text)?.[0];
  if (link === undefined) throw new Error(`There is no link in "${message.subject}".`);
  return link;
};

/** An organization of the user's, who owns it. */
export const organizationOf = Effect.fn("IamTest.organizationOf")(function* (
  user: { readonly headers: Headers },
  slug: string,
): Effect.fn.Return<
  { readonly id: SharedEntityIds.OrganizationId; readonly memberId: IamEntityIds.MemberId },
  Errors.AuthError,
  Auth.Auth
> {
  const { api } = yield* Auth.Auth;
  const organization = yield* api.createOrganization({ headers: user.headers, body: { name: slug, slug } });
  const [owner] = organization.members;
  if (owner === undefined) return yield* Effect.die(new Error("The organization has no owner."));
  return { id: organization.id, memberId: owner.id };
});
