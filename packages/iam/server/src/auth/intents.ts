/**
 * Events of what changes no row, or whose rows do not say what was meant: a sign-in that failed, and why; a password or a
 * code within a session that was wrong; a new password that was asked for; an impersonation; an administrator's operation
 * that was denied. What succeeds and changes rows is recorded by the database: a sign-in is `session.created`, and its
 * intent says by which way.
 *
 * Of what was entered nothing is told, not even a digest, because what stands in the field of a name may be a password. The
 * event's target is the user whom it names. The statement that writes the event looks for that user, so that as much is done
 * about a name that nobody has.
 */
import { AuthErrorCode } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import type { BetterAuthPlugin, GenericEndpointContext } from "@better-auth/core";
import { defineRequestState } from "@better-auth/core/context";
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import * as Predicate from "effect/Predicate";
import * as Schema from "effect/Schema";
import type { Fragment } from "effect/sql/Statement";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { asEndpoint } from "./acting.ts";
import * as promises from "./promises.ts";

/** Whom an operation is about: the user of an id, or who is named so. */
type Subject =
  | { readonly by: "id"; readonly value: string }
  | { readonly by: "email" | "username" | "phoneNumber" | "passkey"; readonly value: string };

/** Whom the body of a request names, where it does. */
type Named = (body: unknown) => Subject | undefined;

const textIn = (value: unknown, key: string): string | undefined => {
  const found = Predicate.hasProperty(value, key) ? value[key] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
};

/** Names are looked up in the case in which they are kept. */
const naming =
  (by: "email" | "username" | "phoneNumber"): Named =>
  (body) => {
    const value = textIn(body, by)?.toLowerCase();
    return value === undefined ? undefined : { by, value };
  };

const byId: Named = (body) => {
  const value = textIn(body, "userId");
  return value === undefined ? undefined : { by: "id", value };
};

const byPasskey: Named = (body) => {
  const value = Predicate.hasProperty(body, "response") ? textIn(body.response, "id") : undefined;
  return value === undefined ? undefined : { by: "passkey", value };
};

const nobody: Named = () => undefined;

/** The ways in, and whom each names. */
const signIns: Readonly<Record<string, Named>> = {
  "/sign-in/email": naming("email"),
  "/sign-in/username": naming("username"),
  "/sign-in/phone-number": naming("phoneNumber"),
  "/sign-in/email-otp": naming("email"),
  "/phone-number/verify": naming("phoneNumber"),
  "/magic-link/verify": nobody,
  "/one-time-token/verify": nobody,
  "/passkey/verify-authentication": byPasskey,
  "/siwe/verify": nobody,
  "/sso/callback": nobody,
  "/sso/callback/:providerId": nobody,
  "/sso/saml2/sp/acs/:providerId": nobody,
};

/** The second factor: of a sign-in, or of who is signed in and sets it up. */
const secondFactors: ReadonlySet<string> = new Set([
  "/two-factor/verify-backup-code",
  "/two-factor/verify-otp",
  "/two-factor/verify-totp",
]);

/** Where the password is asked for once more within a session, which may be in other hands: at the session's user. */
export const reentered: ReadonlySet<string> = new Set([
  "/change-password",
  "/two-factor/disable",
  "/two-factor/enable",
  "/two-factor/generate-backup-codes",
  "/two-factor/get-totp-uri",
  "/verify-password",
]);

/** Where a code or a link that was sent is shown, and no session begins. */
const verifications: Readonly<Record<string, { readonly action: string; readonly named: Named }>> = {
  "/email-otp/check-verification-otp": { action: "user.verification_refused", named: naming("email") },
  "/email-otp/verify-email": { action: "user.verification_refused", named: naming("email") },
  "/reset-password": { action: "user.password_reset_refused", named: nobody },
  "/email-otp/reset-password": { action: "user.password_reset_refused", named: naming("email") },
  "/phone-number/reset-password": { action: "user.password_reset_refused", named: naming("phoneNumber") },
};

/** Where a new password is asked for. */
const resetRequests: Readonly<Record<string, Named>> = {
  "/request-password-reset": naming("email"),
  "/email-otp/request-password-reset": naming("email"),
  "/forget-password/email-otp": naming("email"),
  "/phone-number/request-password-reset": naming("phoneNumber"),
};

