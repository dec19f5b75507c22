/**
 * Authentication: Better Auth behind a service. Its operations are Effects that fail with one tagged error; called inside
 * a transaction they are part of it.
 */
import { AuthErrorCode, Errors } from "@beep/iam-domain";
import type { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { isAPIError } from "better-auth/api";
import * as Array from "effect/Array";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Record from "effect/Record";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import { Secrets } from "../crypto/Secrets.ts";
import * as SigningKeys from "../crypto/SigningKeys.ts";
import { CurrentOrigin } from "../db/Change.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Transaction from "../db/Transaction.ts";
import type { Outbox } from "../outbox/Outbox.ts";
import type { Api, CurrentSession, SettingCookies, WithHeaders } from "./Api.ts";
import * as ActingAs from "./actingAs.ts";
import { makeAdapter } from "./adapter.ts";
import { makeAdmission } from "./admission.ts";
import { CLIENT_ADDRESS_HEADER, makeBetterAuth, type OpenApiDocument } from "./betterAuth.ts";
import { makeCredentials } from "./credentials.ts";
import * as digests from "./digests.ts";
import * as Directories from "./directories/Directories.ts";
import { Guests } from "./guests.ts";
import { sealLeftInClear } from "./leftInClear.ts";
import { Mails } from "./mails.ts";
import * as Outgoing from "./Outgoing.ts";
import * as Pages from "./pages.ts";
import * as presented from "./presented.ts";
import { type Authenticated, type Identified, makePrincipals } from "./principals/principals.ts";
import { makeStanding } from "./principals/standing.ts";
import * as promises from "./promises.ts";
import { makeSessionLookup } from "./sessionLookup.ts";
import { settings } from "./settings.ts";

/** An operation of Better Auth as an Effect. What is no refusal, a lost database say, is a defect. */
type Operation<Method> =
  Method extends SettingCookies<infer Input, infer Output>
    ? {
        (input: Input & { readonly returnHeaders: true }): Effect.Effect<WithHeaders<Output>, Errors.AuthError>;
        (input: Input): Effect.Effect<Output, Errors.AuthError>;
      }
    : Method extends (input: infer Input) => Promise<infer Output>
      ? (input: Input) => Effect.Effect<Output, Errors.AuthError>
      : never;

/** Authentication, and the operations on users and organizations. */
export class Auth extends Context.Service<
  Auth,
  {
    /** Better Auth's operations. */
    readonly api: { readonly [Name in keyof Api]: Operation<Api[Name]> };
    /** The session that a request's headers carry, if they carry a live one. */
    readonly session: (headers: Headers) => Effect.Effect<Option.Option<CurrentSession>, Errors.AuthError>;
    /** The same for who answers the request, and passes on what its browser is to be told. */
    readonly authenticate: (headers: Headers) => Effect.Effect<Authenticated, Errors.AuthError>;
    /**
     * Who makes a request: by an API key, by an access token of the OAuth provider, or by a session. One credential counts,
     * a key before a token and a token before the cookie, and nobody makes the request where that one does not hold.
     */
    readonly principal: (headers: Headers) => Effect.Effect<Identified, Errors.AuthError>;
    /** Whether pages of an origin may call the server with a session. */
    readonly isTrustedOrigin: (origin: string) => boolean;
    /**
     * Runs an effect as a user who is not there. For trusted code only, an operator's command or a job: it asks for
     * nothing that proves the user, so no request may decide who it is.
     *
     * The headers carry a session of the user's, so that every rule, hook and mail of Better Auth applies as if the user
     * had called. It is begun and ended in the effect's own transaction, or in the one that is open: nobody else ever
     * sees it, and afterwards it is gone.
     */
    readonly actingAs: (
      userId: SharedEntityIds.UserId,
    ) => <A, E, R>(
      effect: (headers: Headers) => Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | Errors.AuthError | Errors.CommitUnknown | SqlError, R>;
    /**
     * Answers requests below `/api/auth`.
     *
     * @param clientAddress the client's address, as the server knows it; what the request itself says of it is ignored
     */
    readonly handler: (request: Request, clientAddress?: string) => Effect.Effect<Response>;
    /** The routes that `handler` answers, below `/api/auth`: `/reset-password/:token`. */
    readonly paths: ReadonlyArray<string>;
    /** Better Auth's part of an OpenAPI document. */
    readonly openApi: Effect.Effect<OpenApiDocument>;
  }
>()("@beep/iam-server/auth/Auth") {}

const make = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  const client = yield* PgClient;
  const outgoing = yield* Outgoing.Outgoing;
  const stated = yield* settings;
  const standing = yield* makeStanding(connection);
  const secrets = yield* Secrets;
  const means = { secrets, digestingKey: digests.keyOf(stated.secret) };

  const auth = makeBetterAuth({
    settings: stated,
    pages: yield* Pages.settings,
    mails: yield* Mails,
    upgraded: yield* Guests,
    adapter: makeAdapter(connection, means),
    admission: makeAdmission(connection),
    directories: yield* Directories.make,
    organizationMayAct: (id) => promises.leave(standing.organizationMayAct(id)),
    transaction: promises.inTransaction(connection),
    signingKeys: yield* SigningKeys.SigningKeys,
    send: outgoing.mail,
    sendText: outgoing.text,
    credentials: yield* makeCredentials(stated, connection, outgoing.nothing),
  });

  /**
   * Runs one of Better Auth's operations under the service role: in a savepoint when a transaction is open, which may be
   * a tenant's; otherwise in the transactions that Better Auth opens itself.
   */
  const call = <A>(run: () => PromiseLike<A>) => {
    const called = presented.remembering(promises.enter(run));
    return Effect.flatMap(Transaction.isOpen(client), (open) => (open ? connection.transaction(called) : called));
  };

  // The types of rows are ours: the adapter's columns make the ids, and a test decodes every operation's answer.
  const operations = auth.api as unknown as Api;
  const refusal = refusing(auth.$ERROR_CODES);
  const answered = <A>(run: () => PromiseLike<A>): Effect.Effect<A, Errors.AuthError> =>
    Effect.catch(call(run), refusal);
  const operation =
    (name: string, run: (input: never) => Promise<unknown>) =>
    (input: never): Effect.Effect<unknown, Errors.AuthError> =>
      answered(() => run(input)).pipe(Effect.withSpan(`Auth.${name}`));

  const notEnabled = (name: string) => () =>
    Effect.fail(
      new Errors.AuthError({
        code: "PLUGIN_NOT_ENABLED",
        status: 404,
        message: `"${name}" is of a plugin that IAM_PLUGINS does not have.`,
      }),
    );
  const api = {
    ...Record.fromIterableWith(auth.disabled, (name) => [name, notEnabled(name)]),
    ...Record.map({ ...operations }, (run, name) => operation(name, run)),
  } as Auth["Service"]["api"];

  const context = yield* Effect.promise(() => auth.$context);
  yield* sealLeftInClear(connection, means, context.secretConfig);
  const lookUp = yield* makeSessionLookup(auth.options, context, connection, secrets);

  const authenticate = Effect.fnUntraced(
    function* (headers: Headers): Effect.fn.Return<Authenticated, Errors.AuthError> {
      // Inside a transaction one statement would have its role, which may be a tenant's.
      const found = (yield* Transaction.isOpen(client)) ? "undecided" : yield* Effect.orDie(lookUp(headers));
      if (found !== "undecided") return { session: Option.some(found), setCookies: [] };
      const answer = yield* api.getSession({ headers, returnHeaders: true });
      return { session: Option.fromNullishOr(answer.response), setCookies: answer.headers.getSetCookie() };
    },
    // Every request comes here, and a stack for each would cost what the cookie's signature does.
    Effect.withSpan("Auth.authenticate", {}, { captureStackTrace: false }),
  );

  const { verifyAccessToken } = auth.api;
  const principal = makePrincipals({
    authenticate,
    standing,
    verifyApiKey: api.verifyApiKey,
    verifyAccessToken: (token) =>
      verifyAccessToken === undefined
        ? Effect.succeed(null)
        : answered(() => verifyAccessToken({ body: { token: Redacted.value(token) } })),
  });

  return Auth.of({
    api,
    authenticate,
    principal: (headers) =>
      principal(headers).pipe(Effect.withSpan("Auth.principal", {}, { captureStackTrace: false })),
    isTrustedOrigin: (origin) => context.isTrustedOrigin(origin),
    session: (headers) => Effect.map(authenticate(headers), ({ session }) => session),
    actingAs: (userId) => (effect) =>
      Effect.gen(function* () {
        const session = yield* answered(() => ActingAs.begin(auth, userId));
        const result = yield* effect(session.headers);
        yield* answered(session.end);
        return result;
      }).pipe(Transaction.runOn(client), Effect.withSpan("Auth.actingAs")),
    handler: (request, clientAddress) =>
      call(() => auth.handler(withAddress(request, clientAddress))).pipe(
        Effect.catch((error) => {
          const thrown = unwrapped(error);
          // A refusal from before its router, which would have answered it.
          return isAPIError(thrown)
            ? Effect.succeed(Response.json(thrown.body ?? {}, { status: thrown.statusCode }))
            : Effect.die(thrown);
        }),
        Effect.provideService(CurrentOrigin, {
          address: clientAddress,
          agent: request.headers.get("user-agent") ?? undefined,
        }),
        Effect.withSpan("Auth.handler"),
      ),
    paths: Array.dedupe(Array.flatMapNullishOr(Object.values(auth.api), ({ path }) => path)),
    openApi: Effect.orDie(promises.enter(() => auth.api.generateOpenAPISchema())).pipe(Effect.withSpan("Auth.openApi")),
  });
});

