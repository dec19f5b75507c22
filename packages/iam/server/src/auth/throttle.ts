/**
 * Slows down who guesses at an account, whatever addresses the guesses come from and whichever process they reach (NIST
 * SP 800-63B-4, 3.2.2). Better Auth's own limit counts by address.
 *
 * Failures in a row are counted for what was entered, the mail address, user name or phone number, whether anybody has it
 * or not: what is answered says nothing about that. After a few that are free each failure doubles the time until the next
 * attempt is looked at, up to a quarter of an hour. That is the most that anybody can be kept waiting, and no account is
 * ever locked.
 *
 * Messages that are sent to an address or a number are slowed in the same way, and so is the password that is asked for
 * once more within a session.
 *
 * Whoever goes on guessing could still keep an account's owner waiting. Therefore a browser in which somebody has signed in
 * to the account, or has set its password anew by a mailed link, gets a signed cookie, and attempts with it are counted by
 * themselves (OWASP: device cookies). It lets nobody in: it is another count, which is as strict.
 */
import { createHmac, randomBytes } from "node:crypto";
import { Digest } from "@beep/shared-domain";
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { defineRequestState, hasRequestState } from "@better-auth/core/context";
import { APIError } from "@better-auth/core/error";
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import { uuidv7 } from "uuidv7";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { type Intents, reentered } from "./intents.ts";
import * as promises from "./promises.ts";

/** So many failures in a row slow nothing. */
const FREE = 5;
/** The time until the next attempt after one failure more; each further one doubles it, up to the longest. */
const FIRST = Duration.seconds(1);
const LONGEST = Duration.minutes(15);
/** Failures are forgotten after so long without an attempt. */
const MEMORY = Duration.hours(24);
/** How long a browser is known. */
const DEVICE = Duration.days(180);
const DEVICE_COOKIE = "known_device";

/** Where guesses are possible, and which field of the body says at whose account. */
const guessable: Readonly<Record<string, "email" | "username" | "phoneNumber">> = {
  "/sign-in/email": "email",
  "/sign-in/username": "username",
  "/sign-in/phone-number": "phoneNumber",
  "/sign-in/email-otp": "email",
  "/email-otp/check-verification-otp": "email",
  "/email-otp/verify-email": "email",
  "/email-otp/reset-password": "email",
  "/phone-number/verify": "phoneNumber",
  "/phone-number/reset-password": "phoneNumber",
};

/** What sends a message to whom the field says, which costs, and is a nuisance to whom it reaches. */
const sending: Readonly<Record<string, "email" | "phoneNumber">> = {
  "/request-password-reset": "email",
  "/send-verification-email": "email",
  "/sign-in/magic-link": "email",
  "/email-otp/send-verification-otp": "email",
  "/email-otp/request-password-reset": "email",
  "/forget-password/email-otp": "email",
  "/phone-number/send-otp": "phoneNumber",
  "/phone-number/request-password-reset": "phoneNumber",
};

/** Where a password is set anew by who can read the account's mail or messages. */
const resets: ReadonlySet<string> = new Set([
  "/reset-password",
  "/email-otp/reset-password",
  "/phone-number/reset-password",
]);

/** An attempt that was let through. */
interface Attempt {
  readonly identifier: string;
  readonly key: string;
  readonly isOfDevice: boolean;
}

const attempted = defineRequestState((): { attempt?: Attempt; reset?: string } => ({}));

/** What identifies an account, as text that is the same however it was written. */
const entered = (body: unknown, field: string): string | undefined => {
  const value = Predicate.hasProperty(body, field) ? body[field] : undefined;
  return typeof value === "string" && value !== "" ? value.normalize("NFKC").trim().toLowerCase() : undefined;
};

/** The times as PostgreSQL counts them here: milliseconds of its own clock, which all processes share. */
const millis = {
  first: Duration.toMillis(FIRST),
  longest: Duration.toMillis(LONGEST),
  memory: Duration.toMillis(MEMORY),
};

