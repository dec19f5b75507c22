/** What a person does with the server, from the first start on. */
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { IamApi } from "@beep/iam-server";
import { assert, layer } from "@effect/vitest";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientRequest from "effect/http/HttpClientRequest";
import * as HttpApiClient from "effect/http-api/HttpApiClient";
import * as Layer from "effect/Layer";
import { Browser, textAt } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { linkIn, mailTo } from "./support/mail.ts";
import * as Process from "./support/process.ts";
import { password, signUp } from "./support/signUp.ts";

class Started extends Context.Service<Started, { readonly server: Process.Serving; readonly dataDir: string }>()(
  "Started",
) {}

const started = Layer.effect(
  Started,
  Effect.gen(function* () {
    const dataDir = yield* Iam.folder;
    const server = yield* Process.serve({ IAM_DATA_DIR: dataDir, IAM_RATE_LIMIT: "false" });
    return { server, dataDir };
  }),
);

layer(started, { excludeTestServices: true, timeout: 60_000 })("a server that was just started", (it) => {
  it.effect("AUTH-1: people sign up, found an organization, invite each other, and leave", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const ann = await signUp(server.url, dataDir, "ann");

        const organization = await ann.post("/api/auth/organization/create", { name: "Acme", slug: "acme" });
        assert.strictEqual(organization.status, 200, organization.text);
        const invited = await ann.post("/api/auth/organization/invite-member", {
          email: "bob@example.com",
          role: "member",
          organizationId: textAt(organization, "id"),
        });
        assert.strictEqual(invited.status, 200, invited.text);

        const bob = await signUp(server.url, dataDir, "bob");
        const link = linkIn(await mailTo(dataDir, "bob@example.com", "ann invites you to Acme"));
        const page = await bob.get(link);
        assert.strictEqual(page.status, 200);
        assert.include(page.text, "Join Acme");
        assert.include(link, textAt(invited, "id"));
        const accepted = await bob.submit(link, { accept: "yes" });
        assert.strictEqual(accepted.headers.get("location"), "/account/organizations?notice=joined", accepted.text);
        const members = await ann.get("/api/auth/organization/list-members");
        assert.strictEqual(members.status, 200, members.text);
        assert.deepInclude(members.json, { total: 2 });

        const key = await ann.post("/api/auth/api-key/create", { name: "build" });
        assert.strictEqual(key.status, 200, key.text);
        const keys = await ann.get("/api/auth/api-key/list");
        assert.include(keys.text, textAt(key, "id"));
        assert.notInclude(keys.text, textAt(key, "key"));

        const session = await ann.get("/api/session");
        assert.strictEqual(session.status, 200, session.text);
        assert.strictEqual(textAt(session, "user", "email"), "ann@example.com");
        assert.strictEqual(textAt(session, "session", "activeOrganizationId"), textAt(organization, "id"));

        assert.strictEqual((await ann.post("/api/auth/sign-out", {})).status, 200);
        const after = await ann.get("/api/session");
        assert.strictEqual(after.status, 401);
        assert.strictEqual(after.headers.get("content-type"), "application/problem+json");
        assert.deepInclude(after.json, { status: 401, code: "UNAUTHORIZED" });
      });
    }),
  );

  it.effect("CRY-5: the session's answer has no token, and the secrets are readable by their owner only", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const cora = await signUp(server.url, dataDir, "cora");
        const cookie = decodeURIComponent(cora.cookies.get("better-auth.session_token") ?? "");
        const token = cookie.slice(0, cookie.indexOf("."));
        assert.isAbove(token.length, 20);
        assert.notInclude((await cora.get("/api/session")).text, token);
        for (const file of ["secret", "key-encryption-keys"]) {
          assert.strictEqual((await stat(join(dataDir, file))).mode & 0o777, 0o600, file);
        }
      });
    }),
  );

  it.effect("AUTH-5: the client's address is the connection's, whatever its headers say", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        await signUp(server.url, dataDir, "dora");
        const dora = new Browser(server.url);
        const claims = { "x-iam-client-address": "203.0.113.9", "x-forwarded-for": "203.0.113.9" };
        await dora.post("/api/auth/sign-in/email", { email: "dora@example.com", password }, claims);
        assert.strictEqual(textAt(await dora.get("/api/session"), "session", "ipAddress"), "127.0.0.1");
      });
    }),
  );

  it.effect("AUTH-6: malformed bodies, ids and requests are 4xx with a code", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const eve = await signUp(server.url, dataDir, "eve");
        const json = { "content-type": "application/json" };
        const post = (path: string, body: string, headers: Record<string, string> = json) =>
          eve.fetch(path, { method: "POST", headers, body });
        const signIn = "/api/auth/sign-in/email";
        const cases: ReadonlyArray<readonly [string, Promise<Awaited<ReturnType<typeof post>>>, number, string]> = [
          ["broken JSON", post(signIn, "{"), 400, "BAD_REQUEST"],
          ["no body", post(signIn, ""), 400, "VALIDATION_ERROR"],
          ["null", post(signIn, "null"), 400, "VALIDATION_ERROR"],
          ["a list", post(signIn, "[]"), 400, "VALIDATION_ERROR"],
          ["text", post(signIn, "a", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
          ["no type", post(signIn, "{}", { "content-type": "" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
          [
            "a character that no text may hold",
            eve.post("/api/auth/update-user", { name: "a\0b" }),
            400,
            "INVALID_VALUE",
          ],
          [
            "a malformed id",
            eve.get("/api/auth/organization/get-full-organization?organizationId=x"),
            400,
            "INVALID_ID",
          ],
          [
            "another entity's id",
            eve.post("/api/auth/organization/set-active", { organizationId: "user_01h455vb4pex5vsknk084sn02q" }),
            400,
            "INVALID_ID",
          ],
          ["more than a request may have", post(signIn, `"${"x".repeat(2 ** 20)}"`), 413, "PAYLOAD_TOO_LARGE"],
          ["an unknown path", eve.get("/nowhere"), 404, "NOT_FOUND"],
          ["an unknown path of Better Auth", eve.get("/api/auth/nowhere"), 404, "NOT_FOUND"],
          ["another method", eve.fetch("/api/session", { method: "DELETE" }), 404, "NOT_FOUND"],
          ["an odd method", eve.fetch("/api/auth/ok", { method: "PROPFIND" }), 404, "NOT_FOUND"],
        ];
        for (const [name, answering, status, code] of cases) {
          const answer = await answering;
          assert.strictEqual(answer.status, status, `${name}: ${answer.text}`);
          assert.strictEqual(answer.headers.get("content-type"), "application/problem+json", name);
          assert.deepInclude(answer.json, { status, code }, name);
        }
        eve.cookies.set("better-auth.session_token", "%E0%A4%A");
        assert.strictEqual((await eve.get("/api/session")).status, 401);
        assert.strictEqual((await eve.get("/invitations/x")).status, 404);
      });
    }),
  );

  it.effect("API-1: one document describes both parts, and the typed client reads the answers", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      const frank = yield* Effect.promise(() => signUp(server.url, dataDir, "frank"));
      const document = yield* Effect.promise(() => frank.get("/openapi.json"));
      const validator = new Validator();
      const { valid, errors } = yield* Effect.promise(() => validator.validate(JSON.parse(document.text)));
      assert.isTrue(valid, String(JSON.stringify(errors)).slice(0, 1000));
      assert.strictEqual(validator.version, "3.1");
      assert.doesNotThrow(() => validator.resolveRefs());
      assert.notInclude(document.text, "nullable");
      for (const path of ["/health", "/api/session", "/api/organizations", "/api/auth/sign-up/email"]) {
        assert.nestedProperty(document.json, `paths.${path}`);
      }

      const cookie = [...frank.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const client = yield* HttpApiClient.make(IamApi, {
        baseUrl: server.url,
        transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("cookie", cookie)),
      });
      assert.deepStrictEqual(yield* client.health(), { status: "ok" });
      assert.deepStrictEqual(yield* client.ready(), { status: "ok" });
      assert.strictEqual((yield* client.session()).user.name, "frank");
    }).pipe(Effect.provide(FetchHttpClient.layer)),
  );

  it.effect("API-1: the reference page needs nothing from elsewhere", () =>
    Effect.gen(function* () {
      const { server } = yield* Started;
      const page = yield* Effect.promise(() => new Browser(server.url).get("/docs"));
      assert.include(page.text, "/api/auth/sign-up/email");
      assert.notMatch(page.text.replaceAll(/<script>.*?<\/script>/gs, ""), /(?:src|href)=/);
      const policy = page.headers.get("content-security-policy") ?? "";
      assert.notMatch(policy, /https?:|\*/);
      assert.include(policy, "default-src 'none'");
      assert.include(policy, "connect-src 'self'");
    }),
  );

  it.effect("the printed command signs somebody up as it stands", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      const [, url = "", header = "", body = ""] =
        /curl (\S+) \\\n {2}--header '([^']+)' \\\n {2}--data '([^']+)'/.exec(server.output) ?? [];
      const [name = "", value = ""] = header.split(": ");
      yield* Effect.promise(async () => {
        // Not by fetch, which says that it is a browser.
        const [answer] = await once(request(url, { method: "POST", headers: { [name]: value } }).end(body), "response");
        assert.deepInclude(answer, { statusCode: 200 });
        const { email } = JSON.parse(body) as { readonly email: string };
        assert.include(await mailTo(dataDir, email, "Confirm your address for iam"), server.url);
      });
    }),
  );
});
