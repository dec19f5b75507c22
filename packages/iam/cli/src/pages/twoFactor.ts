/** The second factor, at a sign-in. */
import * as Effect from "effect/Effect";
import * as fields from "./fields.ts";
import { beyond, trusted, withQuery } from "./kit/address.ts";
import { call, requested, seeOther } from "./kit/browser.ts";
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
  type Problem,
  summary,
} from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import { problemOf } from "./kit/words.ts";

interface Method {
  readonly title: string;
  readonly lead: string;
  readonly field: Field;
  readonly operation: `/${string}`;
  /** As its users type it, with blanks perhaps. */
  readonly read: (typed: string) => string;
  readonly other: { readonly method: string | undefined; readonly says: string };
}

const backup: Method = {
  title: "Use a backup code",
  lead: "Enter one of the codes that you were given when you set up the second step. Each works once.",
  field: { ...fields.totp, label: "Backup code", inputmode: "text", maxlength: 32, autocomplete: "off" },
  operation: "/two-factor/verify-backup-code",
  read: (typed) => typed.trim(),
  other: { method: undefined, says: "Use the authenticator app" },
};

const totp: Method = {
  title: "One more step",
  lead: "Enter the six digits that your authenticator app shows.",
  field: { ...fields.totp, maxlength: 7 },
  operation: "/two-factor/verify-totp",
  read: (typed) => typed.replaceAll(/\s/g, ""),
  other: { method: "backup", says: "Use a backup code" },
};

const methodOf = (name: string | null): Method => (name === "backup" ? backup : totp);

const page = Effect.fnUntraced(function* (
  method: Method,
  form: Filled,
  next: string | undefined,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages, settings } = yield* Site;
  return yield* single({
    title: method.title,
    lead: method.lead,
    status,
    beyond: beyond(next, settings),
    body: html`
${summary(problems)}
<form method="post" action="${pages.twoFactor.address}">
${hidden("next", next)}
${hidden("method", method === backup ? "backup" : undefined)}
${field({ ...method.field, first: true }, problems)}
${checkbox("trust", "Do not ask on this device for 30 days", form.has("trust"))}
<button class="primary">Continue</button>
</form>
<p class="after"><a href="${withQuery(pages.twoFactor.address, { method: method.other.method, next })}">${method.other.says}</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { settings } = yield* Site;
  const { searchParams } = yield* requested;
  const next = trusted(searchParams.get("next") ?? undefined, settings);
  return yield* page(methodOf(searchParams.get("method")), empty, next);
});

const post = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const method = methodOf(form.text("method"));
  const lacking = missing(form, [method.field]);
  if (lacking.length > 0) return yield* page(method, form, next, lacking, 400);
  const answer = yield* call(method.operation, {
    code: method.read(form.text("code")),
    trustDevice: form.has("trust"),
  });
  if (answer.ok) return seeOther(next ?? pages.account.address, answer.cookies);
  if (answer.code === "INVALID_TWO_FACTOR_COOKIE" || answer.code === "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE") {
    return seeOther(withQuery(pages.signIn.address, { notice: "expired", next }), answer.cookies);
  }
  return yield* page(method, form, next, [problemOf(answer, { code: "code" })], answer.status);
});

/** The page for the second factor. */
export const layer = routes("twoFactor", { get, post });
