/** Signing out. */
import * as Effect from "effect/Effect";
import { trusted, withQuery } from "./kit/address.ts";
import { call, seeOther } from "./kit/browser.ts";
import { filled, hidden } from "./kit/form.ts";
import { html, type Part } from "./kit/html.ts";
import { action } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";

const PATH = "/sign-out";

/**
 * A button to sign out.
 *
 * @param next where to go once signed in again, perhaps as somebody else
 */
export const button = (
  label: Part,
  { quiet = false, next }: { readonly quiet?: boolean; readonly next?: string } = {},
) =>
  html`<form method="post" action="${PATH}">${hidden("next", next)}<button${quiet && html` class="quiet"`}>${label}</button></form>`;

const post = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const next = trusted((yield* filled).text("next"), settings);
  const { cookies } = yield* call("/sign-out");
  return seeOther(withQuery(pages.signIn.address, { notice: "signed-out", next }), cookies);
});

/** Where that button leads. */
export const layer = action(PATH, post);
