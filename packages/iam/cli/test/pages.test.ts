/** The pages, as a browser without scripts has them. */
import { Pages } from "@beep/iam-server";
import { connect } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Struct from "effect/Struct";
import { type Answer, Browser, textAt } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { codeTo, linkIn, mailTo } from "./support/mail.ts";
import { served } from "./support/served.ts";

const password = "a password of some length";
const APP = "https://app.example.com";

class Started extends Context.Service<Started, Effect.Success<ReturnType<typeof served>>>()("Started") {}

const started = Layer.effect(
  Started,
  served(
    {
      IAM_LOG_LEVEL: "error",
      IAM_TRUSTED_ORIGINS: APP,
      IAM_SIGN_UP_PAGE: `${APP}/join`,
      IAM_ERROR_PAGE: "/oops",
      IAM_INVITATION_PAGE: `${APP}/join?invitation=:id`,
      IAM_PLUGINS: "email-otp,magic-link,passkey,sso,username",
      IAM_ACCENT_COLOR: "#ffcc00",
      IAM_LOGO_URL: "https://cdn.example.com/logo.svg",
      IAM_STYLESHEET_URL: "https://cdn.example.com/own.css",
    },
    Iam.serve,
  ),
);

/** The fields of a page's forms that are hidden. */
const hiddenIn = ({ text }: Answer): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, value]) => [name, value]),
  );

const confirmed = async (server: Iam.Server, dataDir: string, name: string): Promise<Browser> => {
  const browser = new Browser(server.url);
  const email = `${name}@example.com`;
  const signedUp = await browser.post("/api/auth/sign-up/email", { name, email, password });
  assert.strictEqual(signedUp.status, 200, signedUp.text);
  const followed = await browser.get(linkIn(await mailTo(dataDir, email, "Confirm your address for iam")));
  // Where nobody says where to go, there is a page that says what it came to.
  assert.strictEqual(followed.headers.get("location"), `${server.url}/verify-email`);
  return browser;
};