/** Whom a request for a new password names, where it is one. */
const requested = (path: string, body: unknown): Named | undefined =>
  path === "/email-otp/send-verification-otp" && textIn(body, "type") === "forget-password"
    ? naming("email")
    : resetRequests[path];

const STOP = "/admin/stop-impersonating";

const isAdministration = (path: string): boolean => path.startsWith("/admin/");

const isWatched = (path: string): boolean =>
  signIns[path] !== undefined ||
  verifications[path] !== undefined ||
  secondFactors.has(path) ||
  reentered.has(path) ||
  isAdministration(path);

/** Of a request that was not looked at, because it has not the form of one. */
const malformed: ReadonlySet<string> = new Set(["BODY_MUST_BE_AN_OBJECT", "VALIDATION_ERROR"]);

/** What was wrong of what proves somebody; a new password that may not be had, say, is no failure to prove anything. */
const wrong: ReadonlySet<string> = new Set([
  "INVALID_BACKUP_CODE",
  "INVALID_CODE",
  "INVALID_OTP",
  "INVALID_PASSWORD",
  "INVALID_TOKEN",
  "OTP_EXPIRED",
  "OTP_HAS_EXPIRED",
  "TOO_MANY_ATTEMPTS",
  "TOO_MANY_FAILURES",
]);

const isCode = Schema.is(AuthErrorCode);

/**
 * Why an endpoint refused, where it did: the code of its error, also where a browser is led to a page that says it. Never
 * other text, since a page's address may hold what a client or a provider wrote.
 */
const refusalIn = (returned: unknown): AuthErrorCode | undefined => {
  if (!isAPIError(returned)) return undefined;
  if (returned.statusCode >= 400) {
    return [returned.body?.code, returned.status].find(isCode) ?? "UNAUTHORIZED";
  }
  const location = new Headers(returned.headers).get("location");
  if (location === null || !URL.canParse(location, "http://localhost")) return undefined;
  const codes = new URL(location, "http://localhost").searchParams.getAll("error");
  return codes.length === 0 ? undefined : (codes.findLast(isCode) ?? "UNAUTHORIZED");
};

interface Intent {
  readonly action: string;
  readonly subject: Subject | undefined;
  /** Why it failed, where it did. */
  readonly reason?: AuthErrorCode;
  readonly after?: Readonly<Record<string, string>>;
  /** In which session, where it is known and the endpoint's own context is not at hand. */
  readonly session?: unknown;
}

type Context = GenericEndpointContext;
type Session = Pick<NonNullable<Awaited<ReturnType<typeof getSessionFromCtx>>>["session"], "id" | "userId">;

/** What Better Auth does, as events. */
export interface Intents {
  /** Records that an operation is refused before it is looked at, after which Better Auth runs no further hooks. */
  readonly refused: (context: Context, reason: AuthErrorCode) => Promise<void>;
  /** Records everything else. To stand after all plugins that have a say in an answer. */
  readonly plugin: BetterAuthPlugin;
}

/** The session in which an endpoint runs. What the look-up leaves is not to be in the endpoint's own context. */
const sessionOf = (context: Context) => {
  const copy = { ...context, context: { ...context.context }, responseHeaders: new Headers() };
  return getSessionFromCtx(copy, { disableRefresh: true });
};

/** Whose second factor is asked for. */
const challenged = async (context: Context): Promise<Subject | undefined> => {
  const { createAuthCookie, internalAdapter, secret } = context.context;
  const cookie =
    (context.headers && (await context.getSignedCookie(createAuthCookie("two_factor").name, secret))) || "";
  const value = cookie === "" ? undefined : (await internalAdapter.findVerificationValue(cookie))?.value;
  return value === undefined ? undefined : { by: "id", value };
};

