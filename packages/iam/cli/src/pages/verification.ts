/** Confirming an address: that a mail is on its way, and what its link came to. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as fields from "./fields.ts";
import { trusted, withQuery } from "./kit/address.ts";
import { call, requested, seeOther, session } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { field, filled, hidden, missing, notice, type Problem, summary } from "./kit/form.ts";
import { type Html, html, type Part } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

interface Asked {
  readonly next: string | undefined;
  readonly email: string;
  readonly problems?: ReadonlyArray<Problem>;
  readonly status?: number;
}

/** By which the mail is sent once more. */
const again = Effect.fnUntraced(function* ({ next, email, problems = [] }: Asked, button: Part) {
  const { pages } = yield* Site;
  return html`<form method="post" action="${pages.verification.address}">
${hidden("next", next)}
${field({ ...fields.email, value: email }, problems)}
${button}
</form>`;
});

const sent = Effect.fnUntraced(function* (asked: Asked, times: string | null) {
  const { pages } = yield* Site;
  const whom: Html = asked.email === "" ? html`your address` : html`<strong>${asked.email}</strong>`;
  return yield* single({
    title: "Look into your mail",
    lead: html`We have sent a message to ${whom}. Open the link in it to confirm that the address is yours.`,
    status: asked.status ?? 200,
    body: html`
${summary(asked.problems ?? [])}
${notice(times === "again" && "A new message is on its way.")}
<details${asked.problems !== undefined && html` open`}><summary>No message?</summary>
<p class="hint">It may take a minute, or lie among the unwanted mail. An address that has an account already gets none.</p>
${yield* again(asked, html`<button>Send it again</button>`)}
</details>
<p class="after"><a href="${withQuery(pages.signIn.address, { next: asked.next })}">To the sign-in</a></p>`,
  });
});

const failed = Effect.fnUntraced(function* (asked: Asked) {
  return yield* single({
    title: "This link no longer works",
    lead: "A link that confirms an address works for an hour. We can send you a new one.",
    status: 400,
    body: yield* again(asked, html`<button class="primary">Send a new link</button>`),
  });
});

const confirmed = Effect.fnUntraced(function* (next: string | undefined) {
  const { pages } = yield* Site;
  const isSignedIn = Option.isSome(yield* session);
  return yield* single({
    title: "Your address is confirmed",
    lead: isSignedIn ? "Thank you." : "Thank you. You can sign in now.",
    body: isSignedIn
      ? html`<p><a class="button primary" href="${next ?? pages.account.address}">Continue</a></p>`
      : html`<p><a class="button primary" href="${withQuery(pages.signIn.address, { next })}">Sign in</a></p>`,
  });
});

const get = Effect.gen(function* () {
  const { settings } = yield* Site;
  const { searchParams } = yield* requested;
  const next = trusted(searchParams.get("next") ?? undefined, settings);
  const email = yield* Typed.address;
  if (searchParams.has("error")) return yield* failed({ next, email });
  if (searchParams.has("sent")) return yield* sent({ next, email }, searchParams.get("sent"));
  return yield* confirmed(next);
});

const post = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const form = yield* filled;
  const next = trusted(form.text("next"), settings);
  const email = form.text("email").trim();
  const refused = (problems: ReadonlyArray<Problem>, status: number) => sent({ next, email, problems, status }, null);
  const lacking = missing(form, [fields.email]);
  if (lacking.length > 0) return yield* refused(lacking, 400);
  const callbackURL = withQuery(pages.verification.href, { next });
  const answer = yield* call("/send-verification-email", { email, callbackURL });
  if (!answer.ok) return yield* refused([problemOf(answer, { email: "email" })], answer.status);
  return yield* Typed.keep(seeOther(withQuery(pages.verification.address, { sent: "again", next })), email);
});

/** The page on which an address is confirmed. */
export const layer = routes("verification", { get, post });
