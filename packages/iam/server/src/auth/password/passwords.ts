/**
 * The rules of passwords, in the two places through which every password goes that Better Auth, or a plugin of it, hashes
 * or verifies.
 */
import type { AuthContext, BetterAuthPlugin, GenericEndpointContext } from "@better-auth/core";
import {
  type AuthEndpointContext,
  defineRequestState,
  hasRequestState,
  tryGetCurrentAuthEndpointContext,
} from "@better-auth/core/context";
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import * as Predicate from "effect/Predicate";
import type { Hashing } from "./hashing.ts";
import type { Blocklist } from "./PasswordBlocklist.ts";
import { demandAcceptable, demandLongEnoughAlone, MAX_PASSWORD_LENGTH, type Subject } from "./policy.ts";

/** The sign-ins with a password. */
const passwordSignIns: ReadonlySet<string> = new Set(["/sign-in/email", "/sign-in/username", "/sign-in/phone-number"]);

/**
 * Where nothing is hashed to be kept: an unknown user's password is, so that the answer takes as long as a known one's. A
 * refusal here would tell the two apart. Wherever else something is hashed it is a new password, and it is examined.
 */
const isComparing = (path: string | undefined): boolean => /^\/(sign-in|two-factor)\//.test(path ?? "");

/** What was done about passwords in a request. */
interface Done {
  /** Whether a password was compared, or as much work was done. */
  compared: boolean;
  /** The hash of which a password was found to be right. */
  verified?: string;
  /** A new password's hash, made before the endpoint runs. */
  prepared?: { readonly password: string; readonly hash: string };
}

const state = defineRequestState((): Done => ({ compared: false }));
const done = async (): Promise<Done> => ((await hasRequestState()) ? state.get() : { compared: false });

/** As much of a user as the rules look at. Which of the fields there are depends on the plugins. */
type Known = Readonly<Partial<Record<"name" | "email" | "username" | "phoneNumber" | "twoFactorEnabled", unknown>>>;

const text = (values: unknown, key: string): string | undefined => {
  const value = Predicate.hasProperty(values, key) ? values[key] : undefined;
  return typeof value === "string" ? value : undefined;
};

type FindUser = (context: AuthEndpointContext) => Promise<Known | null | undefined>;

const ofSession: FindUser = async (context) => {
  // The endpoint's own session is in a copy of this context, and what a look-up leaves is to be in another. It wants no
  // more of an endpoint's context than is there.
  const copy = { ...context, context: { ...context.context, session: null }, responseHeaders: new Headers() };
  return (await getSessionFromCtx(copy as unknown as GenericEndpointContext))?.user;
};

const byId = async ({ internalAdapter }: AuthContext, id: string | undefined) =>
  id === undefined ? undefined : internalAdapter.findUserById(id);

/**
 * Whose password is set, by the path of the endpoint or, where it has none, its name. Of an endpoint that is not here
 * nothing is known: the user may be new, and has no second factor.
 */
const users: Readonly<Record<string, FindUser>> = {
  "/change-password": ofSession,
  setPassword: ofSession,
  "/reset-password": async ({ body, context, query }) => {
    const token = text(body, "token") || text(query, "token");
    const found = await context.internalAdapter.findVerificationValue(`reset-password:${token}`);
    return byId(context, found?.value);
  },
  "/admin/set-user-password": ({ body, context }) => byId(context, text(body, "userId")),
  "/email-otp/reset-password": async ({ body, context }) =>
    (await context.internalAdapter.findUserByEmail((text(body, "email") ?? "").toLowerCase()))?.user,
  "/phone-number/reset-password": ({ body, context }) =>
    context.adapter.findOne<Known & Record<string, unknown>>({
      model: "user",
      where: [{ field: "phoneNumber", value: text(body, "phoneNumber") ?? "" }],
    }),
};

/** The path of an endpoint, or the name of one that has no route. */
const operationOf = (context: AuthEndpointContext | undefined): string =>
  (context?.path === "virtual:" ? text(context, "operationId") : context?.path) ?? "";

