/** Events of what Better Auth refuses, or does without a row that says what was meant. */
import { Auth, Organizations } from "@beep/iam-server";
import { Principal, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { authenticator } from "../auth/authenticator.ts";
import {
  administrator,
  type Browser,
  browserOf,
  database,
  granted,
  open,
  organizationOf,
  type Person,
  signIn,
  text,
} from "../auth/browser.ts";
import { mailedCode } from "../auth/operations/mailedSignIns.ts";
import { texted } from "../auth/operations/phoneNumbers.ts";
import { assertNotSignedIn, begun, bySaml, company, World } from "../auth/sso/world.ts";
import { codeNow } from "../auth/totp.ts";
import { as } from "../organizations/people.ts";
import { Sent } from "../support/Sent.ts";

interface Event {
  readonly action: string;
  readonly organization: string | null;
  readonly target: string | null;
  readonly outcome: string;
  readonly context: Readonly<Record<string, string>> | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

const { UserId } = SharedEntityIds;

/** What runs, and the events that it leaves. */
const recording = Effect.fnUntraced(function* <A, E, R>(run: Effect.Effect<A, E, R>) {
  const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
  const [begin] = yield* sql<{ at: string }>`select clock_timestamp()::text as at`;
  const result = yield* run;
  const events = yield* sql<Event>`
    select action, organization_id::text as organization, target_id::text as target, outcome, context, before, after
    from iam_audit_events where recorded_at >= ${begin?.at ?? ""}::text::timestamptz order by transaction, number`;
  return { result, events };
}, Effect.scoped);

/** The events of an intent alone. */
const intents = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.map(recording(run), ({ events }) =>
    events.filter(({ action }) => /_(?:refused|requested)$|\.(?:refused|begun|ended)$/.test(action)),
  );

const uuid = (id: string) => UserId.toUuid(id);

const refusal = (action: string, person: { readonly id: string } | null, intent: string, reason: string) => ({
  action,
  organization: null,
  target: person === null ? null : uuid(person.id),
  outcome: "failure",
  intent,
  reason,
});

/** What is told of events that failed. */
const told = (events: ReadonlyArray<Event>) =>
  events.map(({ action, after, context, organization, outcome, target }) => ({
    action,
    organization,
    target,
    outcome,
    intent: context?.intent,
    reason: after?.reason,
  }));

/** Somebody with a session, whom no mail had to be sent to. */
const person = Effect.fnUntraced(function* (name: string) {
  const { api } = yield* Auth.Auth;
  const account = { name, email: `${name}@example.com`, password: IamTest.password };
  const { user } = yield* api.createUser({ body: { ...account, data: { emailVerified: true } } });
  const browser = yield* open;
  granted(yield* signIn(browser, account.email));
  return { ...browser, id: user.id, name, email: account.email };
});

/** The next mail with a link to somebody. */
const mailedLink = Effect.fnUntraced(function* (email: string) {
  const { next } = yield* IamTest.Mailbox;
  let message = yield* next;
  while (message.to !== email || !message.text.includes("http")) message = yield* next;
  return IamTest.linkIn(message);
});

const wrong = (code: string) => code.replace(/\d$/, (last) => String((Number(last) + 1) % 10));

/** Signs in as far as the second factor. */
const halfway = Effect.fnUntraced(function* (person: Person) {
  const browser = yield* open;
  granted(yield* signIn(browser, person.email));
  return browser;
});

const secured = Effect.fnUntraced(function* (person: Browser) {
  const uri = text(granted(yield* person.post("/two-factor/enable", { password: IamTest.password })), "totpURI");
  granted(yield* person.post("/two-factor/verify-totp", { code: codeNow(uri) }));
  return uri;
});

layer(database, { excludeTestServices: true })("what Better Auth does", (it) => {
  it.effect(
    "AUD-2: a sign-in that fails says why, by which way, and at whose account, and nothing of what was entered",
    () =>
      Effect.gen(function* () {
        const ann = yield* person("ann");
        const browser = yield* open;
        const entered = "Correct Horse Battery";
        const password = "wrong horse battery staple";
        const none = (email: string) => browser.post("/sign-in/email", { email, password });
        const events = yield* intents(
          Effect.all([
            none(ann.email.toUpperCase()),
            none("nobody@example.com"),
            // In the field of a name stands what somebody meant for the next.
            browser.post("/sign-in/username", { username: "correcthorse", password }),
            browser.post("/sign-in/username", { username: entered, password }),
            browser.post("/sign-in/phone-number", { phoneNumber: "+4915112345600", password }),
            browser.post("/sign-in/email", {}),
            browser.get("/magic-link/verify", { token: "no-token-at-all-that-was-sent", callbackURL: "/?error=mine" }),
            browser.post("/one-time-token/verify", { token: "no-token-at-all" }),
          ]),
        );
        const way = (intent: string, reason: string, person: Person | null = null) =>
          refusal("session.refused", person, intent, reason);
        assert.deepStrictEqual(told(events), [
          way("/sign-in/email", "INVALID_EMAIL_OR_PASSWORD", ann),
          way("/sign-in/email", "INVALID_EMAIL_OR_PASSWORD"),
          way("/sign-in/username", "INVALID_USERNAME_OR_PASSWORD"),
          way("/sign-in/username", "INVALID_USERNAME"),
          way("/sign-in/phone-number", "INVALID_PHONE_NUMBER_OR_PASSWORD"),
          way("/magic-link/verify", "INVALID_TOKEN"),
          way("/one-time-token/verify", "BAD_REQUEST"),
        ]);
        assert.notMatch(JSON.stringify(events), /correct|horse|nobody|ann@|49151|no-token|mine/i);
      }),
  );

  it.effect("AUD-2: so do codes by mail and by text, passkeys, banned users and addresses that are not confirmed", () =>
    Effect.gen(function* () {
      const root = yield* administrator("root");
      const bob = yield* person("bob");
      const browser = yield* open;
      const device = authenticator();
      const options = Object(granted(yield* bob.get("/passkey/generate-register-options")));
      granted(yield* bob.post("/passkey/verify-registration", { response: device.create(options) }));
      granted(yield* browser.post("/email-otp/send-verification-otp", { email: bob.email, type: "sign-in" }));
      const otp = wrong(yield* mailedCode(bob.email));
      const phoneNumber = "+4915112345611";
      granted(yield* browser.post("/phone-number/send-otp", { phoneNumber }));
      const code = wrong(yield* texted);
      const asked = Object(granted(yield* browser.get("/passkey/generate-authenticate-options")));
      const response = device.get(asked, { verifiesUser: false });
      yield* browser.post("/sign-up/email", { name: "Cat", email: "cat@example.com", password: IamTest.password });
      const failed = yield* intents(
        Effect.all([
          browser.post("/sign-in/email-otp", { email: bob.email, otp }),
          browser.post("/phone-number/verify", { phoneNumber, code }),
          browser.post("/passkey/verify-authentication", { response }),
          signIn(browser, "cat@example.com"),
        ]),
      );
      const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
      const [cat] = yield* sql<{ id: string }>`select id from iam_users where email = 'cat@example.com'`;
      const way = (intent: string, reason: string, person: { readonly id: string } | null) =>
        refusal("session.refused", person, intent, reason);
      assert.deepStrictEqual(told(failed), [
        way("/sign-in/email-otp", "INVALID_OTP", bob),
        way("/phone-number/verify", "INVALID_OTP", null),
        way("/passkey/verify-authentication", "AUTHENTICATION_FAILED", bob),
        way("/sign-in/email", "EMAIL_NOT_VERIFIED", { id: UserId.fromUuid(cat?.id ?? "") }),
      ]);
      granted(yield* root.post("/admin/ban-user", { userId: bob.id }));
      assert.deepStrictEqual(told(yield* intents(signIn(browser, bob.email))), [
        way("/sign-in/email", "BANNED_USER", bob),
      ]);
    }).pipe(Effect.scoped),
  );

  it.effect("AUD-2: a sign-in that succeeds is its session's event and no other, the second factor included", () =>
    Effect.gen(function* () {
      const dan = yield* person("dan");
      const signedIn = yield* recording(signIn(yield* open, dan.email));
      assert.deepStrictEqual(
        signedIn.events.map(({ action, context }) => [action, context?.intent]),
        [["session.created", "/sign-in/email"]],
      );
      const uri = yield* secured(dan);
      const browser = yield* halfway(dan);
      const wrongly = yield* intents(browser.post("/two-factor/verify-totp", { code: wrong(codeNow(uri)) }));
      assert.deepStrictEqual(told(wrongly), [
        refusal("session.refused", dan, "/two-factor/verify-totp", "INVALID_CODE"),
      ]);
      const { events } = yield* recording(browser.post("/two-factor/verify-totp", { code: codeNow(uri) }));
      assert.deepStrictEqual(
        events
          .filter(({ action }) => !action.startsWith("verification."))
          .map(({ action, context }) => [action, context?.intent]),
        [["session.created", "/two-factor/verify-totp"]],
      );
      const without = yield* intents((yield* open).post("/two-factor/verify-backup-code", { code: "any-other" }));
      assert.deepStrictEqual(told(without), [
        refusal("session.refused", null, "/two-factor/verify-backup-code", "INVALID_TWO_FACTOR_COOKIE"),
      ]);
    }),
  );

  it.effect("AUD-2: a password that is wrong within a session says whose session it is", () =>
    Effect.gen(function* () {
      const eve = yield* person("eve");
      const change = (currentPassword: string, newPassword: string) =>
        eve.post("/change-password", { currentPassword, newPassword });
      const events = yield* intents(
        Effect.all([
          change("wrong horse battery staple", "another horse battery staple"),
          // What is wrong of this is the new one.
          change(IamTest.password, "short"),
        ]),
      );
      assert.deepStrictEqual(told(events), [
        refusal("session.confirmation_refused", eve, "/change-password", "INVALID_PASSWORD"),
      ]);
      assert.strictEqual(events[0]?.context?.actor, eve.id);
    }),
  );

  it.effect(
    "AUD-2: that a new password is asked for is an event, whoever is named, and so is a link that is none",
    () =>
      Effect.gen(function* () {
        const fay = yield* person("fay");
        const browser = yield* open;
        const events = yield* intents(
          Effect.all([
            browser.post("/request-password-reset", { email: fay.email }),
            browser.post("/request-password-reset", { email: "nobody@example.com" }),
            browser.post("/email-otp/request-password-reset", { email: fay.email }),
            browser.post("/email-otp/send-verification-otp", { email: fay.email, type: "forget-password" }),
            browser.post("/email-otp/send-verification-otp", { email: fay.email, type: "sign-in" }),
            browser.post("/reset-password", { token: "no-token", newPassword: "another horse battery staple" }),
          ]),
        );
        const asked = (intent: string, target: string | null) => ({
          action: "user.password_reset_requested",
          organization: null,
          target,
          outcome: "success",
          intent,
          reason: undefined,
        });
        assert.deepStrictEqual(told(events), [
          asked("/request-password-reset", uuid(fay.id)),
          asked("/request-password-reset", null),
          asked("/email-otp/request-password-reset", uuid(fay.id)),
          asked("/email-otp/send-verification-otp", uuid(fay.id)),
          refusal("user.password_reset_refused", null, "/reset-password", "INVALID_TOKEN"),
        ]);
        const link = new URL(yield* mailedLink(fay.email));
        const token = link.searchParams.get("token") ?? link.pathname.split("/").at(-1) ?? "";
        const newPassword = "another horse battery staple";
        const done = yield* recording(browser.post("/reset-password", { token, newPassword }));
        assert.deepInclude(
          done.events.find(({ action }) => action === "account.updated"),
          { after: { secrets: ["password"] } },
        );
      }),
  );

  it.effect("AUD-2: an impersonation says who began and ended it, and as whom everything between was done", () =>
    Effect.gen(function* () {
      const admin = yield* administrator("admin");
      const gus = yield* person("gus");
      const { events } = yield* recording(
        Effect.gen(function* () {
          granted(yield* admin.post("/admin/impersonate-user", { userId: gus.id }));
          granted(yield* admin.post("/update-user", { name: "Gus II" }));
          granted(yield* admin.post("/admin/stop-impersonating"));
          granted(yield* admin.post("/update-user", { name: "Admin II" }));
        }),
      );
      const who = ({ action, context, target }: Event) => [action, context?.actor, context?.impersonator, target];
      const [session] = events.map(({ target }) => target);
      const [as, of] = [uuid(gus.id), uuid(admin.id)];
      assert.deepStrictEqual(events.map(who), [
        ["session.created", admin.id, undefined, session],
        ["impersonation.begun", admin.id, undefined, as],
        ["user.updated", gus.id, admin.id, as],
        ["session.deleted", gus.id, admin.id, session],
        ["impersonation.ended", gus.id, admin.id, as],
        ["user.updated", admin.id, undefined, of],
      ]);
      const [created, begun, , deleted, ended] = events;
      assert.deepInclude(created?.after, { user_id: as, impersonated_by: of });
      assert.deepInclude(deleted?.before, { user_id: as, impersonated_by: of });
      assert.deepStrictEqual(begun?.after, ended?.after);
    }),
  );

  it.effect("AUD-2: what only administrators may, and somebody else tries, is an event", () =>
    Effect.gen(function* () {
      const hal = yield* person("hal");
      const ida = yield* person("ida");
      const events = yield* intents(
        Effect.all([
          hal.post("/admin/impersonate-user", { userId: ida.id }),
          hal.post("/admin/ban-user", { userId: "nonsense" }),
          hal.get("/admin/list-users"),
          (yield* open).post("/admin/ban-user", { userId: ida.id }),
        ]),
      );
      assert.deepStrictEqual(told(events), [
        refusal("administration.refused", ida, "/admin/impersonate-user", "YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS"),
        refusal("administration.refused", null, "/admin/ban-user", "YOU_ARE_NOT_ALLOWED_TO_BAN_USERS"),
        refusal("administration.refused", null, "/admin/list-users", "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS"),
      ]);
      assert.isTrue(events.every(({ context }) => context?.actor === hal.id));
    }),
  );

  it.effect("AUD-2: what happens to an organization's API keys stands in its log, and in no other's", () =>
    Effect.gen(function* () {
      const jan = yield* person("jan");
      const { api } = yield* Auth.Auth;
      const id = SharedEntityIds.OrganizationId.make((yield* organizationOf(jan, "one")).id);
      yield* organizationOf(jan, "two");
      const { events } = yield* recording(
        Effect.gen(function* () {
          const key = (more: object) => jan.post("/api-key/create", { name: "key", ...more });
          const ofOne = { configId: "organization", organizationId: id };
          const first = text(granted(yield* key(ofOne)), "id");
          const { key: secret } = yield* api.createApiKey({ headers: jan.headers(), body: { name: "own" } });
          granted(yield* jan.post("/api-key/update", { keyId: first, configId: "organization", name: "renamed" }));
          granted(yield* jan.post("/api-key/delete", { keyId: first, configId: "organization" }));
          granted(yield* key(ofOne));
          const { remove } = yield* Organizations.Organizations;
          yield* as(Principal.system("test"), id)(remove);
          return secret;
        }),
      );
      const chain = SharedEntityIds.OrganizationId.toUuid(id);
      assert.deepStrictEqual(
        events
          .filter(({ action }) => action.startsWith("apikey."))
          .map(({ action, organization }) => [action, organization]),
        [
          ["apikey.created", chain],
          ["apikey.created", null],
          ["apikey.updated", chain],
          ["apikey.deleted", chain],
          ["apikey.created", chain],
          ["apikey.deleted", chain],
        ],
      );
    }),
  );
});

const watched = IamTest.onDatabase.pipe(Layer.provideMerge(Sent.database), Layer.provideMerge(Logger.layer([])));

layer(watched, { excludeTestServices: true })("what is sent", (it) => {
  it.effect("AUTH-5: is as much for a name that nobody has, statement by statement", () =>
    Effect.gen(function* () {
      const { during } = yield* Sent;
      const ann = yield* person("ann");
      const browser = yield* open;
      const sent = Effect.fnUntraced(function* (path: string, more: object, email: string) {
        const { sent: statements } = yield* during(browser.post(path, { email, ...more }));
        return statements.map(({ text }) => text);
      });
      for (const [path, more] of [
        ["/sign-in/email", { password: "wrong horse battery staple" }],
        ["/sign-in/email-otp", { otp: "123456" }],
      ] as const) {
        // Once before, since what is kept of the day for digests, say, is made with the first.
        yield* sent(path, more, ann.email);
        const known = yield* sent(path, more, ann.email);
        assert.deepStrictEqual(yield* sent(path, more, "nobody@example.com"), known, path);
        assert.lengthOf(
          known.filter((statement) => statement.includes("iam_write_event")),
          1,
        );
      }
    }),
  );

  it.effect("AUD-2: is no more where a sign-in succeeds", () =>
    Effect.gen(function* () {
      const { during } = yield* Sent;
      const bob = yield* person("bob");
      const { sent } = yield* during(signIn(yield* open, bob.email));
      assert.isFalse(sent.some(({ text }) => text.includes("iam_write_event")));
    }),
  );
});

const limited = Layer.provideMerge(IamTest.configured({ IAM_RATE_LIMIT: "true" }), TestDatabase.layer()).pipe(
  Layer.provideMerge(Logger.layer([])),
);

layer(limited, { excludeTestServices: true })("what the limits refuse", (it) => {
  it.effect("AUD-2: is an event once, until an attempt is looked at again", () =>
    Effect.gen(function* () {
      const { api, handler } = yield* Auth.Auth;
      const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
      const email = "ann@example.com";
      const { user } = yield* api.createUser({
        body: { name: "Ann", email, password: IamTest.password, data: { emailVerified: true } },
      });
      let count = 0;
      const attempts = (name: string, times: number, password = "wrong horse battery staple") =>
        Effect.forEach(Array.from({ length: times }), () => {
          // Each from an address of its own.
          const browser = browserOf("http://localhost:3000", (request) => handler(request, `10.0.1.${count++}`));
          return browser.post("/sign-in/email", { email: name, password });
        });
      const pass = (seconds: number) =>
        sql`update iam_rate_limits set last_request = last_request - ${seconds * 1_000}::bigint
          where last_request > extract(epoch from now()) * 1000 + 3600000`;
      const reasons = (person: { readonly id: string } | null, ...all: ReadonlyArray<string>) =>
        all.map((reason) => refusal("session.refused", person, "/sign-in/email", reason));
      const looked = (times: number) => Array.from({ length: times }, () => "INVALID_EMAIL_OR_PASSWORD");
      for (const [name, person] of [
        [email, user],
        ["nobody@example.com", null],
      ] as const) {
        const first = yield* intents(Effect.andThen(attempts(name, 5), Effect.andThen(pass(-60), attempts(name, 20))));
        assert.deepStrictEqual(told(first), reasons(person, ...looked(5), "TOO_MANY_FAILURES"), name);
        const next = yield* intents(
          Effect.andThen(pass(120), Effect.andThen(attempts(name, 1), Effect.andThen(pass(-60), attempts(name, 20)))),
        );
        assert.deepStrictEqual(told(next), reasons(person, ...looked(1), "TOO_MANY_FAILURES"), name);
      }
      // And of those who try at once.
      yield* pass(240);
      const many = yield* intents(
        Effect.all(
          Array.from({ length: 8 }, () => attempts(email, 1)),
          { concurrency: "unbounded" },
        ),
      );
      assert.sameDeepMembers(told(many), reasons(user, ...looked(1), "TOO_MANY_FAILURES"));
    }).pipe(Effect.scoped),
  );
});

layer(company, { excludeTestServices: true })("single sign-on", (it) => {
  it.effect("AUD-2: a sign-in by a provider that fails says why, in no words of the provider's", () =>
    Effect.gen(function* () {
      const { openId } = yield* World;
      const browser = yield* open;
      const outside = yield* openId.signIn(
        { sub: "eve", email: "eve@elsewhere.example", email_verified: true, name: "Eve" },
        yield* begun(browser, { email: "eve@acme.com" }),
      );
      const events = yield* intents(
        Effect.gen(function* () {
          yield* assertNotSignedIn(browser, yield* browser.follow(outside), "SSO_EMAIL_OUTSIDE_DOMAIN");
          yield* browser.get("/sso/callback/acme", { error: "words-of-the-provider", state: "none" });
          const saml = yield* bySaml(yield* open, "sam@elsewhere.example");
          assert.strictEqual(saml.status, 302);
        }),
      );
      const way = (intent: string, reason: string) => refusal("session.refused", null, intent, reason);
      assert.deepStrictEqual(told(events), [
        way("/sso/callback/:providerId", "SSO_EMAIL_OUTSIDE_DOMAIN"),
        way("/sso/callback/:providerId", "UNAUTHORIZED"),
        way("/sso/saml2/sp/acs/:providerId", "SSO_EMAIL_OUTSIDE_DOMAIN"),
      ]);
      assert.notMatch(JSON.stringify(events), /words|eve|sam@/);
    }),
  );
});