/** What is meant by an operation that was refused; nothing where that is no event. */
const intentOf = async (context: Context, reason: AuthErrorCode): Promise<Intent | undefined> => {
  const { body, path } = context;
  if (malformed.has(reason)) return undefined;
  const named = signIns[path];
  if (named !== undefined) return { action: "session.refused", subject: named(body), reason };
  const verification = verifications[path];
  if (verification !== undefined) {
    return wrong.has(reason) ? { action: verification.action, subject: verification.named(body), reason } : undefined;
  }
  const session = await sessionOf(context);
  if (isAdministration(path)) return { action: "administration.refused", subject: byId(body), reason, session };
  if (session === null) {
    return secondFactors.has(path)
      ? { action: "session.refused", subject: await challenged(context), reason }
      : undefined;
  }
  const subject: Subject = { by: "id", value: session.user.id };
  return wrong.has(reason) ? { action: "session.confirmation_refused", subject, reason, session } : undefined;
};

/** The impersonation that is about to be ended. */
const ending = defineRequestState((): { session?: Awaited<ReturnType<typeof sessionOf>> } => ({}));

/** Writes on a connection. */
export const makeIntents = (connection: ServiceConnection["Service"]): Intents => {
  const { client } = connection;

  const idOf = (subject: Subject | undefined): Fragment => {
    switch (subject?.by) {
      case undefined:
        return client`null::uuid`;
      case "id":
        return SharedEntityIds.UserId.is(subject.value)
          ? client`${SharedEntityIds.UserId.toUuid(subject.value)}::uuid`
          : client`null::uuid`;
      case "email":
        return client`(select id from iam_users where email = ${subject.value})`;
      case "username":
        return client`(select id from iam_users where username = ${subject.value})`;
      case "phoneNumber":
        return client`(select id from iam_users where phone_number = ${subject.value})`;
      case "passkey":
        return client`(select user_id from iam_passkeys where credential_id = ${subject.value})`;
    }
  };

  const write = async ({ action, after, reason, session, subject }: Intent): Promise<void> => {
    const outcome = reason === undefined ? "success" : "failure";
    const told = JSON.stringify({ ...after, ...(reason === undefined ? {} : { reason }) });
    const statement = client`
      select iam_write_event(null, ${action}, 'user', ${idOf(subject)}, ${outcome}, null,
        nullif(${told}::text::jsonb, '{}'), null, null, null, null)`;
    await promises.leave(asEndpoint(connection.writing(statement), session));
  };

  const refused: Intents["refused"] = async (context, reason) => {
    const intent = await intentOf(context, reason);
    if (intent !== undefined) await write(intent);
  };

  const impersonation = (verb: "begun" | "ended", { id, userId }: Session, session?: unknown) =>
    write({ action: `impersonation.${verb}`, subject: { by: "id", value: userId }, after: { session: id }, session });

  return {
    refused,
    plugin: {
      id: "iam-intents",
      init: () => ({
        options: {
          databaseHooks: {
            session: {
              create: {
                after: async (session) => {
                  if (session.impersonatedBy) await impersonation("begun", session);
                },
              },
            },
          },
        },
      }),
      hooks: {
        before: [
          {
            matcher: ({ path }) => path === STOP,
            handler: createAuthMiddleware(async (context) => {
              (await ending.get()).session = await sessionOf(context);
            }),
          },
        ],
        after: [
          {
            matcher: ({ path }) => path === STOP,
            handler: createAuthMiddleware(async ({ context }) => {
              const { session } = await ending.get();
              if (session && !isAPIError(context.returned)) await impersonation("ended", session.session, session);
            }),
          },
          {
            matcher: ({ path = "" }) => isWatched(path),
            handler: createAuthMiddleware(async (context) => {
              const { newSession, returned } = context.context;
              const reason = refusalIn(returned);
              // Who came in and is led on is not refused, whatever the address says to which it leads.
              if (reason === undefined || newSession) return;
              if (isAdministration(context.path) && !(isAPIError(returned) && returned.statusCode === 403)) return;
              await refused(context, reason);
            }),
          },
          {
            matcher: ({ body, path = "" }) => requested(path, body) !== undefined,
            handler: createAuthMiddleware(async ({ body, context, path }) => {
              if (isAPIError(context.returned)) return;
              await write({ action: "user.password_reset_requested", subject: requested(path, body)?.(body) });
            }),
          },
        ],
      },
    },
  };
};