const makeCounts = (connection: ServiceConnection["Service"]) => {
  const { client } = connection;
  const now = client.literal("(extract(epoch from clock_timestamp()) * 1000)::bigint");
  const delay = client`(case when attempts.count < ${FREE} then 0 else
    least(${millis.first} * 2 ^ least(attempts.count - ${FREE}, 30), ${millis.longest}) end)::bigint`;

  /**
   * Counts an attempt as a failure before it is looked at, so that many at once are not all looked at: one statement, by
   * which PostgreSQL lets one after the other through. Gives the seconds to wait where it is none's turn yet.
   *
   * A row is kept where Better Auth keeps its counts, and states the time at which it may be forgotten as that of its last
   * request: Better Auth, which removes rows whose last request is long ago, then removes it in time, and not before.
   */
  const take = (key: string) =>
    Effect.gen(function* () {
      const taken = yield* connection.statement(client`
        insert into iam_rate_limits as attempts (id, key, count, last_request)
        values (${uuidv7()}::uuid, ${key}, 1, ${now} + ${millis.memory})
        on conflict (key) do update set
          count = case when attempts.last_request < ${now} then 1 else attempts.count + 1 end,
          last_request = excluded.last_request
        where excluded.last_request - attempts.last_request >= ${delay}
        returning count`);
      if (taken.length > 0) return 0;
      const [left] = yield* connection.statement(client<{ readonly seconds: number }>`
        select ceil((attempts.last_request - ${millis.memory} + ${delay} - ${now}) / 1000.0)::int as seconds
        from iam_rate_limits as attempts where key = ${key}`);
      return Math.max(1, left?.seconds ?? 1);
    });

  /**
   * Whether what is refused is so for the first time since an attempt was let through: of those who go on asking the log
   * need not tell more. One statement, which writes nothing where it is not.
   */
  const isFirst = (key: string, markedBy: string) =>
    Effect.map(
      connection.statement(client`
        insert into iam_rate_limits as marks (id, key, count, last_request)
        select ${uuidv7()}::uuid, ${markedBy}, 1, attempts.last_request from iam_rate_limits as attempts
        where attempts.key = ${key} and not exists (
          select from iam_rate_limits as marks where marks.key = ${markedBy} and marks.last_request >= attempts.last_request)
        on conflict (key) do update set last_request = excluded.last_request
        where marks.last_request < excluded.last_request
        returning count`),
      (marked) => marked.length > 0,
    );

  const forget = (keys: ReadonlyArray<string>) =>
    connection.statement(client`delete from iam_rate_limits where ${client.in("key", keys)}`);

  return { take, isFirst, forget };
};

/** What is counted by whom: under a key, so that the table tells nobody at whom it was guessed. */
const keyOf = ({ secret }: AuthContext, path: string, identifier: string, device = ""): string =>
  Digest.make(createHmac("sha256", secret).update([path, identifier, device].join("\0")).digest("base64url"));

const deviceOf = ({ secret }: AuthContext, identifier: string): string =>
  createHmac("sha256", secret).update(`device\0${identifier}`).digest("base64url");

/** Everything by which a user signs in. */
const identifiersOf = (user: unknown): ReadonlyArray<string> =>
  ["email", "username", "phoneNumber"].flatMap((field) => entered(user, field) ?? []);

