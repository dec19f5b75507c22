/** The look-up that every request asks for: one statement, and Better Auth's own answer. */
import { Auth, IamDb, Tenancy } from "@beep/iam-server";
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
import { administrator, granted, organizationOf } from "./browser.ts";
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
  const lookUp = yield* makeSessionLookup(changed, yield* Effect.promise(() => $context), yield* ServiceConnection);
  return {
    lookUp,
    plain: (headers: Headers): Effect.Effect<unknown, promises.Thrown> =>
      promises.enter(() => api.getSession({ headers })),
  };
});

const asItIs = composed((options) => options);

const tokenIn = (headers: Headers): string => /session_token=([^.;]+)/.exec(headers.get("cookie") ?? "")?.[1] ?? "";

/** Moves the end of a session, as time would. */
const endingIn = (headers: Headers, milliseconds: number) =>
  Effect.flatMap(IamDb.IamDb, ({ db }) =>
    asService(
      db
        .update(IamDbSchema.session)
        .set({ expiresAt: new Date(Date.now() + milliseconds) })
        .where(eq(IamDbSchema.session.token, tokenIn(headers))),
    ),
  );

const hour = 3_600_000;
const day = 24 * hour;

layer(Layer.provideMerge(IamTest.onDatabase, watched), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect("SES-4: a session is looked up by one statement, and is the one that Better Auth finds", () =>
    Effect.gen(function* () {
      const { session } = yield* Auth.Auth;
      const { plain } = yield* asItIs;
      const { during } = yield* Sent;
      const ann = yield* IamTest.signedUp("ann");
      const adam = yield* administrator("adam");
      yield* organizationOf(adam, "acme");
      for (const headers of [ann.headers, adam.headers()]) {
        const found = yield* during(session(headers));
        assert.lengthOf(found.statements, 1, found.statements.join("\n"));
        assert.deepStrictEqual(Option.getOrNull(found.result), yield* plain(headers));
      }
      granted(yield* adam.post("/admin/impersonate-user", { userId: ann.id }));
      const impersonating = Option.getOrThrow(yield* session(adam.headers()));
      assert.strictEqual(impersonating.session.impersonatedBy, adam.id);
      assert.deepStrictEqual(impersonating, yield* plain(adam.headers()));
    }),
  );

  it.effect("SES-4: one that is not to be remembered, or is revoked, is one statement too", () =>
    Effect.gen(function* () {
      const { api, session } = yield* Auth.Auth;
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
      const forgotten = yield* during(session(headers));
      assert.lengthOf(forgotten.statements, 1);
      assert.isNotNull(yield* plain(headers));
      assert.deepStrictEqual(Option.getOrNull(forgotten.result), yield* plain(headers));

      yield* api.signOut({ headers });
      const revoked = yield* during(session(headers));
      assert.lengthOf(revoked.statements, 1);
      assert.isTrue(Option.isNone(revoked.result));
      assert.isNull(yield* plain(headers));
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
      assert.deepStrictEqual(Option.getOrNull(prolonged.session), yield* plain(cid.headers));

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
          .where(eq(session.token, tokenIn(cid.headers))),
      );
      assert.deepStrictEqual(left, []);
    }),
  );

  it.effect("SES-4: whatever stands in the cookies, the answer is Better Auth's", () =>
    Effect.gen(function* () {
      const { session } = yield* Auth.Auth;
      const { plain } = yield* asItIs;
      const dan = yield* IamTest.signedUp("dan");
      const eve = yield* IamTest.signedUp("eve");
      const right = dan.headers.get("cookie") ?? "";
      const name = "better-auth.session_token";
      const value = right.slice(name.length + 1);
      const decoded = decodeURIComponent(value);
      const token = tokenIn(dan.headers);
      const found = [
        right,
        `a=1; ${right}; b=2`,
        `${name}=${decoded}`,
        `${name}="${value}"`,
        ` ${name} = ${value} `,
        `${right}; ${eve.headers.get("cookie")}`,
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
        `${eve.headers.get("cookie")?.replace(name, "other")}`,
      ];
      for (const cookie of [...found, ...nobody]) {
        const headers = new Headers({ cookie });
        assert.deepStrictEqual(Option.getOrNull(yield* session(headers)), yield* plain(headers), cookie);
      }
      // So that the comparison is not one of nothing with nothing.
      const answers = yield* Effect.forEach(found, (cookie) => session(new Headers({ cookie })));
      assert.isAtLeast(answers.filter(Option.isSome).length, found.length - 1);
    }),
  );

  it.effect("SES-4: a plugin or a hook that has a say in sessions is asked", () =>
    Effect.gen(function* () {
      const fay = yield* IamTest.signedUp("fay");
      const { lookUp, plain } = yield* asItIs;
      const found = yield* lookUp(fay.headers);
      assert.deepStrictEqual(found === "undecided" ? found : Option.getOrNull(found), yield* plain(fay.headers));

      const byToken = new Headers({ authorization: `Bearer ${tokenIn(fay.headers)}` });
      assert.isNull(yield* plain(byToken));
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
        assert.notDeepEqual(yield* other.plain(fay.headers), yield* plain(fay.headers), name);
        assert.strictEqual(yield* other.lookUp(fay.headers), "undecided", name);
      }

      const bearing = yield* composed(({ plugins = [], ...options }) => ({
        ...options,
        plugins: [...plugins, bearer()],
      }));
      assert.strictEqual(yield* bearing.lookUp(byToken), "undecided");
      assert.isNotNull(yield* bearing.plain(byToken));
      const cached = yield* composed((options) => ({ ...options, session: { cookieCache: { enabled: true } } }));
      assert.strictEqual(yield* cached.lookUp(fay.headers), "undecided");
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
