/** The HTTP layer beside an application's own routes, without a server. */
import { Authentication, IamDb, IamHttp } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { CurrentActor } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Schema from "effect/Schema";
import { asService } from "../src/tenancy/asService.ts";

const Caller = Schema.Struct({ email: Schema.String, actor: Schema.String });

const notes = HttpApiGroup.make("notes").add(
  HttpApiEndpoint.get("caller", "/notes/caller", { success: Caller }).middleware(Authentication.Authentication),
  HttpApiEndpoint.post("add", "/notes", { payload: Schema.Struct({ text: Schema.String }), success: Schema.String }),
  HttpApiEndpoint.get("broken", "/notes/broken", { success: Schema.String }),
);
const NotesApi = HttpApi.make("notes").add(notes);

const handlers = HttpApiBuilder.group(NotesApi, "notes", (group) =>
  group.handleAll({
    caller: () =>
      Effect.gen(function* () {
        const { user } = yield* Authentication.CurrentSession;
        const actor = yield* CurrentActor;
        return { email: user.email, actor: actor._tag === "User" && actor.userId === user.id ? "the user" : "another" };
      }),
    add: ({ payload }) => Effect.succeed(payload.text),
    broken: () => Effect.die(new Error("canary")),
  }),
);

const origin = "http://localhost:3000";
const trusted = "https://app.example";

const routes = Layer.mergeAll(
  IamHttp.layer,
  IamHttp.answering,
  HttpApiBuilder.layer(NotesApi).pipe(Layer.provide(handlers), Layer.provide(Authentication.layer)),
).pipe(
  Layer.provide(HttpServer.layerServices),
  Layer.provide(
    ConfigProvider.layer(
      ConfigProvider.fromUnknown({
        IAM_TRUSTED_ORIGINS: `https://other.example,${trusted}`,
        IAM_BASE_URL: origin,
        IAM_SECRET: IamTest.secret,
      }),
    ),
  ),
);

/** Serves, and hands over what answers requests; and what was logged. */
const served = Effect.gen(function* () {
  const services = yield* Effect.context<IamTest.Provided>();
  const logged: Array<string> = [];
  const log = Logger.map(Logger.formatLogFmt, (line) => void logged.push(line));
  const { handler, dispose } = HttpRouter.toWebHandler(
    routes.pipe(Layer.provide(Layer.succeedContext(services)), Layer.provideMerge(Logger.layer([log]))),
    { disableLogger: true },
  );
  yield* Effect.addFinalizer(() => Effect.promise(dispose));
  const request = (path: string, init?: RequestInit) =>
    Effect.promise(async () => {
      const response = await handler(new Request(new URL(path, origin), init));
      const text = await response.text();
      return {
        status: response.status,
        type: response.headers.get("content-type"),
        allowed: response.headers.get("access-control-allow-origin"),
        setCookies: response.headers.getSetCookie(),
        json: text && JSON.parse(text),
      };
    });
  return { request, logged };
});

