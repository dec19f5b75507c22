/** The start page: the way in, and where to read on. */
import { FirstAdministrator } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Option from "effect/Option";
import { session } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { html } from "./kit/html.ts";
import type { Routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";

const get = Effect.gen(function* () {
  const { pages, settings } = yield* Site;
  const { isMissing } = yield* FirstAdministrator.FirstAdministrator;
  const visitor = Option.getOrUndefined(yield* session);
  const open = yield* isMissing;
  return yield* single({
    title: `Welcome to ${settings.appName}`,
    lead:
      visitor === undefined
        ? "Sign in, or create an account."
        : html`You are signed in as <strong>${visitor.user.email}</strong>.`,
    body: html`
${
  open &&
  html`<div class="alert"><p><strong>There is no administrator yet.</strong> Open the link that the server printed when it
started, or <a href="${pages.setup.address}">enter its token</a>.</p></div>`
}
<p class="buttons">${
      visitor === undefined
        ? html`<a class="button primary" href="${pages.signIn.address}">Sign in</a>
<a class="button" href="${pages.signUp.address}">Create account</a>`
        : html`<a class="button primary" href="${pages.account.address}">Go to your account</a>`
    }</p>
<nav class="after" aria-label="For developers"><a href="/docs">API reference</a> <a href="/openapi.json">OpenAPI document</a></nav>`,
  });
});

/** The page at `/`. */
export const layer: Routes = HttpRouter.add("GET", "/", get);
