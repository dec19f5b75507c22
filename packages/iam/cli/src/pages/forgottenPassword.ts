/** Asking for a new password. */
import * as Effect from "effect/Effect";
import * as fields from "./fields.ts";
import { withQuery } from "./kit/address.ts";
import { call, requested, seeOther } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { field, filled, missing, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

const page = Effect.fnUntraced(function* (email: string, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  return yield* single({
    title: "Set a new password",
    lead: "We send you a link by which you set one.",
    status,
    body: html`
${summary(problems)}
<form method="post" action="${pages.forgottenPassword.address}">
${field({ ...fields.email, value: email, first: true }, problems)}
<button class="primary">Send the link</button>
</form>
<p class="after"><a href="${pages.signIn.address}">Back to the sign-in</a></p>`,
  });
});

const sent = Effect.fnUntraced(function* (email: string) {
  const { pages } = yield* Site;
  const whom = email === "" ? html`your address` : html`<strong>${email}</strong>`;
  return yield* single({
    title: "Look into your mail",
    lead: html`If ${whom} has an account, a link is on its way. It works once, and for an hour.`,
    body: html`<p class="after"><a href="${pages.signIn.address}">Back to the sign-in</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { searchParams } = yield* requested;
  const email = yield* Typed.address;
  return yield* searchParams.has("sent") ? sent(email) : page(email);
});

const post = Effect.gen(function* () {
  const { pages } = yield* Site;
  const form = yield* filled;
  const email = form.text("email").trim();
  const lacking = missing(form, [fields.email]);
  if (lacking.length > 0) return yield* page(email, lacking, 400);
  const answer = yield* call("/request-password-reset", { email });
  if (!answer.ok) return yield* page(email, [problemOf(answer, { email: "email" })], answer.status);
  return yield* Typed.keep(seeOther(withQuery(pages.forgottenPassword.address, { sent: "" })), email);
});

/** The page to ask for a new password. */
export const layer = routes("forgottenPassword", { get, post });
