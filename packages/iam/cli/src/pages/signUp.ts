/** Signing up. */
import * as Effect from "effect/Effect";
import * as fields from "./fields.ts";
import { beyond, trusted, wanted, withQuery } from "./kit/address.ts";
import { call, requested, seeOther } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { empty, type Filled, field, filled, hidden, missing, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

const page = Effect.fnUntraced(function* (
  form: Filled,
  next: string | undefined,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages, settings } = yield* Site;
  return yield* single({
    title: "Create your account",
    status,
    beyond: beyond(next, settings),
    body: html`
${summary(problems)}
<form method="post" action="${pages.signUp.address}">
${hidden("next", next)}
${field({ ...fields.name, value: form.text("name"), first: true }, problems)}
${field({ ...fields.email, value: form.text("email") }, problems)}
${field(fields.newPassword, problems)}
<button class="primary">Create account</button>
</form>
<p class="after">You have an account? <a href="${withQuery(pages.signIn.address, { next })}">Sign in</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { settings } = yield* Site;
  const { searchParams } = yield* requested;
  return yield* page(empty, wanted(searchParams, settings));
});

const post = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const lacking = missing(form, [fields.name, fields.email, fields.newPassword]);
  if (lacking.length > 0) return yield* page(form, next, lacking, 400);
  const email = form.text("email").trim();
  const answer = yield* call("/sign-up/email", {
    name: form.text("name").trim(),
    email,
    password: form.text("password"),
    callbackURL: withQuery(pages.verification.href, { next }),
  });
  if (answer.ok) {
    return yield* Typed.keep(seeOther(withQuery(pages.verification.address, { sent: "first", next })), email);
  }
  return yield* page(form, next, [problemOf(answer, { email: "email", newPassword: "password" })], answer.status);
});

/** The page to sign up. */
export const layer = routes("signUp", { get, post });