/** The counts that a user's success ends: of every way in, and of everything by which the user is known. */
const keysOf = (context: AuthContext, identifiers: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.keys(guessable).flatMap((path) => identifiers.map((identifier) => keyOf(context, path, identifier)));

const tooMany = (code: "TOO_MANY_FAILURES" | "TOO_MANY_MESSAGES", fault: string, seconds: number): APIError =>
  new APIError(
    "TOO_MANY_REQUESTS",
    { code, message: `${fault} Try again in ${seconds} s.` },
    { "Retry-After": String(seconds) },
  );

/** The limit for each account, as a plugin; and what Better Auth is to call when a password was set anew. */
export interface Throttle {
  readonly plugin: BetterAuthPlugin;
  readonly onPasswordReset: (input: { readonly user: unknown }) => Promise<void>;
}

/** Counts in the database that is given, and has what is refused recorded. */
export const make = (connection: ServiceConnection["Service"], refused: Intents["refused"]): Throttle => {
  const { forget, isFirst, take } = makeCounts(connection);

  /** Counts an attempt, or refuses it. */
  const attempt = async (ctx: Parameters<Intents["refused"]>[0], key: string): Promise<void> => {
    const seconds = await promises.leave(take(key));
    if (seconds === 0) return;
    if (await promises.leave(isFirst(key, keyOf(ctx.context, "refused", key)))) {
      await refused(ctx, "TOO_MANY_FAILURES");
    }
    throw tooMany("TOO_MANY_FAILURES", "There were too many failures in a row.", seconds);
  };

  const beforeSending = createAuthMiddleware(async (ctx) => {
    const path = ctx.path ?? "";
    const identifier = entered(ctx.body, sending[path] ?? "");
    if (identifier === undefined) return;
    // Each counts, and none is taken back: what is slowed is the messages themselves.
    const seconds = await promises.leave(take(keyOf(ctx.context, path, identifier)));
    if (seconds > 0) throw tooMany("TOO_MANY_MESSAGES", "That was asked for too often.", seconds);
  });

  const beforeReentering = createAuthMiddleware(async (ctx) => {
    const session = await getSessionFromCtx(ctx, { disableRefresh: true });
    if (session === null) return;
    const { id: identifier } = session.user;
    // For all of these paths together, because they ask for the same password.
    const key = keyOf(ctx.context, "session", identifier);
    await attempt(ctx, key);
    (await attempted.get()).attempt = { identifier, key, isOfDevice: true };
  });

  const before = createAuthMiddleware(async (ctx) => {
    const path = ctx.path ?? "";
    const identifier = entered(ctx.body, guessable[path] ?? "");
    if (identifier === undefined) return;
    const { attributes: _, name } = ctx.context.createAuthCookie(DEVICE_COOKIE);
    const cookie = (ctx.headers && (await ctx.getSignedCookie(name, ctx.context.secret))) || "";
    const [account, device] = cookie.split(".");
    const isOfDevice = device !== undefined && account === deviceOf(ctx.context, identifier);
    const key = keyOf(ctx.context, path, identifier, isOfDevice ? device : "");
    await attempt(ctx, key);
    (await attempted.get()).attempt = { identifier, key, isOfDevice };
  });

  const after = createAuthMiddleware(async (ctx) => {
    const { attempt, reset } = await attempted.get();
    if (isAPIError(ctx.context.returned)) return;
    if (attempt !== undefined) {
      const user = ctx.context.newSession?.user;
      // What others failed at stays counted, where this browser has a count of its own.
      const known = attempt.isOfDevice ? [] : keysOf(ctx.context, identifiersOf(user));
      await promises.leave(forget([attempt.key, ...known]));
    }
    const identifier = reset ?? attempt?.identifier;
    if (identifier === undefined || (attempt?.isOfDevice ?? false)) return;
    const { attributes, name } = ctx.context.createAuthCookie(DEVICE_COOKIE, { maxAge: Duration.toSeconds(DEVICE) });
    const value = `${deviceOf(ctx.context, identifier)}.${randomBytes(16).toString("base64url")}`;
    await ctx.setSignedCookie(name, value, ctx.context.secret, attributes);
  });

  let context: AuthContext | undefined;
  return {
    plugin: {
      id: "iam-throttle",
      init: (initial) => {
        context = initial;
      },
      hooks: {
        before: [
          { matcher: ({ path }) => guessable[path ?? ""] !== undefined, handler: before },
          { matcher: ({ path }) => reentered.has(path ?? ""), handler: beforeReentering },
          { matcher: ({ path }) => sending[path ?? ""] !== undefined, handler: beforeSending },
        ],
        after: [
          {
            matcher: ({ path = "" }) => guessable[path] !== undefined || reentered.has(path) || resets.has(path),
            handler: after,
          },
        ],
      },
    },
    onPasswordReset: async ({ user }) => {
      const identifiers = identifiersOf(user);
      const [first] = identifiers;
      if (context === undefined || first === undefined) return;
      if (await hasRequestState()) (await attempted.get()).reset = first;
      await promises.leave(forget(keysOf(context, identifiers)));
    },
  };
};
