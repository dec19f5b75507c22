/** Signing in. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as fields from "./fields.ts";
import { beyond, trusted, wanted, withQuery } from "./kit/address.ts";
import { call, requested, seeOther, session } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { checkbox, empty, type Filled, field, filled, hidden, missing, notice, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

// A map, because whoever makes a link may ask for names that every object has.
const notices: ReadonlyMap<string, string> = new Map(Object.entries({
  password: "Your password is set. Sign in with it.",
  "signed-out": "You are signed out.",
  expired: "That took too long. Sign in again.",
  administrator: "The administrator is created. Sign in to go on.",
}));

interface Shown {
  readonly form: Filled;
  readonly next: string | undefined;
  readonly problems?: ReadonlyArray<Problem>;
  readonly notice?: string | undefined;
  readonly status?: number;
}

const page = Effect.fnUntraced(function* ({ form, next, problems = [], notice: code = "", status = 200 }: Shown) {
  const { pages, settings } = yield* Site;
  const email = form.text("email");
  return yield* single({
    title: `Sign in to ${settings.appName}`,
    status,
    beyond: beyond(next, settings),
    body: html`
${summary(problems)}
${notice(notices.get(code))}
<form method="post" action="${pages.signIn.address}">
${hidden("next", next)}
${field({ ...fields.email, value: email, first: email === "", autocomplete: "username webauthn" }, problems)}
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
<p class="after">New here? <a href="${withQuery(pages.signUp.address, { next })}">Create an account</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const { searchParams } = yield* requested;
  const next = wanted(searchParams, settings);
  // Whom an OAuth client sends here is to sign in, even anew.
  if (!searchParams.has("sig") && Option.isSome(yield* session)) return seeOther(next ?? pages.account.address);
  const typed = yield* Typed.address;
  return yield* page({
    form: { ...empty, text: (name) => (name === "email" ? typed : "") },
    next,
    notice: searchParams.get("notice") ?? undefined,
  });
});

const post = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const lacking = missing(form, [fields.email, fields.password]);
  if (lacking.length > 0) return yield* page({ form, next, problems: lacking, status: 400 });
  const email = form.text("email").trim();
  const answer = yield* call("/sign-in/email", {
    email,
    password: form.text("password"),
    rememberMe: form.has("remember"),
    // Where the link leads that is mailed when the address is yet to be confirmed.
    callbackURL: withQuery(pages.verification.href, { next }),
  });
  if (answer.body["twoFactorRedirect"] === true) {
    return seeOther(withQuery(pages.twoFactor.address, { next }), answer.cookies);
  }
  if (answer.ok) return seeOther(next ?? pages.account.address, answer.cookies);
  if (answer.code === "EMAIL_NOT_VERIFIED") {
    return yield* Typed.keep(seeOther(withQuery(pages.verification.address, { sent: "again", next })), email);
  }
  return yield* page({ form, next, problems: [problemOf(answer, { email: "email" })], status: answer.status });
});

/** The page to sign in. */
export const layer = routes("signIn", { get, post });
