/**
 * The session of a request by one prepared statement, because every request asks for it: by its token's digest, and with the
 * key that opens what it has sealed. It finds only what Better Auth would answer without doing anything else; whatever wants more than a look (a session to prolong or to clean up, a
 * plugin that has a say) is for Better Auth itself.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema, relations } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import type { BetterAuthOptions } from "@better-auth/core";
import { getAuthTables } from "@better-auth/core/db";
import { PgClient } from "@effect/sql-pg/PgClient";
import { parseCookies } from "better-call";
import { eq, getColumns, sql } from "drizzle-orm";
import type { EffectDrizzleQueryError } from "drizzle-orm/effect-core/errors";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Record from "effect/Record";
import * as Redacted from "effect/Redacted";
import * as Struct from "effect/Struct";
import type { SqlError } from "effect/sql/SqlError";
import * as Secrets from "../crypto/Secrets.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import type { CurrentSession } from "./Api.ts";
import * as digests from "./digests.ts";
import { isKeyOf } from "./keyOfUser.ts";
import { refuseMalformed } from "./malformed.ts";
import { tables } from "./models.ts";
import { sealedFields } from "./secrets.ts";

/** As much of Better Auth's context as is needed to read its session cookie and to know when it prolongs a session. */
export interface SessionContext {
  readonly secret: string;
  readonly authCookies: Readonly<
    Record<"sessionToken" | "sessionData" | "dontRememberToken", { readonly name: string }>
  >;
  /** In seconds. */
  readonly sessionConfig: { readonly expiresIn: number; readonly updateAge: number };
}

/** What a look found: a session, or that Better Auth has to say. */
export type Found = CurrentSession | "undecided";

type LookupError = EffectDrizzleQueryError | SqlError | Errors.CommitUnknown;

/** The path of Better Auth's own look-up, by which plugins know it. */
const PATH = "/get-session";

/**
 * Plugins whose hooks have nothing to do after a look: they wait for an operation that sets cookies, and `jwt` is told
 * not to add a token.
 */
const withoutSay: ReadonlySet<string> = new Set([
  "bearer",
  "jwt",
  "last-login-method",
  "multi-session",
  "oauth-provider",
  "one-time-token",
]);