layer(started, { excludeTestServices: true, timeout: 60_000 })("the pages", (it) => {
  it.effect("UI-2: let in nothing from elsewhere, are framed by nobody, and are kept by nobody", () =>
    Effect.gen(function* () {
      const { server } = yield* Started;
      yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        for (const path of [
          "/",
          "/setup",
          "/sign-in",
          "/verify-email?sent=first",
          "/forgotten-password",
          "/password",
          "/two-factor",
        ]) {
          const page = await browser.get(path);
          assert.include(page.headers.get("content-type") ?? "", "text/html", path);
          const policy = page.headers.get("content-security-policy") ?? "";
          for (const part of [
            "default-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
          ]) {
            assert.include(policy, part, path);
          }
          assert.notMatch(policy, /unsafe|\*/, path);
          assert.include(policy, "style-src 'self' https://cdn.example.com;", path);
          assert.strictEqual(policy.includes("script-src"), path === "/sign-in", path);
          assert.notMatch(page.text, /<script(?! type="module" src="\/assets\/)|<style|\sstyle=|\son\w+=/, path);
          assert.strictEqual(page.headers.get("referrer-policy"), "same-origin", path);
          assert.strictEqual(page.headers.get("cache-control"), "no-store", path);
          assert.strictEqual(page.headers.get("x-content-type-options"), "nosniff", path);
        }
      });
    }),
  );

  it.effect("UI-2: what they load never changes under its name, and looks as it is told to", () =>
    Effect.gen(function* () {
      const { server } = yield* Started;
      yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        const page = await browser.get("/sign-in");
        const assets = [...page.text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
        assert.strictEqual(assets.length, 3, page.text);
        for (const path of assets) {
          const asset = await browser.get(path);
          assert.strictEqual(asset.status, 200, path);
          assert.strictEqual(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
          // Black is what can be read on yellow.
          if (path.endsWith(".css")) assert.match(asset.text, /--accent: #ffcc00;.*--on-accent: #000;/);
        }
        assert.include(page.text, '<link rel="stylesheet" href="https://cdn.example.com/own.css">');
        assert.include(page.text, '<img src="https://cdn.example.com/logo.svg" alt="iam"');
      });
    }),
  );

  it.effect("UI-2: escape what they show, and say nothing that somebody put into a link", () =>
    Effect.gen(function* () {
      const { server } = yield* Started;
      yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        const evil = encodeURIComponent('"><b>call 555</b>');
        for (const path of [
          `/setup?token=${evil}`,
          `/sign-in?next=/${evil}&error=${evil}&notice=${evil}`,
          "/sign-in?notice=constructor&error=__proto__",
          `/password?token=${evil}`,
          `/two-factor?next=/${evil}&method=${evil}`,
          `/verify-email?error=${evil}&next=/${evil}`,
          `/invitations/${evil}`,
        ]) {
          const page = await browser.get(path);
          assert.notInclude(page.text, "<b>", path);
          assert.notInclude(page.text, "native code", path);
          assert.isBelow(page.status, 500, path);
        }
        const refused = await browser.submit("/sign-in", { email: '"><b>', password: "" });
        assert.strictEqual(refused.status, 400);
        assert.include(refused.text, 'value="&quot;&gt;&lt;b&gt;"');
      });
    }),
  );

  it.effect("UI-2: take a form from their own pages only", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const ann = await confirmed(server, dataDir, "ann");
        const fields = { email: "ann@example.com", password };
        const sent = (headers: Record<string, string>) =>
          new Browser(server.url).fetch("/sign-in", { method: "POST", body: new URLSearchParams(fields), headers });
        for (const headers of [
          { origin: "https://evil.example" },
          { origin: "null" },
          { origin: "" },
          { origin: APP },
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { "sec-fetch-site": "none" },
        ]) {
          const answer = await sent(headers);
          assert.strictEqual(answer.status, 403, JSON.stringify(headers));
          assert.isNull(answer.headers.get("set-cookie"));
        }
        assert.strictEqual((await sent({ "sec-fetch-site": "same-origin" })).status, 303);
        const signedIn = await ann.submit("/sign-in", fields);
        assert.strictEqual(signedIn.status, 303, signedIn.text);
        for (const path of [
          "/account",
          "/sign-out",
          "/account/security",
          "/account/sessions/others",
          "/account/organizations",
        ]) {
          const answer = await ann.fetch(path, {
            method: "POST",
            body: new URLSearchParams({ name: "Eve" }),
            headers: { origin: "https://evil.example" },
          });
          assert.strictEqual(answer.status, 403, path);
        }
        assert.include((await ann.get("/account")).text, 'value="ann"');
      });
    }),
  );

  it.effect("UI-2: lead nowhere but to the server and to trusted origins", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const bob = await confirmed(server, dataDir, "bob");
        // The form's word counts as little as the link's.
        for (const [next, leads] of [
          [`${APP}/home`, `${APP}/home`],
          ["//evil.example/", "/account"],
          ["https://evil.example/", "/account"],
        ] as const) {
          const answer = await bob.submit("/sign-in", { email: "bob@example.com", password, next });
          assert.strictEqual(answer.headers.get("location"), leads, next);
        }
        const cases: ReadonlyArray<readonly [next: string, leads: string]> = [
          ["/account/sessions?a=b#c", "/account/sessions?a=b#c"],
          [`${server.url}/docs`, "/docs"],
          [`${APP}/home?x=1`, `${APP}/home?x=1`],
          ["", "/account"],
          ["https://evil.example/", "/account"],
          ["//evil.example/", "/account"],
          ["/\\evil.example/", "/account"],
          ["\\\\evil.example", "/account"],
          ["/\t/evil.example", "/account"],
          [" //evil.example", "/account"],
          ["javascript:alert(1)", "/account"],
          ["data:text/html,x", "/account"],
          [`${APP}.evil.example/`, "/account"],
          [`https://app.example.com@evil.example/`, "/account"],
          ["http://app.example.com/", "/account"],
          [`${server.url}//evil.example`, "/evil.example"],
          ["/.//evil.example", "/evil.example"],
        ];
        for (const [next, leads] of cases) {
          const page = await new Browser(server.url).get(`/sign-in?${new URLSearchParams({ next })}`);
          const { next: kept = "/account" } = hiddenIn(page);
          assert.strictEqual(kept.replaceAll("&amp;", "&"), leads, next);
          // Who is signed in already is sent on at once.
          assert.strictEqual(
            (await bob.get(`/sign-in?${new URLSearchParams({ next })}`)).headers.get("location"),
            leads,
            next,
          );
        }
        const policy = async (next: string) =>
          (await new Browser(server.url).get(`/sign-in?${new URLSearchParams({ next })}`)).headers.get(
            "content-security-policy",
          );
        assert.include((await policy(`${APP}/`)) ?? "", `form-action 'self' ${APP};`);
        assert.include((await policy("https://evil.example/")) ?? "", "form-action 'self';");
      });
    }),
  );

  it.effect("UI-2: an application's own page is led to, and not served", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        assert.include((await browser.get("/sign-in")).text, `href="${APP}/join"`);
        for (const path of ["/sign-up", "/error", "/oops"])
          assert.strictEqual((await browser.get(path)).status, 404, path);
        const failed = await browser.get("/api/auth/error?error=state_not_found");
        assert.strictEqual(failed.headers.get("location"), `${server.url}/oops?error=state_not_found`);
        const gil = await confirmed(server, dataDir, "gil");
        await gil.submit("/sign-in", { email: "gil@example.com", password });
        await gil.submit("/account/organizations", { name: "Acme" });
        const invited = await gil.post("/api/auth/organization/invite-member", {
          email: "hal@example.com",
          role: "member",
        });
        assert.strictEqual(
          linkIn(await mailTo(dataDir, "hal@example.com", "gil invites you to Acme")),
          `${APP}/join?invitation=${textAt(invited, "id")}`,
        );
        // Nor is one whose plugin is not enabled.
        for (const path of ["/device", "/consent"]) assert.strictEqual((await gil.get(path)).status, 404, path);
        const served = Struct.omit(Pages.paths, ["signUp", "error", "invitation", "device", "consent"]);
        for (const path of Object.values(served)) assert.notStrictEqual((await browser.get(path)).status, 404, path);
      });
    }),
  );

  it.effect("UI-3: work without scripts: somebody resets a password, signs in, and looks after the account", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const eve = await confirmed(server, dataDir, "eve");
        const email = "eve@example.com";
        const wrong = await eve.submit("/sign-in", { email, password: "it is not this, I fear" });
        assert.strictEqual(wrong.status, 401);
        assert.include(wrong.text, "is not right");
        assert.include(wrong.text, `value="${email}"`);
        assert.notInclude(wrong.text, "it is not this");

        const asked = await eve.submit("/forgotten-password", { email });
        assert.strictEqual(asked.status, 303);
        assert.include((await eve.get(asked.headers.get("location") ?? "")).text, email);
        const link = await eve.get(linkIn(await mailTo(dataDir, email, "Reset your password for iam")));
        const form = await eve.get(link.headers.get("location") ?? "");
        const changed = "another password of some length";
        const set = await eve.submit("/password", { ...hiddenIn(form), password: changed });
        assert.strictEqual(set.headers.get("location"), "/sign-in?notice=password");
        assert.strictEqual((await eve.submit("/password", { ...hiddenIn(form), password: changed })).status, 400);

        const before = await eve.get("/account/sessions");
        assert.strictEqual(before.headers.get("location"), "/sign-in?next=%2Faccount%2Fsessions");
        const signedIn = await eve.submit("/sign-in", { email, password: changed, next: "/account/sessions" });
        assert.strictEqual(signedIn.headers.get("location"), "/account/sessions");
        await new Browser(server.url).submit("/sign-in", { email, password: changed });
        const sessions = await eve.get("/account/sessions");
        const [, other = ""] = /name="session" value="([^"]+)"/.exec(sessions.text) ?? [];
        const cookie = decodeURIComponent(eve.cookies.get("better-auth.session_token") ?? "");
        assert.notInclude(sessions.text, cookie.slice(0, cookie.indexOf(".")));
        const ended = await eve.submit("/account/sessions", { session: other });
        assert.strictEqual(ended.headers.get("location"), "/account/sessions?notice=session-ended");
        assert.notInclude((await eve.get("/account/sessions")).text, other);
        assert.strictEqual((await eve.submit("/account/sessions", { session: other })).status, 404);

        const created = await eve.submit("/account/organizations", { name: "Été & Cie" });
        assert.strictEqual(created.headers.get("location"), "/account/organizations?notice=created");
        const organizations = await eve.get("/account/organizations");
        assert.include(organizations.text, "Été &amp; Cie");
        assert.include(organizations.text, "ete-cie");
        const again = await eve.submit("/account/organizations", { name: "Other", slug: "ete-cie" });
        assert.strictEqual(again.status, 400, again.text);
        assert.match(again.text, /id="slug"[^>]*aria-describedby="slug-hint slug-problem"[^>]*aria-invalid="true"/);

        const out = await eve.submit("/sign-out", {});
        assert.strictEqual(out.headers.get("location"), "/sign-in?notice=signed-out");
        assert.strictEqual((await eve.get("/api/session")).status, 401);
      });
    }),
  );

  it.effect("UI-2: what no form of theirs would send is refused, and breaks nothing", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const ida = await confirmed(server, dataDir, "ida");
        await ida.submit("/sign-in", { email: "ida@example.com", password });
        const odd: ReadonlyArray<readonly [path: string, fields: Record<string, string>]> = [
          ["/sign-in", { email: "a\0b@example.com", password: "x" }],
          ["/sign-in", { email: "\ud800@example.com", way: "link" }],
          ["/sign-in", { email: "x", way: "code" }],
          ["/sign-in", { email: "x", way: "sso" }],
          ["/sign-in/code", { email: "x", code: "1" }],
          ["/verify-email", { email: "x" }],
          ["/forgotten-password", { email: "x" }],
          ["/password", { token: "\0", password }],
          ["/two-factor", { code: "1", method: "constructor" }],
          ["/setup", { token: "x", name: "a", email: "b", password }],
          ["/account", { name: "a\0b" }],
          ["/account/security", { currentPassword: "x", newPassword: "y" }],
          ["/account/security/two-factor", { do: "verify", uri: "otpauth://totp/x", code: "1" }],
          ["/account/security/two-factor", { do: "verify", uri: `otpauth://totp/${"x".repeat(9_000)}`, code: "1" }],
          ["/account/security/two-factor", { do: "constructor", password: "x" }],
          ["/account/security/passkeys", { rename: "x", name: "" }],
          ["/account/security/accounts", { account: "x" }],
          ["/account/organizations", { name: "☃" }],
          ["/account/organizations/active", { organization: "x" }],
          ["/consent", { query: "a=b", accept: "yes" }],
          ["/device", { user_code: "x", approve: "yes" }],
          ["/invitations/x", { accept: "yes" }],
        ];
        for (const [path, fields] of odd) {
          const answer = await ida.submit(path, fields);
          const what = `${path} ${JSON.stringify(fields).slice(0, 80)}: ${answer.status}`;
          assert.isTrue(answer.status === 303 || (answer.status >= 400 && answer.status < 500), what);
        }
        const post = (path: string, body: string, type: string) =>
          ida.fetch(path, { method: "POST", body, headers: { "content-type": type } });
        assert.isBelow((await post("/sign-in", "{}", "application/json")).status, 500);
        assert.isBelow((await post("/sign-in", "--x", "multipart/form-data; boundary=x")).status, 500);
        assert.strictEqual(
          (await post("/sign-in", "x".repeat(2 ** 20 + 1), "application/x-www-form-urlencoded")).status,
          413,
        );
      });
    }),
  );

  it.effect("UI-3: a user name signs in, and an address at whose domain there is single sign-on leads there", () =>
    Effect.gen(function* () {
      const { server, dataDir, database } = yield* Started;
      const kim = yield* Effect.promise(() => confirmed(server, dataDir, "kim"));
      const admin = yield* connect(database.adminUrl);
      yield* admin`update iam_users set username = 'kim', display_username = 'kim', role = 'admin' where email = 'kim@example.com'`;
      yield* Effect.promise(async () => {
        assert.include((await kim.get("/sign-in")).text, "E-mail address or user name");
        const signedIn = await kim.submit("/sign-in", { email: "kim", password });
        assert.strictEqual(signedIn.headers.get("location"), "/account", signedIn.text);
        const at = "https://login.corp.example";
        const registered = await kim.post("/api/auth/sso/register", {
          providerId: "corp",
          issuer: at,
          domain: "corp.example",
          oidcConfig: {
            clientId: "iam",
            clientSecret: "secret",
            authorizationEndpoint: `${at}/authorize`,
            tokenEndpoint: `${at}/token`,
            jwksEndpoint: `${at}/jwks`,
            skipDiscovery: true,
          },
        });
        assert.strictEqual(registered.status, 200, registered.text);
      });
      yield* admin`update iam_sso_providers set domain_verified = true`;
      yield* Effect.promise(async () => {
        const browser = new Browser(server.url);
        const onward = await browser.submit("/sign-in", {
          email: "ann@corp.example",
          way: "sso",
          next: "/account/sessions",
        });
        assert.strictEqual(onward.status, 200, onward.text);
        assert.match(
          onward.text,
          /<meta http-equiv="refresh" content="0; url=https:\/\/login\.corp\.example\/authorize\?[^"]*">/,
        );
        // By this it is known that the same browser comes back.
        assert.isAbove(browser.cookies.size, 0);
        const none = await browser.submit("/sign-in", { email: "ann@elsewhere.example", way: "sso" });
        assert.strictEqual(none.status, 404, none.text);
        assert.include(none.text, "No single sign-on is set up for this address.");
      });
    }).pipe(Effect.scoped),
  );

  it.effect("UI-3: a link or a code by mail signs in, and a link that was used says so", () =>
    Effect.gen(function* () {
      const { server, dataDir } = yield* Started;
      yield* Effect.promise(async () => {
        const fay = new Browser(server.url);
        const email = "fay@example.com";
        const asked = await fay.submit("/sign-in", { email, way: "link", next: "/account/security" });
        assert.strictEqual(asked.headers.get("location"), "/sign-in?sent=link", asked.text);
        const link = linkIn(await mailTo(dataDir, email, "Sign in to iam"));
        assert.strictEqual((await fay.get(link)).headers.get("location"), `${server.url}/account/security`);
        assert.include((await fay.get("/account")).text, email);
        const used = await new Browser(server.url).get(link);
        const said = await new Browser(server.url).get(used.headers.get("location") ?? "");
        assert.include(said.text, "This link no longer works.");

        const again = new Browser(server.url);
        const sent = await again.submit("/sign-in", { email, way: "code", next: "/account/security" });
        const form = await again.get(sent.headers.get("location") ?? "");
        const code = await codeTo(dataDir, email);
        const refused = await again.submit("/sign-in/code", {
          ...hiddenIn(form),
          code: code === "000000" ? "1" : "000000",
        });
        assert.strictEqual(refused.status, 400, refused.text);
        const entered = await again.submit("/sign-in/code", { ...hiddenIn(form), code });
        assert.strictEqual(entered.headers.get("location"), "/account/security", entered.text);
      });
    }),
  );
});