layer(IamTest.postgres(), { excludeTestServices: true })("IamHttp beside an application's routes", (it) => {
  it.effect("AUTH-1: guards them, and tells their handlers who calls", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      const problem = { status: 401, type: "application/problem+json" };
      assert.deepInclude(yield* request("/notes/caller"), problem);
      assert.deepInclude(
        yield* request("/notes/caller", { headers: { cookie: "better-auth.session_token=x.y" } }),
        problem,
      );
      const { headers } = yield* IamTest.signedUp("ann");
      const answer = yield* request("/notes/caller", { headers });
      assert.deepStrictEqual(answer.json, { email: "ann@example.com", actor: "the user" });
      yield* request("/api/auth/sign-out", { method: "POST", headers });
      assert.deepInclude(yield* request("/notes/caller", { headers }), problem);
    }).pipe(Effect.scoped),
  );

  it.effect("SES-1: passes on to the browser that its session was prolonged, or is over", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      const { db } = yield* IamDb.IamDb;
      const { headers, id } = yield* IamTest.signedUp("cat");
      const endsAt = (expiresAt: Date) =>
        asService(db.update(IamDbSchema.session).set({ expiresAt }).where(eq(IamDbSchema.session.userId, id)));
      assert.deepStrictEqual((yield* request("/notes/caller", { headers })).setCookies, []);

      yield* endsAt(new Date(Date.now() + 86_400_000));
      const prolonged = yield* request("/notes/caller", { headers });
      assert.strictEqual(prolonged.status, 200);
      assert.match(prolonged.setCookies.join(), /^better-auth\.session_token=.*; Max-Age=604800; Path=\/; HttpOnly/);
      const cookie = prolonged.setCookies[0]?.split(";", 1)[0] ?? "";
      const again = yield* request("/notes/caller", { headers: { cookie } });
      assert.deepInclude(again, { status: 200, setCookies: [] });

      yield* endsAt(new Date(Date.now() - 1));
      const over = yield* request("/notes/caller", { headers });
      assert.strictEqual(over.status, 401);
      assert.match(over.setCookies.join(), /better-auth\.session_token=; Max-Age=0/);
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-6: malformed input is 4xx with a code, on them too", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      const post = (body: string, type = "application/json") =>
        request("/notes", { method: "POST", headers: { "content-type": type }, body });
      assert.deepInclude(yield* post('{"text":"a"}'), { status: 200, json: "a" });
      for (const [answer, status, code] of [
        [yield* post("{"), 400, "BAD_REQUEST"],
        [yield* post('{"text":1}'), 400, "BAD_REQUEST"],
        [yield* post("a", "image/png"), 415, "UNSUPPORTED_MEDIA_TYPE"],
        [yield* post(`{"text":"${"a".repeat(2 ** 20)}"}`), 413, "PAYLOAD_TOO_LARGE"],
      ] as const) {
        assert.deepInclude(answer, { status, type: "application/problem+json" });
        assert.deepInclude(answer.json, { status, code });
      }
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-6: a redirection that is too long to follow is refused", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      const callback = (user: string) =>
        request("/api/auth/callback/github", {
          method: "POST",
          redirect: "manual",
          headers: { "content-type": "application/json", origin },
          body: JSON.stringify({ code: "c", state: "s", user }),
        });
      assert.strictEqual((yield* callback("ann")).status, 302);
      assert.deepInclude(yield* callback("a".repeat(20_000)), { status: 413, type: "application/problem+json" });
    }).pipe(Effect.scoped),
  );

  it.effect("CRY-5: what fails unexpectedly is a bare 500, and stands in the log with its trace", () =>
    Effect.gen(function* () {
      const { request, logged } = yield* served;
      const { status, json } = yield* request("/notes/broken");
      assert.strictEqual(status, 500);
      assert.deepStrictEqual(Object.keys(json).toSorted(), ["code", "status", "title", "type"]);
      assert.match(logged.join("\n"), /canary.*traceId=[0-9a-f]{32}/s);
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-5: a client cannot state its own address", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      const { headers } = yield* IamTest.signedUp("bob");
      const signedIn = yield* request("/api/auth/sign-in/email", {
        method: "POST",
        headers: { "content-type": "application/json", origin, "X-IAM-Client-Address": "203.0.113.9" },
        body: JSON.stringify({ email: "bob@example.com", password: IamTest.password }),
      });
      assert.strictEqual(signedIn.status, 200);
      const sessions = yield* request("/api/auth/list-sessions", { headers });
      assert.strictEqual(sessions.json.length, 2);
      assert.notInclude(JSON.stringify(sessions.json), "203.0.113.9");
    }).pipe(Effect.scoped),
  );

  it.effect("AUTH-6: pages of trusted origins may call with a session, and those of no other", () =>
    Effect.gen(function* () {
      const { request } = yield* served;
      for (const path of ["/api/auth/get-session", "/api/session", "/notes/caller"]) {
        for (const [from, allowed] of [
          [trusted, trusted],
          ["https://evil.example", null],
        ]) {
          const preflight = yield* request(path, {
            method: "OPTIONS",
            headers: { origin: from ?? "", "access-control-request-method": "GET" },
          });
          assert.strictEqual(preflight.allowed, allowed, `${path} before a request from ${from}`);
          const answer = yield* request(path, { headers: { origin: from ?? "" } });
          assert.strictEqual(answer.allowed, allowed, `${path} from ${from}`);
        }
      }
    }).pipe(Effect.scoped),
  );
});
