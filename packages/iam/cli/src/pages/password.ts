/** Setting a password, where the link of a mail leads once Better Auth has looked at it. */
import * as Effect from "effect/Effect";
import * as fields from "./fields.ts";
import { withQuery } from "./kit/address.ts";
import { call, requested, seeOther } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { type Field, field, filled, hidden, missing, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

// Whose it is, and so how long it must be, only Better Auth knows: what is longest is advised, and what is least let through.
const passwordField: Field = {
  ...fields.newPassword,
  minlength: fields.newPasswordWithSecondFactor.minlength,
  first: true,
};

const page = Effect.fnUntraced(function* (token: string, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  return yield* single({
    title: "Set your password",
    lead: "You are then signed out everywhere, and sign in with the new one.",
    status,
    body: html`
${summary(problems)}
<form method="post" action="${pages.password.address}">
${hidden("token", token)}
${fields.owner(yield* Typed.address)}
${field(passwordField, problems)}
<button class="primary">Set the password</button>
</form>`,
  });
});

const linkIsOld = Effect.gen(function* () {
  const { pages } = yield* Site;
  return yield* single({
    title: "This link no longer works",
    lead: "A link to set a password works once, and for an hour.",
    status: 400,
    body: html`<p><a class="button primary" href="${pages.forgottenPassword.address}">Ask for a new one</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { searchParams } = yield* requested;
  const token = searchParams.get("token") ?? "";
  return yield* token === "" ? linkIsOld : page(token);
});

const post = Effect.gen(function* () {
  const { pages } = yield* Site;
  const form = yield* filled;
  const token = form.text("token");
  if (token === "") return yield* linkIsOld;
  const lacking = missing(form, [passwordField]);
  if (lacking.length > 0) return yield* page(token, lacking, 400);
  const answer = yield* call("/reset-password", { token, newPassword: form.text("password") });
  if (answer.ok) return seeOther(withQuery(pages.signIn.address, { notice: "password" }), answer.cookies);
  if (answer.code === "INVALID_TOKEN") return yield* linkIsOld;
  return yield* page(token, [problemOf(answer, { newPassword: "password" })], answer.status);
});

/** The page to set a password. */
export const layer = routes("password", { get, post });
