/** Signing in, in all ways that are enabled. */
import * as Effect from "effect/Effect";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as fields from "./fields.ts";
import { beyond, trusted, wanted, withQuery } from "./kit/address.ts";
import { type Answer, call, requested, seeOther, session, textOf } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import {
  checkbox,
  empty,
  type Field,
  type Filled,
  field,
  filled,
  hidden,
  missing,
  notice,
  type Problem,
  summary,
} from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { type Routes, routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

// Maps, because whoever makes a link may ask for names that every object has.
const notices: ReadonlyMap<string, string> = new Map(
  Object.entries({
    password: "Your password is set. Sign in with it.",
    "signed-out": "You are signed out.",
    expired: "That took too long, or the code was wrong too often. Sign in again.",
    administrator: "The administrator is created. Sign in to go on.",
  }),
);

const errors: ReadonlyMap<string, string> = new Map(
  Object.entries({
    INVALID_TOKEN: "This link no longer works. It works once, and for a few minutes: have a new one sent.",
    BANNED_USER: "This account is suspended. Ask whoever runs this service.",
    banned: "This account is suspended. Ask whoever runs this service.",
  }),
);

interface Shown {
  readonly form: Filled;
  readonly next: string | undefined;
  readonly problems?: ReadonlyArray<Problem>;
  readonly notice?: string | undefined;
  readonly status?: number;
}

/** By what somebody is known. */
const nameField = Effect.map(
  Site,
  ({ settings }): Field =>
    settings.plugins.includes("username")
      ? { ...fields.email, label: "E-mail address or user name", type: "text", inputmode: "text" }
      : fields.email,
);

/** The ways besides the password: those that need the address are further buttons of its form. */
const alternatives = Effect.fnUntraced(function* (next: string | undefined) {
  const { pages, settings } = yield* Site;
  const has = (plugin: (typeof settings.plugins)[number]) => settings.plugins.includes(plugin);
  const way = (value: string, label: string) =>
    html`<button form="sign-in" formnovalidate name="way" value="${value}">${label}</button>`;
  const buttons = [
    ...(has("passkey")
      ? [
          html`<button type="button" data-passkey="sign-in" data-next="${next ?? pages.account.address}">Sign in with a passkey</button>`,
        ]
      : []),
    ...(has("magic-link") ? [way("link", "E-mail me a link")] : []),
    ...(has("email-otp") ? [way("code", "E-mail me a code")] : []),
    ...(has("sso") ? [way("sso", "Single sign-on")] : []),
  ];
  if (buttons.length === 0) return undefined;
  return html`<p class="or">or</p>
<p class="wrong" role="alert" data-passkey-problem hidden></p>
<div class="ways">${buttons}</div>`;
});

const page = Effect.fnUntraced(function* ({ form, next, problems = [], notice: code = "", status = 200 }: Shown) {
  const { pages, settings } = yield* Site;
  const email = form.text("email");
  const passkeys = settings.plugins.includes("passkey");
  return yield* single({
    title: `Sign in to ${settings.appName}`,
    status,
    passkeys,
    beyond: beyond(next, settings),
    body: html`
${summary(problems)}
${notice(notices.get(code))}
<form id="sign-in" method="post" action="${pages.signIn.address}">
${hidden("next", next)}
${field(
  {
    ...(yield* nameField),
    value: email,
    first: email === "",
    autocomplete: passkeys ? "username webauthn" : "username",
  },
  problems,
)}
${field(
  {
    ...fields.password,
    first: email !== "",
    aside: html`<a href="${withQuery(pages.forgottenPassword.address, { next })}">Forgot password?</a>`,
  },
  problems,
)}
${checkbox("remember", "Stay signed in", status === 200 || form.has("remember"))}
<button class="primary">Sign in</button>
</form>
${yield* alternatives(next)}
<p class="after">New here? <a href="${withQuery(pages.signUp.address, { next })}">Create an account</a></p>`,
  });
});

const linkSent = Effect.gen(function* () {
  const { pages } = yield* Site;
  const email = yield* Typed.address;
  return yield* single({
    title: "Look into your mail",
    lead: html`A link to sign in is on its way to ${email === "" ? "your address" : html`<strong>${email}</strong>`}. It works once, and for five minutes.`,
    body: html`<p class="after"><a href="${pages.signIn.address}">Back to the sign-in</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const { searchParams } = yield* requested;
  if (searchParams.get("sent") === "link") return yield* linkSent;
  const next = wanted(searchParams, settings);
  // Whom an OAuth client sends here is to sign in, even anew.
  if (!searchParams.has("sig") && Option.isSome(yield* session)) return seeOther(next ?? pages.account.address);
  const typed = yield* Typed.address;
  const error = searchParams.get("error");
  return yield* page({
    form: { ...empty, text: (name) => (name === "email" ? typed : "") },
    next,
    notice: searchParams.get("notice") ?? undefined,
    problems: error === null ? [] : [{ text: errors.get(error) ?? "The sign-in did not work. Try it again." }],
  });
});

/** What is wrong with a request to sign in, if it is not done. */
const refused = (form: Filled, next: string | undefined, answer: Answer) =>
  page({ form, next, problems: [problemOf(answer, { email: "email" })], status: answer.status });

interface Request {
  readonly form: Filled;
  readonly email: string;
  readonly next: string | undefined;
}

const byPassword = Effect.fnUntraced(function* ({ form, email, next }: Request) {
  const { pages, settings } = yield* Site;
  const lacking = missing(form, [yield* nameField, fields.password]);
  if (lacking.length > 0) return yield* page({ form, next, problems: lacking, status: 400 });
  const stated = {
    password: form.text("password"),
    rememberMe: form.has("remember"),
    // Where the link leads that is mailed when the address is yet to be confirmed.
    callbackURL: withQuery(pages.verification.href, { next }),
  };
  const isUsername = settings.plugins.includes("username") && !email.includes("@");
  const answer = isUsername
    ? yield* call("/sign-in/username", { ...stated, username: email })
    : yield* call("/sign-in/email", { ...stated, email });
  if (answer.body.twoFactorRedirect === true) {
    return seeOther(withQuery(pages.twoFactor.address, { next }), answer.cookies);
  }
  if (answer.ok) return seeOther(next ?? pages.account.address, answer.cookies);
  if (answer.code === "EMAIL_NOT_VERIFIED") {
    const onward = seeOther(withQuery(pages.verification.address, { sent: "again", next }));
    return isUsername ? onward : yield* Typed.keep(onward, email);
  }
  return yield* refused(form, next, answer);
});

const byLink = Effect.fnUntraced(function* ({ form, email, next }: Request) {
  const { pages } = yield* Site;
  const answer = yield* call("/sign-in/magic-link", {
    email,
    callbackURL: next ?? pages.account.address,
    errorCallbackURL: withQuery(pages.signIn.address, { next }),
  });
  if (!answer.ok) return yield* refused(form, next, answer);
  return yield* Typed.keep(seeOther(withQuery(pages.signIn.address, { sent: "link" })), email);
});

const byCode = Effect.fnUntraced(function* ({ form, email, next }: Request) {
  const { pages } = yield* Site;
  const answer = yield* call("/email-otp/send-verification-otp", { email, type: "sign-in" });
  if (!answer.ok) return yield* refused(form, next, answer);
  return yield* Typed.keep(seeOther(withQuery(`${pages.signIn.address}/code`, { next })), email);
});

const bySingleSignOn = Effect.fnUntraced(function* ({ form, email, next }: Request) {
  const { pages } = yield* Site;
  const answer = yield* call("/sign-in/sso", {
    email,
    callbackURL: next ?? pages.account.address,
    errorCallbackURL: pages.error.address,
  });
  const url = textOf(answer.body, "url");
  if (answer.ok && url !== undefined) {
    // A page of its own, because a form may not end just anywhere.
    return yield* single({
      title: "One moment",
      lead: html`You sign in at <strong>${new URL(url).host}</strong>.`,
      refresh: url,
      body: html`<p><a class="button primary" href="${url}">Continue</a></p>`,
    }).pipe(Effect.map(HttpServerResponse.mergeCookies(answer.cookies)));
  }
  if (answer.status !== 404) return yield* refused(form, next, answer);
  const problem = { field: "email", text: "No single sign-on is set up for this address." };
  return yield* page({ form, next, problems: [problem], status: 404 });
});

const post = Effect.gen(function* () {
  const { settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const email = form.text("email").trim();
  const way = form.text("way");
  if (way === "") return yield* byPassword({ form, email, next });
  const lacking = missing(form, [fields.email]);
  if (lacking.length > 0) return yield* page({ form, next, problems: lacking, status: 400 });
  if (way === "link") return yield* byLink({ form, email, next });
  if (way === "code") return yield* byCode({ form, email, next });
  return yield* bySingleSignOn({ form, email, next });
});

const codePage = Effect.fnUntraced(function* (
  email: string,
  next: string | undefined,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages, settings } = yield* Site;
  if (email === "") return seeOther(withQuery(pages.signIn.address, { next }));
  return yield* single({
    title: "Enter the code",
    lead: html`It is in the mail that we have sent to <strong>${email}</strong>.`,
    status,
    beyond: beyond(next, settings),
    body: html`
${summary(problems)}
<form method="post" action="${pages.signIn.address}/code">
${hidden("next", next)}
${hidden("email", email)}
${field({ ...fields.totp, first: true }, problems)}
<button class="primary">Sign in</button>
</form>
<p class="after">No message? <a href="${withQuery(pages.signIn.address, { next })}">Try another way</a></p>`,
  });
});

const getCode = Effect.gen(function* () {
  const { settings } = yield* Site;
  const { searchParams } = yield* requested;
  return yield* codePage(yield* Typed.address, trusted(searchParams.get("next") ?? undefined, settings));
});

const postCode = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const email = form.text("email");
  const lacking = missing(form, [fields.totp]);
  if (lacking.length > 0) return yield* codePage(email, next, lacking, 400);
  const answer = yield* call("/sign-in/email-otp", { email, otp: form.text("code").replaceAll(/\s/g, "") });
  if (answer.body.twoFactorRedirect === true) {
    return seeOther(withQuery(pages.twoFactor.address, { next }), answer.cookies);
  }
  if (answer.ok) return seeOther(next ?? pages.account.address, answer.cookies);
  return yield* codePage(email, next, [problemOf(answer, { code: "code" })], answer.status);
});

/** The page to sign in, and the one for a code that was mailed. */
export const layer: Routes = Layer.merge(
  routes("signIn", { get, post }),
  routes("signIn", { below: "/code", get: getCode, post: postCode, plugin: "email-otp" }),
);
