/** The look-up that every request asks for: one statement, and Better Auth's own answer. */
import { Auth, IamDb, Secrets, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamTest, Statements, TestDatabase } from "@beep/testing";
import type { BetterAuthOptions } from "@better-auth/core";
import { assert, layer } from "@effect/vitest";
import { createAuthMiddleware } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { bearer, customSession } from "better-auth/plugins";
import { eq } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as promises from "../../src/auth/promises.ts";
import { makeSessionLookup } from "../../src/auth/sessionLookup.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { asService } from "../../src/tenancy/asService.ts";
import { administrator, at, granted, organizationOf } from "./browser.ts";
import * as control from "./control.ts";

/** What was sent to the database. */
class Sent extends Context.Service<Sent, Statements.Statements>()("test/auth/Sent") {}

const watched = Layer.effectContext(
  Effect.gen(function* () {
    const database = yield* TestDatabase.make();
    const statements = yield* Statements.watch(database.appUrl);
    return Context.make(Sent, statements).pipe(Context.add(TestDatabase, { ...database, appUrl: statements.url }));
  }),
);

/** Better Auth by itself, over the same database and with the same secret, and its plain look-up. */
const composed = Effect.fnUntraced(function* (change: (options: BetterAuthOptions) => BetterAuthOptions) {
  const { options } = yield* control.betterAuth();
  const changed = change({ ...options, secret: IamTest.secret });
  const { api, $context } = betterAuth(changed);
  const lookUp = yield* makeSessionLookup(
    changed,
    yield* Effect.promise(() => $context),
    yield* ServiceConnection,
    yield* Secrets.Secrets,
  );
  return {
    lookUp,
    plain: (headers: Headers) =>
      Effect.map(
        promises.enter(() => api.getSession({ headers, returnHeaders: true })),
        (answer): Answered => ({ session: answer.response, setCookies: answer.headers.getSetCookie() }),
      ),
  };
});

/** A look-up's answer, for comparison. */
interface Answered {
  readonly session: unknown;
  readonly setCookies: ReadonlyArray<string>;
}

/** What our own look-up answers. */
const looked = (headers: Headers) =>
  Effect.flatMap(Auth.Auth, ({ authenticate }) =>
    Effect.map(
      authenticate(headers),
      ({ session, setCookies }): Answered => ({ session: Option.getOrNull(session), setCookies }),
    ),
  );

/** The look-up's own statement: Better Auth's joins otherwise. */
const ours = /^select .* from "iam_sessions" inner join "iam_users" on /;

const asItIs = composed((options) => options);

const tokenIn = (headers: Headers): string => /session_token=([^.;]+)/.exec(headers.get("cookie") ?? "")?.[1] ?? "";

/** Moves the end of a session, as time would. */
const endingIn = (headers: Headers, milliseconds: number) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) =>
    asService(
      db
        .update(IamDbSchema.session)
        .set({ expiresAt: new Date(Date.now() + milliseconds) })
        .where(eq(IamDbSchema.session.token, IamTest.digestOf(tokenIn(headers)))),
    ),
  );

const hour = 3_600_000;
const day = 24 * hour;