/** The parts of a name or an address that may stand in a password. */
const wordsOf = (...texts: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  texts.flatMap((value) => (typeof value === "string" ? [value, ...value.split(/[^\p{L}\p{N}]+/u)] : []));

/** What the rules stand on. */
export interface Dependencies {
  readonly hashing: Hashing;
  readonly blocklist: Blocklist;
  /** What says something of the service. */
  readonly words: ReadonlyArray<string>;
}

/**
 * Better Auth's plugin for them. It stands before the one for the second factor, which takes back the session of a
 * sign-in that is not complete.
 */
export const passwords = ({ blocklist, hashing, words }: Dependencies): BetterAuthPlugin => {
  const serviceWords = wordsOf(...words);

  const subjectOf = async (context: AuthEndpointContext | undefined): Promise<Subject> => {
    const find = users[operationOf(context)];
    const known = context === undefined ? undefined : await find?.(context);
    const of: Known = known ?? (Predicate.isObject(context?.body) ? context.body : {});
    return {
      hasSecondFactor: known?.twoFactorEnabled === true,
      words: [...serviceWords, ...wordsOf(of.name, of.email, of.username, of.phoneNumber)],
    };
  };

  const hash = async (password: string): Promise<string> => {
    const context = tryGetCurrentAuthEndpointContext();
    const work = await done();
    work.compared = true;
    if (isComparing(context?.path)) return hashing.hash(password);
    if (work.prepared?.password === password) return work.prepared.hash;
    await demandAcceptable(blocklist, password, await subjectOf(context));
    return hashing.hash(password);
  };

  const verify = async (input: { readonly hash: string; readonly password: string }): Promise<boolean> => {
    const work = await done();
    work.compared = true;
    if (!(await hashing.verify(input))) return false;
    work.verified = input.hash;
    // What was long enough beside a second factor need not be so alone.
    if (tryGetCurrentAuthEndpointContext()?.path === "/two-factor/disable") demandLongEnoughAlone(input.password);
    return true;
  };

  /** Replaces a hash by one at today's cost, unless the password was changed meanwhile. Without it the sign-in stands. */
  const rehash = async ({ adapter, logger }: AuthContext, userId: string, weak: string, password: string) => {
    const where = [
      { field: "userId", value: userId },
      { field: "providerId", value: "credential" },
      { field: "password", value: weak },
    ];
    try {
      await adapter.updateMany({ model: "account", where, update: { password: await hashing.hash(password) } });
    } catch (error) {
      logger.error("A password's hash could not be renewed.", error);
    }
  };

  return {
    id: "iam-passwords",
    init: ({ password }) => ({ context: { password: { ...password, hash, verify } } }),
    hooks: {
      before: [
        {
          // Better Auth's sign-up is one transaction: what takes long, or asks others, is done before it.
          matcher: ({ path }) => path === "/sign-up/email",
          handler: createAuthMiddleware(async ({ body, context }) => {
            const password = text(body, "password");
            const { maxPasswordLength, minPasswordLength } = context.password.config;
            if (password === undefined || password.length < minPasswordLength || password.length > maxPasswordLength) {
              return;
            }
            const hash = await context.password.hash(password);
            (await done()).prepared = { password, hash };
          }),
        },
      ],
      after: [
        {
          matcher: ({ path }) => passwordSignIns.has(path ?? ""),
          handler: createAuthMiddleware(async ({ body, context }) => {
            const password = text(body, "password");
            if (password === undefined) return;
            const { compared, verified } = await done();
            // Not every plugin hashes an unknown user's password, and then answers at once.
            if (!compared && isAPIError(context.returned)) await hashing.hash(password.slice(0, MAX_PASSWORD_LENGTH));
            const userId = context.newSession?.user.id;
            if (userId !== undefined && verified !== undefined && hashing.isWeak(verified)) {
              await rehash(context, userId, verified, password);
            }
          }),
        },
      ],
    },
  };
};