/** The request with the client's address, by which Better Auth counts attempts, as the server knows it. */
const withAddress = (request: Request, clientAddress: string | undefined): Request => {
  const headers = new Headers(request.headers);
  headers.delete(CLIENT_ADDRESS_HEADER);
  if (clientAddress !== undefined) headers.set(CLIENT_ADDRESS_HEADER, clientAddress);
  return new Request(request, { headers });
};

const isCode = Schema.is(AuthErrorCode);

type CallError = promises.Thrown | SqlError | Errors.CommitUnknown;

const unwrapped = (error: CallError): unknown => (error._tag === "Thrown" ? error.thrown : error);

/**
 * A refusal is a failure with its code; anything else, a lost database say, is a defect. Where a refusal has OAuth's form
 * instead, which has no code, the code is that of its description.
 */
const refusing = (errorCodes: Readonly<Record<string, { readonly message: string }>>) => {
  const codes = new Map(Object.entries(errorCodes).map(([code, { message }]) => [message, code]));
  return (error: CallError): Effect.Effect<never, Errors.AuthError> => {
    const thrown = unwrapped(error);
    if (!isAPIError(thrown)) return Effect.die(thrown);
    const described = thrown.body?.error_description;
    const message = typeof described === "string" ? described : thrown.message;
    const code = [thrown.body?.code, codes.get(message), thrown.status].find(isCode);
    return code === undefined
      ? Effect.die(thrown)
      : Effect.fail(new Errors.AuthError({ code, status: thrown.statusCode, message }));
  };
};

/** Better Auth on the database that is given, with an outbox for its mail; its settings come from Config. */
export const layer: Layer.Layer<
  Auth,
  ConfigError | Errors.StartupError,
  PgClient | ServiceConnection | Secrets | Outbox
> = Layer.effect(Auth, make).pipe(Layer.provide([Outgoing.layer, SigningKeys.layer]));

export { BASE_PATH } from "./betterAuth.ts";
export { Guests, type Upgrade } from "./guests.ts";
export { MIN_LENGTH_WITH_SECOND_FACTOR, MIN_PASSWORD_LENGTH } from "./password/policy.ts";
export type { Authenticated, Identified } from "./principals/principals.ts";
export { keys, type Settings, settings } from "./settings.ts";
