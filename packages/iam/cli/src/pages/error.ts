/** What went wrong where no other page could say it: Better Auth sends browsers here. */
import * as Effect from "effect/Effect";
import { requested } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";

// A map, because whoever makes a link may ask for names that every object has.
const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    access_denied: "The sign-in was refused, or broken off.",
    invalid_redirect: "The application that sent you here is not allowed to have you sent back to where it wants.",
    invalid_client: "The application that sent you here is not known.",
    client_disabled: "The application that sent you here is switched off.",
    state_not_found: "The sign-in was begun in another browser, or too long ago. Begin it again.",
    please_restart_the_process: "The sign-in was begun in another browser, or too long ago. Begin it again.",
    INVALID_TOKEN: "The link no longer works: it was used already, or is too old.",
    account_not_linked: "There is an account with this address that is signed in to in another way.",
  }),
);

const get = Effect.gen(function* () {
  const { searchParams } = yield* requested;
  const code = searchParams.get("error") ?? "";
  // Others may write what they like into the address: nothing of it is shown that could be read as a sentence.
  const shown = /^\w{1,64}$/.test(code) ? code : undefined;
  return yield* single({
    title: "Something went wrong",
    lead: reasons.get(code) ?? "This cannot be done as it was asked for. Go back, and try it again.",
    status: 400,
    body: html`${shown !== undefined && html`<p class="hint">Code: <code>${shown}</code></p>`}
<p><a class="button primary" href="/">To the start page</a></p>`,
  });
});

/** The page that shows what went wrong. */
export const layer = routes("error", { get });