/** The look-up for a composition of Better Auth, on the connection that its adapter has. */
export const makeSessionLookup = Effect.fnUntraced(function* (
  options: BetterAuthOptions,
  context: SessionContext,
  connection: ServiceConnection["Service"],
  secrets: Secrets.Secrets["Service"],
) {
  if (!isPlain(options)) return (_headers: Headers): Effect.Effect<Found, LookupError> => Effect.succeed("undecided");

  const db = yield* makeWithDefaults({ relations }).pipe(Effect.provideService(PgClient, connection.client));
  const { session, user } = tables;
  const statement = db
    .select({
      session: Struct.omit(answered(options, "session"), ["token"]),
      user: answered(options, "user"),
      key: Secrets.keyColumns,
    })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .leftJoin(IamDbSchema.dataKey, isKeyOf(session.userId))
    .where(eq(session.token, sql.placeholder("token")))
    .prepare();

  const matchers = (options.plugins ?? [])
    .flatMap(({ id, hooks }) => [...(hooks?.before ?? []), ...(withoutSay.has(id) ? [] : (hooks?.after ?? []))])
    .map(({ matcher }) => matcher);
  const secret = createSecretKey(Buffer.from(context.secret));
  const { expiresIn, updateAge } = context.sessionConfig;
  /** How long before its end a session is prolonged, in milliseconds. */
  const prolongedBefore = (expiresIn - updateAge) * 1_000;

  const { authCookies } = context;
  const sealed = sealedFields(session);

  /** Gives a session with what it has sealed, where the key that was read along opens it. */
  const opened = Effect.fnUntraced(function* (
    found: Readonly<Record<string, unknown>>,
    key: Secrets.KeyRow | null,
    token: string,
  ) {
    const { id, userId } = found;
    const values: Array<[string, Secrets.Sealed]> = [];
    for (const [field, column] of sealed) {
      const envelope = found[field];
      if (typeof envelope !== "string") continue;
      const owner = KeyOwner.user(SharedEntityIds.UserId.make(String(userId)));
      values.push([field, { owner, place: Secrets.at(column, String(id)), envelope }]);
    }
    if (values.length === 0) return Option.some({ ...found, token });
    const clear = yield* Effect.option(
      secrets.openWith(
        key === null ? [] : [key],
        values.map(([, value]) => value),
      ),
    );
    return Option.map(clear, (texts) => ({
      ...found,
      token,
      ...Object.fromEntries(texts.map((text, index) => [values[index]?.[0] ?? "", Redacted.value(text)])),
    }));
  });

  return Effect.fnUntraced(function* (headers: Headers): Effect.fn.Return<Found, LookupError> {
    const asked: Asked = { path: PATH, method: "GET", headers };
    // The type wants all of an endpoint's context, of which a plugin can only use what every request has.
    if (matchers.some((matches) => matches(asked as Parameters<typeof matches>[0]))) return "undecided";
    const cookies = parseCookies(headers.get("cookie") ?? "");
    // A left-over of another configuration, which is cleared; in pieces where it is long.
    if ([...cookies.keys()].some((name) => name.startsWith(authCookies.sessionData.name))) return "undecided";
    const token = signedValue(cookies.get(authCookies.sessionToken.name), secret);
    if (token === undefined) return "undecided";

    const [found] = yield* connection.statement(statement.execute({ token: digests.ofRandom(token) }));
    // Then the browser is told to forget its cookies.
    if (found === undefined || found.session === null) return "undecided";
    // Another key has sealed it, before this one took its place; or it does not open, which is for Better Auth to find out.
    const session = yield* opened(found.session, found.key, token);
    if (Option.isNone(session)) return "undecided";
    // The columns were picked by Better Auth's own list of fields, so that only running it tells their types.
    const current = { session: session.value, user: found.user } as unknown as CurrentSession;
    const left = current.session.expiresAt.getTime() - (yield* Clock.currentTimeMillis);
    if (left <= 0) return "undecided";
    const stays =
      left > prolongedBefore || signedValue(cookies.get(authCookies.dontRememberToken.name), secret) !== undefined;
    return stays ? current : "undecided";
  });
});

/** What a plugin's matcher is told. */
interface Asked {
  readonly path: string;
  readonly method: string;
  readonly headers: Headers;
}

/** Whether sessions are in the database alone, and only Better Auth's own operation answers for them. */
const isPlain = ({ hooks, plugins, secondaryStorage, session }: BetterAuthOptions): boolean =>
  secondaryStorage === undefined &&
  session?.cookieCache?.enabled !== true &&
  session?.deferSessionRefresh !== true &&
  (hooks?.before === undefined || hooks.before === refuseMalformed) &&
  hooks?.after === undefined &&
  !(plugins ?? []).some(({ endpoints }) => Object.values(endpoints ?? {}).some(({ path }) => path === PATH));

/** The columns of a model that Better Auth answers. */
const answered = (options: BetterAuthOptions, model: "session" | "user"): Readonly<Record<string, PgColumn>> => {
  const fields = getAuthTables(options)[model]?.fields ?? {};
  const columns: Readonly<Record<string, PgColumn>> = getColumns(tables[model]);
  return Record.filter(columns, (_, name) => name === "id" || (fields[name] ?? { returned: false }).returned !== false);
};

/**
 * The value of a signed cookie; nothing when its signature is not, character for character, the one that Better Auth
 * makes.
 */
const signedValue = (cookie: string | undefined, secret: KeyObject): string | undefined => {
  const dot = cookie?.lastIndexOf(".") ?? -1;
  if (cookie === undefined || dot < 1) return undefined;
  const value = cookie.slice(0, dot);
  const signature = Buffer.from(cookie.slice(dot + 1));
  const right = Buffer.from(createHmac("sha256", secret).update(value).digest("base64"));
  return signature.length === right.length && timingSafeEqual(signature, right) ? value : undefined;
};