layer(Layer.provideMerge(IamTest.onDatabase, watched), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect("SES-4: a session is looked up by one statement, and is the one that Better Auth finds", () =>
    Effect.gen(function* () {
      const { plain } = yield* asItIs;
      const { during } = yield* Sent;
      const ann = yield* IamTest.signedUp("ann");
      const adam = yield* administrator("adam");
      yield* organizationOf(adam, "acme");
      for (const headers of [ann.headers, adam.headers()]) {
        const { count, result, statements } = yield* during(looked(headers));
        assert.deepStrictEqual(count, { statements: 1, control: 0, scope: 0, roundTrips: 1 }, statements.join("\n"));
        assert.match(statements[0] ?? "", ours);
        assert.isNotNull(result.session);
        assert.deepStrictEqual(result, yield* plain(headers));
      }
      granted(yield* adam.post("/admin/impersonate-user", { userId: ann.id }));
      const impersonating = yield* looked(adam.headers());
      assert.strictEqual(at(impersonating.session, "session", "impersonatedBy"), adam.id);
      assert.deepStrictEqual(impersonating, yield* plain(adam.headers()));
    }),
  );

  it.effect("SES-4: one that is not to be remembered is one statement too; one that is revoked is none any more", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { plain } = yield* asItIs;
      const { during } = yield* Sent;
      const bea = yield* IamTest.signedUp("bea");
      const { headers: answered } = yield* api.signInEmail({
        body: { email: bea.email, password: IamTest.password, rememberMe: false },
        returnHeaders: true,
      });
      const headers = new Headers({
        cookie: answered
          .getSetCookie()
          .map((cookie) => cookie.split(";", 1)[0])
          .join("; "),
      });
      const forgotten = yield* during(looked(headers));
      assert.deepStrictEqual(forgotten.count, { statements: 1, control: 0, scope: 0, roundTrips: 1 });
      assert.isNotNull(forgotten.result.session);
      assert.deepStrictEqual(forgotten.result, yield* plain(headers));

      yield* api.signOut({ headers });
      const revoked = yield* looked(headers);
      assert.isNull(revoked.session);
      assert.match(revoked.setCookies.join(), /better-auth\.session_token=; Max-Age=0/);
      assert.deepStrictEqual(revoked, yield* plain(headers));
    }),
  );

  it.effect("SES-1: a session that it is time to prolong is prolonged, and one that is over is cleaned up", () =>
    Effect.gen(function* () {
      const { authenticate } = yield* Auth.Auth;
      const { plain } = yield* asItIs;
      const cid = yield* IamTest.signedUp("cid");

      yield* endingIn(cid.headers, 6 * day + hour);
      assert.deepStrictEqual((yield* authenticate(cid.headers)).setCookies, []);
      yield* endingIn(cid.headers, 6 * day - hour);
      const prolonged = yield* authenticate(cid.headers);
      assert.match(prolonged.setCookies.join(), /^better-auth\.session_token=.*Max-Age=604800/);
      assert.isAbove(Option.getOrThrow(prolonged.session).session.expiresAt.getTime(), Date.now() + 7 * day - hour);
      assert.deepStrictEqual(Option.getOrNull(prolonged.session), (yield* plain(cid.headers)).session);

      yield* endingIn(cid.headers, -1);
      const over = yield* authenticate(cid.headers);
      assert.isTrue(Option.isNone(over.session));
      assert.match(over.setCookies.join(), /better-auth\.session_token=; Max-Age=0/);
      const { db } = yield* IamDb.IamDb;
      const { session } = IamDbSchema;
      const left = yield* asService(
        db
          .select()
          .from(session)
          .where(eq(session.token, IamTest.digestOf(tokenIn(cid.headers)))),
      );
      assert.deepStrictEqual(left, []);
    }),
  );

  it.effect("SES-4: whatever stands in the cookies, the answer is Better Auth's", () =>
    Effect.gen(function* () {
      const { plain } = yield* asItIs;
      const dan = yield* IamTest.signedUp("dan");
      const eve = yield* IamTest.signedUp("eve");
      const name = "better-auth.session_token";
      const sessionCookie = ({ headers }: IamTest.SignedUp) =>
        headers
          .get("cookie")
          ?.split("; ")
          .find((cookie) => cookie.startsWith(`${name}=`)) ?? "";
      const right = sessionCookie(dan);
      const value = right.slice(name.length + 1);
      const decoded = decodeURIComponent(value);
      const token = tokenIn(dan.headers);
      const found = [
        right,
        `a=1; ${right}; b=2`,
        `${name}=${decoded}`,
        `${name}="${value}"`,
        ` ${name} = ${value} `,
        `${right}; ${sessionCookie(eve)}`,
        // The bits that base64 has to spare.
        `${name}=${encodeURIComponent(decoded.replace(/.(?==$)/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)))}`,
        `${right}; better-auth.dont_remember=${encodeURIComponent(`true.${"A".repeat(43)}=`)}`,
        `${right}; better-auth.session_data=x`,
      ];
      const nobody = [
        "",
        ";",
        "=",
        name,
        `${name}=`,
        `${name}=${token}`,
        `${name}=${token}.`,
        `${name}=.${decoded.split(".")[1]}`,
        `${name}=${token}.${"A".repeat(43)}=`,
        `${name}=x${value}`,
        `${name}=${value}x`,
        `${name}=%E0%A4%A`,
        `__Secure-${right}`,
        `${name}=${value.replace(token, tokenIn(eve.headers))}`,
        sessionCookie(eve).replace(name, "other"),
      ];
      for (const cookie of [...found, ...nobody]) {
        const headers = new Headers({ cookie });
        assert.deepStrictEqual(yield* looked(headers), yield* plain(headers), cookie);
      }
      // So that the comparison is not one of nothing with nothing.
      const answers = yield* Effect.forEach(found, (cookie) => looked(new Headers({ cookie })));
      assert.isAtLeast(answers.filter(({ session }) => session !== null).length, found.length - 1);
    }),
  );

  it.effect("SES-4: a plugin or a hook that has a say in sessions is asked", () =>
    Effect.gen(function* () {
      const fay = yield* IamTest.signedUp("fay");
      const { lookUp, plain } = yield* asItIs;
      const known = yield* plain(fay.headers);
      assert.isNotNull(known.session);
      assert.deepStrictEqual<unknown>(yield* lookUp(fay.headers), known.session);

      const byToken = new Headers({ authorization: `Bearer ${tokenIn(fay.headers)}` });
      assert.isNull((yield* plain(byToken)).session);
      const seen = createAuthMiddleware(async ({ context }) => {
        context.returned = { seen: true };
      });
      const changes: Readonly<Record<string, (options: BetterAuthOptions) => BetterAuthOptions>> = {
        "another operation": ({ plugins = [], ...options }) => ({
          ...options,
          plugins: [...plugins, customSession(async () => ({ seen: true }))],
        }),
        "a plugin's hook": ({ plugins = [], ...options }) => ({
          ...options,
          plugins: [
            ...plugins,
            { id: "seer", hooks: { after: [{ matcher: ({ path }) => path === "/get-session", handler: seen }] } },
          ],
        }),
        "a hook": (options) => ({ ...options, hooks: { ...options.hooks, after: seen } }),
      };
      for (const [name, change] of Object.entries(changes)) {
        const other = yield* composed(change);
        assert.notDeepEqual((yield* other.plain(fay.headers)).session, known.session, name);
        assert.strictEqual(yield* other.lookUp(fay.headers), "undecided", name);
      }

      const bearing = yield* composed(({ plugins = [], ...options }) => ({
        ...options,
        plugins: [...plugins, bearer()],
      }));
      assert.strictEqual(yield* bearing.lookUp(byToken), "undecided");
      assert.isNotNull((yield* bearing.plain(byToken)).session);
      const cached = yield* composed((options) => ({ ...options, session: { cookieCache: { enabled: true } } }));
      assert.strictEqual(yield* cached.lookUp(fay.headers), "undecided");
    }),
  );

  it.effect("CRY-5: sessions are listed by digests, which end them and let nobody in; this one is spared", () =>
    Effect.gen(function* () {
      const { api, handler } = yield* Auth.Auth;
      const hal = yield* IamTest.signedUp("hal");
      const there = yield* IamTest.signedIn(hal.email);
      const far = yield* IamTest.signedIn(hal.email);
      const listed = (yield* api.listSessions({ headers: hal.headers })).map(({ token }) => token);
      assert.sameMembers(listed, [
        tokenIn(hal.headers),
        IamTest.digestOf(tokenIn(there)),
        IamTest.digestOf(tokenIn(far)),
      ]);
      const digest = IamTest.digestOf(tokenIn(there));
      const asCookie = new Headers({ cookie: `better-auth.session_token=${digest}` });
      assert.isNull((yield* looked(asCookie)).session);
      const bearing = new Request("http://localhost:3000/api/auth/get-session", {
        headers: { authorization: `Bearer ${digest}` },
      });
      const response = yield* handler(bearing);
      assert.isNull(yield* Effect.promise(() => response.json()));

      yield* api.revokeSession({ headers: hal.headers, body: { token: digest } });
      assert.isNull((yield* looked(there)).session);
      assert.isNotNull((yield* looked(far)).session);
      // Better Auth tells this session from the others by its token.
      yield* api.revokeOtherSessions({ headers: hal.headers });
      assert.isNull((yield* looked(far)).session);
      assert.isNotNull((yield* looked(hal.headers)).session);
    }),
  );

  it.effect("SES-4: inside a tenant's scope the session is found, too", () =>
    Effect.gen(function* () {
      const { session } = yield* Auth.Auth;
      const gus = yield* IamTest.signedUp("gus");
      const { id } = yield* IamTest.organizationOf(gus, "gus");
      const outside = Option.getOrThrow(yield* session(gus.headers));
      assert.deepStrictEqual(Option.getOrThrow(yield* Tenancy.within(id)(session(gus.headers))), outside);
    }),
  );
});
